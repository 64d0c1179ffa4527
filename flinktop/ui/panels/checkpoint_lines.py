"""What the headers of the checkpoint screens share: a few lines, and sentences that are shown whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.content import Content

from flinktop.facts import unanswered
from flinktop.facts.checkpoints import is_off, seconds_between
from flinktop.flink.checkpoints import CHECKPOINT, CHECKPOINTS, Checkpoint
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.ui.live import Panel
from flinktop.ui.panels.frame import Part, assemble, cut_line
from flinktop.ui.widgets.celltext import wrap

if TYPE_CHECKING:
    from textual.geometry import Size

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query

OFF = "checkpoints are off for this job"
DROPPED = "Flink no longer has the details of this checkpoint: its history keeps only the newest."
MOST_LINES = 12
"""Lines that one sentence may take."""
GAP = "   "

Line = list[Part]
OneLine = Callable[[str, Callable[[], Line]], Line]
"""Makes a line by its name, whatever it raises."""


def why_empty(port: Port, job: str, waiting: str, nothing: str) -> str:
    """What a table of a job's checkpoints says while it has no rows."""
    reading = port.reading(CHECKPOINTS(job=job))
    if is_off(port, job):
        return OFF
    return unanswered.why_empty(port, reading, waiting, nothing)


def figure(name: str, text: str, tone: str = "", *, gap: bool = True) -> Line:
    """A name and its figure, after a gap; one that is absent or not known is muted."""
    unsaid = text in (fmt.ABSENT, fmt.UNKNOWN)
    return [(f"{GAP if gap else ''}{name} ", "muted"), (text, "muted" if unsaid else tone)]


def time_since(epoch_ms: int, now: float) -> str:
    """How long ago a time (ms since 1970) was at `now` (s); "–" for a -1 of Flink's."""  # noqa: RUF002 -- ABSENT
    return fmt.duration(max(0.0, now - epoch_ms / 1000.0)) if epoch_ms >= 0 else fmt.ABSENT


def age_words(epoch_ms: int | None, now: float) -> str:
    """How long ago a time (ms since 1970) was at `now` (s)."""
    return f"{time_since(epoch_ms, now)} ago" if epoch_ms is not None and epoch_ms >= 0 else fmt.UNKNOWN


def plain_line(_name: str, make: Callable[[], Line]) -> Line:
    """A line as it is made; what it raises is raised."""
    return make()


class CheckpointLines(Panel):
    """Lines, each on one row and cut to the width, and sentences, which are wrapped instead."""

    DEFAULT_CSS = "CheckpointLines { height: auto; padding: 0 1; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[Line | Part] = []

    def described(self) -> list[Line | Part]:
        """The lines as lists of parts, the sentences as one part each."""
        raise NotImplementedError

    def news(self, _reading: Reading[Any]) -> None:
        """Something has come: say it."""
        self.tick()

    def tick(self) -> None:
        """Ages move on."""
        lines = self.described()
        if lines != self._lines:
            self._lines = lines
            # A sentence may need more rows than it did.
            self.refresh(layout=True)

    def render(self) -> Content:
        """The lines as they fit."""
        width = self.content_size.width
        rows: list[Content] = []
        for line in self._lines:
            if isinstance(line, list):
                rows.append(assemble(cut_line(line, width)))
            else:
                text, tone = line
                rows += [assemble([(row, tone)]) for row in wrap(text, max(width, 1), MOST_LINES)]
        return Content("\n").join(rows)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 -- Textual's
        """As many rows as the lines and the wrapped sentences need."""
        return sum(
            1 if isinstance(line, list) else len(wrap(line[0], max(width, 1), MOST_LINES))
            for line in self._lines
        )


def faded(lines: list[Line | Part], sentence: str) -> list[Line | Part]:
    """What was known, faded, under the sentence that says why it is no longer told."""
    old: list[Line | Part] = []
    for line in lines:
        if isinstance(line, list):
            old.append([(text, "stale") for text, _ in line])
        else:
            old.append((line[0], "stale"))
    return [(sentence, "bad"), *old]


def watch_checkpoint(panel: Panel, job: str, number: int, show: Any) -> None:
    """Keep the details fresh while the checkpoint is in progress; of one that has ended ask once."""
    query: Query[Checkpoint] = CHECKPOINT(job=job, checkpoint=number)
    every = seconds_between(panel.port, job, number, panel.port.reading(query))
    panel.watch_query("checkpoint", query, show, every=every)


def when_line(checkpoint: Checkpoint, now: float, offset: float | None) -> Line:
    """When it was triggered, how long it took, who acknowledged."""
    triggered = checkpoint.trigger_timestamp
    line: Line = [
        ("triggered ", "muted"),
        (fmt.near(triggered / 1000.0, offset, now), ""),
        (f", {age_words(triggered, now)}", "muted"),
    ]
    if judge.is_under_way(checkpoint):
        line += [("   for ", "muted"), (time_since(triggered, now), "info")]
    else:
        took = fmt.milliseconds(checkpoint.duration) if checkpoint.duration is not None else fmt.ABSENT
        line += [("   took ", "muted"), (took, "")]
    return line


def faded_if_gone(
    port: Port, lines: list[Line | Part], reading: Reading[Any] | None, *, gone: bool
) -> list[Line | Part]:
    """The lines as they are, or faded under a sentence when Flink no longer tells them."""
    if reading is None or (reading.error is None and port.lost is None):
        return lines
    if gone:
        return faded(lines, f"{DROPPED} esc goes back.")
    if reading.at is None:
        return lines
    age = fmt.duration(port.now() - reading.at)
    return faded(lines, f"This checkpoint can't be read now. Last update {age} ago.")
