"""The dialog before a run of the profiler: its mode, its duration, its cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, get_args

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from flinktop.engine.acts.form import Line
from flinktop.engine.acts.profile import MOST_SECONDS, Profile
from flinktop.flink.profiler import Mode
from flinktop.ui.dialog import LOOK_SECONDS, READY_SECONDS, lines_content
from flinktop.ui.live_app import OfCluster
from flinktop.ui.steady import Modal
from flinktop.ui.theme import TONES

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

LENGTHS = (5, 10, 30, 60, 120, MOST_SECONDS)  # durations to choose from
WHAT = {
    "ITIMER": "CPU time, by a timer: works everywhere",
    "CPU": "CPU time, by kernel counters: not in every container",
    "WALL": "wall-clock time: all threads, waiting ones too",
    "LOCK": "where threads wait for locks",
    "ALLOC": "where memory is allocated",
}
MODES = tuple(sorted(get_args(Mode), key=list(WHAT).index))


class ProfileStart(Modal[Profile | None], OfCluster):
    """Chooses mode and duration; enter starts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "back", id="close"),
        Binding("enter", "start", "start"),
        Binding("m,down,j", "mode(1)", "mode"),
        Binding("up,k", "mode(-1)", "mode"),
        Binding("plus,right", "length(1)", "longer"),
        Binding("minus,left", "length(-1)", "shorter"),
    ]

    def __init__(self, act: Profile) -> None:
        super().__init__()
        self._act = act
        self._opened = float("inf")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = "Start a profiler run"
            yield Static(self._words(), id="words")

    def _words(self) -> Content:
        lines: list[Line] = []
        for line in self._act.consequence(self.port.target()):
            lines.append(line)
            if line.label == "mode":
                lines.append(Line("", WHAT[self._act.mode], "muted"))
        keys = "m mode   + - longer, shorter   esc back" + ("   enter starts" if self.ready else "")
        return lines_content(lines) + Content.styled(f"\n\n{keys}", TONES["info"])

    def _show(self) -> None:
        self.query_one("#words", Static).update(self._words())

    def action_mode(self, by: int) -> None:
        mode = MODES[(MODES.index(self._act.mode) + by) % len(MODES)]
        self._act = replace(self._act, mode=mode)
        self._show()

    def action_length(self, by: int) -> None:
        at = max(0, min(LENGTHS.index(self._act.seconds) + by, len(LENGTHS) - 1))
        self._act = replace(self._act, seconds=LENGTHS[at])
        self._show()

    def on_mount(self) -> None:
        self._opened = self.app.clock.now()
        self._wait()

    def _wait(self) -> None:
        self._show()
        if not self.ready:
            self.set_timer(LOOK_SECONDS, self._wait)

    @property
    def ready(self) -> bool:
        """Whether an enter that is pressed now counts."""
        return self.app.clock.now() - self._opened >= READY_SECONDS

    def action_start(self) -> None:
        if self.app.typed_at - self._opened >= READY_SECONDS:
            self.dismiss(self._act)
