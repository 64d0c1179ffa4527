"""Restarts by a job's counter, where Flink keeps no history of its exceptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.engine.journal.event import Event, EventKind
from flinktop.judgement.finding import Severity

if TYPE_CHECKING:
    from flinktop.engine.journal.jobs import Listed
    from flinktop.flink.features import Features

MOST: Final = 16
"""Restarts between two answers that are told one by one; of more the last ones."""


def are_counted(features: Features, *, adaptive: bool | None) -> bool:
    """Whether the counter is all that tells of restarts: no history before 1.13, 1.16 if adaptive."""
    return not features.has(1, 13) or (adaptive is True and not features.has(1, 16))


def counted(job: str, known: Listed, counts: tuple[float, float], at: float, group: str) -> tuple[Event, ...]:
    """The restarts between two `counts`, seen at `at` (ms since 1970).

    Each has its number as key, which is the same for everybody.
    """
    before, count = counts
    first = max(int(before), int(count) - MOST) + 1
    return tuple(
        Event(
            at=at,
            cluster="",
            kind=EventKind.RESTARTED,
            words=f"job restarted, for the {_ordinal(number)} time",
            key=f"restarted {job} {known.start:.0f} {number}",
            job=job,
            job_name=known.name,
            severity=Severity.WARNING,
            group=group,
        )
        for number in range(first, int(count) + 1)
    )


def _ordinal(number: int) -> str:
    ends = {1: "st", 2: "nd", 3: "rd"}
    teen = number % 100 in {11, 12, 13}
    return f"{number}{'th' if teen else ends.get(number % 10, 'th')}"
