"""What screens and panels are spared: whatever comes before they are mounted, while they go, or twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import events, messages
from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.message import Message

T = TypeVar("T")

_STILL_HEARD = (
    *(events.Unmount, events.Callback),
    *(messages.CloseMessages, messages.Prune, messages.InvokeLater),
)
"""What a widget that is being removed is still told, as Textual needs it to remove the widget."""


class Steady(Widget):
    """A widget that can be asked whether its children are there, and that hears nothing while it is removed.

    Textual takes the children of a widget away before the widget itself: a key, a click, a timer or news
    that was already in its queue would look for children that are gone.
    """

    _composed = False

    @property
    def alive(self) -> bool:
        """Whether its children are mounted and it is not being removed: whether it can show anything."""
        return self._composed and not self.going

    @property
    def going(self) -> bool:
        """Whether it is being removed, or is gone."""
        return self._pruning or self._closing or self._closed

    async def mount_composed_widgets(self, widgets: list[Widget]) -> None:
        """Mount the children; from then on it is alive, also while its own `on_mount` runs."""
        await super().mount_composed_widgets(widgets)
        self._composed = True

    async def _dispatch_message(self, message: Message) -> None:
        if not self.going or isinstance(message, _STILL_HEARD):
            await super()._dispatch_message(message)


class SteadyScreen(Screen[T], Steady):
    """A screen that knows when keys can be meant for it."""

    def ready_for(self, event: events.Event) -> bool:  # noqa: ARG002 -- for screens that tell keys apart
        """Whether everything on it is there that this key or click may be meant for."""
        return self.alive


class AnswersOnce(SteadyScreen[T]):
    """A screen before another one, whose answer counts once: a second one finds it closed."""

    CLOSES_WHEN_BROKEN: ClassVar[bool] = True
    """Whether an error of its own closes it and nothing else."""
    _answered = False

    @property
    def going(self) -> bool:
        """Whether it is closed by its answer, or in another way: it hears nothing any more."""
        return self._answered or super().going

    def news(self) -> None:
        """There is news, or a second has passed. Nothing by default."""

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Close it with an answer; nothing if it has answered, or stands behind another screen."""
        if self._answered or self.app.screen is not self:
            return AwaitComplete()
        self._answered = True
        return super().dismiss(result)


class Modal(ModalScreen[T], AnswersOnce[T]):
    """The base of every dialog of ours: a box before a screen that is dimmed."""

    DEFAULT_CSS = """
    Modal { align: center middle; background: $background 60%; }
    Modal > .dialog {
        width: 84; max-width: 100%; height: auto; background: $background; padding: 1 2;
        border: round $border; border-title-color: $primary; border-title-style: bold;
        border-title-background: $background;
    }
    """
