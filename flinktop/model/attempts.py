"""The attempts of a subtask, including those that Flink no longer keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from flinktop.flink.vertices import Attempt

MOST = 100  # attempts that are remembered and requested: a cluster may keep more than Flink's 16
PENDING, ENDED = "…", "ENDED"  # ended: the final state is not known yet, or no longer kept


class SeenAttempts(Struct, frozen=True):
    """The known attempts of a subtask, by number."""

    known: Mapping[int, Attempt] = field(default_factory=dict)
    present: frozenset[int] = frozenset()  # those in the latest answer: several if speculative

    @property
    def newest(self) -> int:
        return max(self.known, default=-1)

    def is_settled(self, number: int) -> bool:
        """Whether no request can add anything: the attempt is present, or its end is known."""
        one = self.known.get(number)
        return number in self.present or (one is not None and states.is_terminal(one.status))

    def to_request(self, dropped: Collection[int]) -> tuple[int, ...]:
        """The attempts to request, newest first: those that may have ended, and one unknown attempt.

        Flink drops the oldest first: attempts before one of `dropped` are dropped as well.
        """
        found: list[int] = []
        for number in range(self.newest, max(-1, self.newest - MOST), -1):
            if number in dropped and number < min(self.present, default=0):
                break
            if number in dropped or self.is_settled(number):
                continue
            found.append(number)
            if number not in self.known:
                break
        return tuple(found)

    def missing(self) -> tuple[tuple[int, int], ...]:
        """The numbers of unknown attempts as ranges, lowest first."""
        found: list[tuple[int, int]] = []
        following = 0
        for number in sorted(self.known):
            if number > following:
                found.append((following, number - 1))
            following = number + 1
        return tuple(found)

    def rows(self, dropped: Collection[int]) -> tuple[Attempt, ...]:
        """All attempts, newest first; one that has a successor is not running any more."""
        lost = max(dropped, default=-1)
        return tuple(
            one if self.is_settled(number) else one.ended_as(ENDED if number <= lost else PENDING)
            for number, one in sorted(self.known.items(), reverse=True)
        )


def concurrent(one: Attempt) -> tuple[Attempt, ...]:
    """An attempt and its concurrent attempts (speculative execution, 1.16+)."""
    return (one, *(one.other_concurrent_attempts or ()))


def merged(before: SeenAttempts, present: Attempt, earlier: Iterable[Attempt]) -> SeenAttempts:
    """Add answers about the present attempts and about earlier ones.

    A job recovered by a JobManager counts its attempts from 0 again; then the known ones are discarded.
    """
    now = {one.attempt or 0: one for one in concurrent(present)}
    known = dict(before.known)
    newest = max(now)
    first = min((one.start_time for one in now.values() if one.start_time > 0), default=None)
    if first is not None and any(
        number > newest and 0 < one.start_time < first for number, one in known.items()
    ):
        known = {}
    known |= {one.attempt: one for one in earlier if one.attempt is not None and one.attempt not in now}
    known |= now
    for number in sorted(known)[: max(0, len(known) - MOST)]:
        del known[number]
    return SeenAttempts(known, frozenset(now))


def is_of(attempt: Attempt, timestamps: Mapping[str, int]) -> bool:
    """Whether times of states (`…/subtasktimes`, which has no attempt number) belong to an attempt.

    An attempt starts with its deployment; before that neither answer has a time for it.
    """
    return max(timestamps.get("DEPLOYING", 0), 0) == max(attempt.start_time, 0)
