"""What ran when: things by their states over time, and the stretch of time that is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.model import format as fmt
from flinktop.model import states, subtask_names, timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.flink.vertices import SubtasksTimes, Vertex
    from flinktop.model.timeline import Interval

DAY = 86_400.0


class Window(Struct, frozen=True):
    """The stretch of time that is drawn (s since 1970), and whose time is written."""

    since: float
    until: float
    offset: float | None

    def clock(self, at: float) -> str:
        """A time on the axis: to the second, or with its date where the window is long."""
        if self.until - self.since >= DAY:
            return fmt.moment(at, self.offset)[5:16]
        return fmt.clock(at, self.offset)


class TimelineRow(Struct, frozen=True):
    """One thing over time."""

    key: str
    label: str
    """Foreign text, with the mark and the indentation that show where it belongs."""
    state: str
    tone: str
    intervals: tuple[Interval, ...]
    words: str = ""
    """What is said in place of a bar."""

    @property
    def start(self) -> float | None:
        """Seconds since 1970."""
        return self.intervals[0].start / 1000.0 if self.intervals else None

    def seconds(self, until: float) -> float | None:
        """From its start to its end, or to `until` (s since 1970) while it lasts."""
        if not self.intervals:
            return None
        end = self.intervals[-1].end
        return (end / 1000.0 if end is not None else until) - self.intervals[0].start / 1000.0


def state_words(state: str) -> str:
    """A state with its shape."""
    return f"{states.mark(state)} {state}"


def subtask_rows(times: SubtasksTimes, detail: Vertex | None, vertex: str, indent: str) -> list[TimelineRow]:
    """The subtasks of a vertex by their states (`…/subtasktimes`), each with the attempts beside its own.

    Those are in the vertex's own answer (`detail`) alone.
    """
    attempts = {one.subtask: one for one in detail.subtasks} if detail is not None else {}
    rows: list[TimelineRow] = []
    for one in times.subtasks:
        found = timeline.intervals(one.timestamps)
        state = found[-1].state if found else "CREATED"
        where = f"  {one.where}" if one.where else ""
        rows.append(
            TimelineRow(
                f"subtask {vertex} {one.subtask}",
                f"{indent}{subtask_names.named(one.subtask, len(times.subtasks))}{where}",
                state_words(state),
                states.tone(state),
                found,
            )
        )
        of_subtask = attempts.get(one.subtask)
        others = of_subtask.other_concurrent_attempts if of_subtask is not None else None
        for number, other in enumerate(others or ()):
            place = f"  {other.where}" if other.where else ""
            rows.append(
                TimelineRow(
                    f"subtask {vertex} {one.subtask}.{number}",
                    f"{indent}  attempt {fmt.number(other.attempt)}{place}",
                    state_words(other.status),
                    states.tone(other.status),
                    timeline.of_attempt(other),
                )
            )
    return rows


def window_of(
    bounds: Sequence[float], now: float, chosen: float | None, offset: float | None, *, ended: float | None
) -> Window:
    """What is drawn: everything, or as much as a person wants to see of the end.

    Args:
        bounds: When the things that are shown began and ended (s since 1970).
        now: The cluster's time.
        chosen: Seconds that the person wants to see; None and infinity are everything.
        offset: Whose time is written.
        ended: When all was over; None while something lasts.
    """
    # A cluster's clock is known from its answers: what has come since may be a little ahead of it.
    until = max(ended if ended is not None else now, max(bounds, default=0.0))
    since = min(bounds, default=until - 1.0)
    if chosen is not None:
        since = max(since, until - chosen)
    return Window(since, max(until, since + 1.0), offset)
