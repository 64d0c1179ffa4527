"""The output of a command of one's own, while it runs and at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.ui import keys
from flinktop.ui.live import Panel
from flinktop.ui.own_commands.entries import shown_words
from flinktop.ui.panels.parts import Line, LinesPanel, pair, spaced
from flinktop.ui.screens.cluster_screen import ClusterScreen
from flinktop.ui.widgets.pager import Pager

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flinktop.own_commands.runs import Run

_LOOK_SECONDS: Final = 0.1
"""Seconds between two looks for more output."""
_REST: Final = 8.0
"""Times as long as showing the output took is waited before more of it is shown."""


class OutputHeader(LinesPanel):
    """What runs, for how long, how much it has written, and how it ended."""

    ticks_when_paused = True

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._ended: float | None = None

    def lines(self) -> Sequence[Line]:
        run, now = self._run, self.port.now()
        if not run.is_running and self._ended is None:
            self._ended = now
        took = fmt.duration((self._ended or now) - run.began)
        if run.is_running:
            state = (
                ("ending…", "warn")
                if run.stopped
                else (f"running for {took}; x ends it, esc as well", "info")
            )
        else:
            took = f" It ran for {took}." if run.code is not None else ""
            state = (f"{run.sentence}{took}", "bad" if run.failed else "good")
        output = run.output
        size: Line = pair("output", fmt.size(output.seen)) if output.seen else []
        if output.dropped:
            kept = fmt.size(output.seen - output.dropped)
            size += [(f", of which the last {kept} are kept", "warn")]
        return [[(clean(shown_words(run.words)), "strong")], spaced([state], size)]


class OutputView(Panel):
    """The end of the output, to read."""

    BOX = "Output"
    DEFAULT_CSS = "OutputView { height: 1fr; }"

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._shown = (-1, False)
        self._rest_until = float("-inf")

    def compose(self) -> ComposeResult:
        yield Pager(follows=True, empty="no output yet", ascii=self.ascii)

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(_LOOK_SECONDS, self.draw)

    def show(self) -> None:
        """Show what has come, no more often than the screen can bear."""
        run, now = self._run, self.port.clock.now()
        state = (run.output.seen, run.is_running)
        if state == self._shown or (now < self._rest_until and run.is_running):
            return
        self._shown = state
        pager = self.query_one(Pager)
        if not run.is_running:
            pager.set_empty("It wrote nothing." if run.code is not None else run.sentence)
        pager.set_lines([(line, "") for line in run.output.lines()])
        self._rest_until = self.port.clock.now() + _REST * (self.port.clock.now() - now)
        for header in self.screen.query(OutputHeader):
            header.update()


class OutputScreen(ClusterScreen):
    """A command that was run from here; leaving the screen ends it."""

    COMMANDS_HERE = keys.OUTPUT
    AUTO_FOCUS = "Pager"

    def __init__(self, run: Any) -> None:
        """`run` is a Run."""
        super().__init__()
        self.run: Run = run

    @property
    def crumb(self) -> str:
        return clean(self.run.name)

    def body(self) -> ComposeResult:
        yield OutputHeader(self.run)
        yield OutputView(self.run)

    def selected(self) -> dict[str, str]:
        """Nothing: what the command was about is left."""
        return {}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "stop_command" and not self.run.is_running:
            return False
        return super().check_action(action, parameters)

    def action_stop_command(self) -> None:
        self.run.stop()
        for header in self.query(OutputHeader):
            header.update()

    def on_unmount(self) -> None:
        self.run.stop()
