"""What the headers of the checkpoint screens share: a few lines, and sentences that are shown whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.content import Content

from flinktop.facts import unanswered
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.model import format as fmt
from flinktop.ui.live import Panel
from flinktop.ui.panels.frame import Part, assemble, cut_line
from flinktop.ui.widgets.celltext import wrap

if TYPE_CHECKING:
    from textual.geometry import Size

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading

OFF = "checkpoints are off for this job"
MOST_LINES = 12
"""Lines that one sentence may take."""
GAP = "   "

Line = list[Part]
OneLine = Callable[[str, Callable[[], Line]], Line]
"""Makes a line by its name, whatever it raises."""


def is_off(port: Port, job: str) -> bool:
    """Whether Flink has said that the job has no checkpoints: a 404 while the job itself is known.

    "Checkpointing has not been enabled" is the normal answer for batch jobs in every release, no error.
    """
    reading, known = port.reading(CHECKPOINTS(job=job)), port.reading(JOB(job=job))
    is_gone = known is not None and isinstance(known.error, NotFound)
    return (
        reading is not None and reading.value is None and isinstance(reading.error, NotFound) and not is_gone
    )


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

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's own name for it
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
        width, ascii_only = self.content_size.width, self.app.settings.ascii
        rows: list[Content] = []
        for line in self._lines:
            if isinstance(line, list):
                rows.append(assemble(cut_line(line, width), ascii_only=ascii_only))
            else:
                text, tone = line
                rows += [
                    assemble([(row, tone)], ascii_only=ascii_only)
                    for row in wrap(text, max(width, 1), MOST_LINES)
                ]
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
