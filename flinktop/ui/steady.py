"""Protects screens and panels from events before they are mounted, while they are removed, or twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import events, messages
from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.message import Message

T = TypeVar("T")

_REMOVAL_MESSAGES = (
    events.Unmount,
    events.Callback,
    messages.CloseMessages,
    messages.Prune,
    messages.InvokeLater,
)
"""Messages that a widget still gets while it is removed, as Textual needs them to remove it."""


class Steady(Widget):
    """A widget that knows whether its children are there, and that gets no events while it is removed.

    Textual removes the children of a widget before the widget itself: a key, a click, a timer or news that
    was already in its queue would look for children that no longer exist.
    """

    _composed = False

    @property
    def alive(self) -> bool:
        """Whether its children are mounted and it is not being removed: whether it can show anything."""
        return self._composed and not self.closing

    @property
    def closing(self) -> bool:
        """Whether it is being removed, or has been."""
        return self._pruning or self._closing or self._closed

    async def mount_composed_widgets(self, widgets: list[Widget]) -> None:
        """Mount the children; from then on it is alive, also while its own `on_mount` runs."""
        await super().mount_composed_widgets(widgets)
        self._composed = True

    async def _dispatch_message(self, message: Message) -> None:
        if not self.closing or isinstance(message, _REMOVAL_MESSAGES):
            await super()._dispatch_message(message)


class SteadyScreen(Screen[T], Steady):
    """A screen that knows when it is ready for keys."""

    def ready_for(self, event: events.Event) -> bool:  # noqa: ARG002 -- for screens that distinguish keys
        """Whether everything that this key or click may be meant for is mounted."""
        return self.alive


class AnswersOnce(SteadyScreen[T]):
    """A screen over another one that answers once: a second answer finds it closed."""

    CLOSES_WHEN_BROKEN: ClassVar[bool] = True
    """Whether an error of its own closes it and nothing else."""
    _answered = False

    @property
    def closing(self) -> bool:
        """Whether it is closed, by its answer or otherwise: it gets no more events."""
        return self._answered or super().closing

    def news(self) -> None:
        """There is news, or a second has passed. Does nothing by default."""

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Close it with an answer; does nothing if it has answered, or is behind another screen."""
        if self._answered or self.app.screen is not self:
            return AwaitComplete()
        self._answered = True
        return super().dismiss(result)


class Modal(ModalScreen[T], AnswersOnce[T]):
    """The base of all our dialogs: a box over a dimmed screen."""

    DEFAULT_CSS = """
    Modal { align: center middle; background: $background 60%; }
    Modal > .dialog {
        width: 84; max-width: 100%; height: auto; background: $background; padding: 1 2;
        border: round $border; border-title-color: $primary; border-title-style: bold;
        border-title-background: $background;
    }
    """
