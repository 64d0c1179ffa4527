"""Repeats of one thing that follow each other: one row of the journal, with a count.

A failure that comes again next week is another row: what happened on Monday is not hidden in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flinktop.engine.journal.event import Event

GAP_MS: Final = 600_000.0
"""A repeat after longer than this begins a new row: failures with longer gaps have nothing in common."""
MOST: Final = 64
"""Repeated things of a job that are remembered; of more those that came last."""
ROUND_MS: Final = 120_000.0
"""Times that Flink does not give are rounded down to this in keys.

Two flinktops see the same thing with the few seconds between their requests, mostly in the same two minutes;
of several on one journal one records such things: see Recorder.
"""
_ROUNDED: Final = "~"


class Episode(Struct, frozen=True):
    """Repeats that follow each other; times are ms since 1970."""

    began: float
    last: float


Episodes = dict[str, Episode]
"""By what is repeated; never changed, each change makes a new one."""


def placed(
    before: Mapping[str, Episode], name: str, at: float, gap: float = GAP_MS
) -> tuple[Episodes, str, bool]:
    """The episodes after one more `name` at a time, its group for the journal, and whether it is the first.

    `gap` (ms) is the longest pause within an episode.
    """
    known = before.get(name)
    after = dict(before)
    if known is not None and known.began - gap <= at <= known.last + gap:
        after.pop(name)
        after[name] = Episode(known.began, max(known.last, at))
        return after, _group(name, known.began), False
    if known is not None and at < known.began:
        # Something older that became known late: what goes on stays as it is.
        return after, _group(name, at), True
    after.pop(name, None)
    after[name] = Episode(at, at)
    while len(after) > MOST:
        del after[next(iter(after))]
    return after, _group(name, at), True


def remembered(events: Iterable[Event]) -> dict[str, Episodes]:
    """The episodes of events that the journal has, by job: they go on after a restart of flinktop."""
    found: dict[str, Episodes] = {}
    for event in sorted(events, key=lambda one: one.last or one.at):
        name, _, began = event.group.rpartition(" ")
        if name and began.isdecimal():
            found.setdefault(event.job, {})[name] = Episode(float(began), event.last or event.at)
    return found


def _group(name: str, began: float) -> str:
    return f"{name} {began:.0f}"


def rounded(at: float) -> str:
    """A time that Flink does not give (ms since 1970), for a key."""
    return f"{_ROUNDED}{int(at // ROUND_MS) * int(ROUND_MS // 1000)}"


def is_rounded(key: str) -> bool:
    """Whether a key has a time that Flink does not give."""
    return _ROUNDED in key
