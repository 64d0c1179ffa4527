"""Writes only the changed part of a line to the terminal, not the whole line; now and then everything."""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING, Any, Final

import textual
from textual._compositor import CompositorUpdate
from textual.app import App

from flinktop.ui.shown_cells import NotUnderstood, ShownCells

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from textual.geometry import Size
    from textual.screen import Screen

log = logging.getLogger(__name__)

EVERY: Final = 60
"""Seconds between two full redraws: another program may have written over the screen."""
_TEXTUAL: Final[tuple[tuple[Callable[..., object], tuple[str, ...]], ...]] = (
    (App._display, ("self", "screen", "renderable")),  # noqa: SLF001 -- there is no public place to stand at
    (CompositorUpdate.render_segments, ("self", "console")),
)
"""The functions of Textual that this relies on, with their parameters."""


def unknown_in_textual() -> str | None:
    """What differs in Textual's output code from the known release; None if nothing."""
    for function, parameters in _TEXTUAL:
        if tuple(inspect.signature(function).parameters) != parameters:
            return f"{function.__qualname__} of Textual {textual.__version__}"
    return None


class _OnlyChanges(CompositorUpdate):
    """A Textual update of which only the changes are written."""

    def __init__(self, update: CompositorUpdate, size: Size, runs: ChangedRuns) -> None:
        self._update = update
        self._size = size
        self._runs = runs

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._update  # type: ignore[misc]  # each of them is a renderable

    def render_segments(self, console: Console) -> str:
        return self._runs.changes(self._update.render_segments(console), self._size)


class ChangedRuns:
    """Reduces Textual's updates to the changed runs, for as long as it understands them."""

    def __init__(self) -> None:
        self._shown = ShownCells()
        self._size: Size | None = None
        self._off = unknown_in_textual()
        self._warned = False
        if self._off is not None:
            log.warning("changed lines are written whole: %s is not known", self._off)

    def of(self, update: Any, size: Size) -> Any:
        if self._off is None and isinstance(update, CompositorUpdate):
            return _OnlyChanges(update, size, self)
        return update

    def changes(self, update: str, size: Size) -> str:
        """What to write instead of an update for a screen of this size."""
        if size != self._size:
            self.forget()
            self._size = size
        try:
            return self._shown.changes(update)
        except NotUnderstood as error:
            if not self._warned:
                log.warning("an update is written whole: Textual %s wrote %s", textual.__version__, error)
                self._warned = True
            return update

    def forget(self) -> None:
        self._shown.forget()


class WritesChanges(App[int]):
    """An app that writes changed runs; everything after a resize, a pause, on focus, and once a minute."""

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._changed_runs = ChangedRuns()
        self._seconds = 0
        self.on_first_paint: Callable[[], None] | None = None
        """Called once, when the first paint is on its way to the terminal."""

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        super()._display(screen, self._changed_runs.of(renderable, self.screen.outer_size))
        # In a batch Textual writes nothing.
        if renderable is not None and not self._batch_count:
            first, self.on_first_paint = self.on_first_paint, None
            if first is not None:
                first()

    def redraw(self) -> None:
        self._changed_runs.forget()
        self.refresh()

    def second(self) -> None:
        self._seconds += 1
        if self._seconds % EVERY == 0:
            self.redraw()

    def on_resize(self) -> None:
        """The terminal may have moved its contents, even if it had another size only for a moment.

        Textual also asks for the size after a pause (SIGCONT), when the terminal is blank.
        """
        self.redraw()

    def on_app_focus(self) -> None:
        """The terminal may have written over the screen in the meantime."""
        self.redraw()

    def action_redraw(self) -> None:
        self.redraw()
