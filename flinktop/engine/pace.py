"""How often a cluster is asked that is not on the screen: all that is allowed stands here.

A cluster of one job is asked 4 to 5 times a minute while all is well: every 18 s for an answer that tells the
state of its jobs, every 3 minutes for its checkpoints, every 10 for its slots, and every 20 minutes for a
minute for everything, as on the screen: a close look. While something is ill, looks ill or is unknown, and
for a minute after something has changed, it is asked for everything, 20 times a minute. No cluster is asked
more often, however many jobs it has: what is asked of each of them takes turns, as on the screen.

A job that is new is asked three times, 10 s apart or more, before the slow pace begins: the first answer
gives its verdict, the third its records/s. Of few jobs both are known within a minute or so; many take turns.
One request in four is left for the others, and the close look lasts as much longer.

At most 15 s later than on the screen comes what one answer of the list of jobs or of a job tells: a job that
fails, restarts, does not start or is missing, a cluster that is lost, and TaskManagers whose jobs restart;
also a bottleneck or skew in a single job (1.16+), which two of these answers show. Other kinds need their
first sign, which is followed at once: they come up to half a minute later than on the screen, a job that
stalls up to a minute. That sign is seen after up to 3 minutes for checkpoints that fail, are overdue, slow or
grow; after up to 20 minutes, in a close look, for memory, network buffers, watermarks, late records, record
errors, what is pending at sources, TaskManagers without jobs that are lost, and before 1.16 for backpressure.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from flinktop.engine.link import BackOff
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.cluster import CONFIG, OVERVIEW
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from flinktop.flink.endpoint import Endpoint, Query

STATE_SECONDS: Final = 18.0
"""Between two answers that tell the state of the jobs: the list of jobs; of a single job also its own."""
RARELY: Final[Mapping[Endpoint[Any], float]] = {CHECKPOINTS: 180.0, JOB: 180.0, OVERVIEW: 600.0}
"""Seconds between two requests of a kind while all is well; nothing else is sent then."""
EARLY: Final = CONFIG(), OVERVIEW()
"""What waits for the list of jobs alone: the release, on which everything else depends, and the slots."""
CLOSE_SECONDS: Final = 60.0
"""How long everything is asked after a change, and in each of the regular close looks."""
CLOSE_EVERY: Final = 1200.0
"""Seconds between two regular close looks."""
GAP_SECONDS: Final = 3.0
"""Least seconds between two requests: 20 a minute."""
FIRST: Final = 8
ANEW: Final = 3
QUICK_GAP: Final = 0.25
"""So many requests at the start, and at a change or a close look, follow each other after so many seconds."""
JUDGE_A_MINUTE: Final = 20
"""How many closer looks the judge may want; while all is well it has none."""
OTHERS_SHARE: Final = 10
"""They go first; every so many requests one is another that is due."""
LOOKS: Final = 3
OPERATOR_LOOKS: Final = 4
"""First looks at each job: its records/s are known when Flink's counters have moved twice, or, of a vertex
that is source and sink in one, when the metrics of its operators were listed and read."""
LOOKS_SHARE: Final = 4
"""While jobs wait for their first looks, every so many requests one is another that is due."""
ROUND_SECONDS: Final = 15.0
"""The judge's rounds follow answers; without one there is a round after so long, for times that pass."""
LOST: Final = BackOff(1.0, 60.0)
"""Pauses between requests to a cluster that does not answer."""


class Polled(Protocol):
    """What the poller knows of one query that it polls; times in s on the engine's clock."""

    query: Query[Any]
    panels: list[float]  # of each panel that shows it: seconds between polls
    once: bool  # wanted a single time
    due: float
    sent: float  # when it was sent last
    soon: bool  # whether it is to be sent as soon as possible
    busy: bool  # whether it is in flight


W = TypeVar("W", bound=Polled)


class OffScreen:
    """Chooses what is asked next of a cluster off the screen. Lives on the engine's loop; times in s."""

    round_seconds = ROUND_SECONDS

    def __init__(
        self,
        now: float,
        jitter: Callable[[], float],
        live: Callable[[], Collection[str]],
        of_operators: Callable[[], Collection[Query[Any]]],
        *,
        is_new: bool,
    ) -> None:
        """`live` gives the jobs that have not ended; `is_new`: nothing was asked yet.

        `of_operators` gives the queries of operators that tell the records/s of jobs.

        `jitter` gives random factors around 1, so that clusters are not asked in step.
        """
        self._jitter = jitter
        self._live = live
        self._of_operators = of_operators
        self._quick = FIRST if is_new else 0  # requests left that follow each other fast
        self._next_at = now
        self._in_a_row = 0  # requests of the judge
        self._looks: dict[tuple[object, str], int] = {}  # that were sent, by kind and job
        self._looks_in_a_row = 0
        self._looked_at: Collection[str] | None = None  # the jobs, if none waits for its first looks
        self._state_at = now
        self._close_until = now + CLOSE_SECONDS if is_new else now
        self._close_at = now + CLOSE_EVERY * jitter()
        self.is_ill = False
        """Whether something is ill, looks ill or is unknown; set by the engine."""

    def look_closer(self, now: float) -> None:
        """Ask for everything for a while."""
        self._close_until = max(self._close_until, now + CLOSE_SECONDS)

    def changed(self, now: float) -> None:
        """Ask for everything for a while, beginning at once: something has changed."""
        if not self.is_close(now):
            self._quick = ANEW
            self._next_at = min(self._next_at, now + QUICK_GAP)
        self.look_closer(now)

    def is_close(self, now: float) -> bool:
        """Whether everything is asked at the moment."""
        if now >= self._close_at:
            self._close_at = now + CLOSE_EVERY * self._jitter()
            self._quick = max(self._quick, ANEW)
            self.look_closer(now)
        return self.is_ill or now < self._close_until

    def judge_a_minute(self, now: float, *, many: bool) -> int:
        """How many closer looks the judge may ask for; `many`: so many jobs that it watches their sums."""
        return JUDGE_A_MINUTE if many or self.is_close(now) else 0

    def pause(self, failures: int) -> float:
        """Seconds until a cluster is asked again that has not answered so many times."""
        return LOST.after(failures, min(1.0, self._jitter()))

    def next(self, now: float, watched: Mapping[Query[Any], W]) -> W | None:
        """What is to be sent now."""
        if now < self._next_at:
            return None
        if soon := [one for one in watched.values() if one.soon and _is_free(one)]:
            return soon[0]
        if now >= self._state_at and (carrier := self._carrier(watched)) is not None:
            return carrier
        for early in EARLY:
            if (one := watched.get(early)) is not None and one.sent == -math.inf and _is_free(one):
                return one
        due = (one for one in self._first_looks(watched) if one.due <= now)
        first = min(due, key=lambda one: (one.query.endpoint is not JOB, one.due), default=None)
        if first is not None and self._looks_in_a_row < LOOKS_SHARE - 1:
            return first
        return self._next_of_others(now, watched) or first

    def _next_of_others(self, now: float, watched: Mapping[Query[Any], W]) -> W | None:
        """What is to be sent now if no job waits for its first looks."""
        if self.is_close(now):
            due = [one for one in watched.values() if _is_free(one) and one.due <= now]
            turn = [one for one in due if one.once is (self._in_a_row < OTHERS_SHARE - 1)]
            return min(turn or due, key=lambda one: one.due, default=None)
        rare = [(at, one) for at, one in self._rare(watched) if at <= now]
        return min(rare, key=lambda one: one[0], default=(0.0, None))[1]

    def until(self, now: float, watched: Mapping[Query[Any], Polled]) -> float:
        """When something is to be sent at the earliest."""
        if any(one.soon and _is_free(one) for one in watched.values()):
            return self._next_at
        if self.is_close(now):
            due = min((one.due for one in watched.values() if _is_free(one)), default=math.inf)
        else:
            due = min((at for at, _ in self._rare(watched)), default=math.inf)
            due = min(due, self._close_at)
        due = min((due, *(one.due for one in self._first_looks(watched))))
        state_at = self._state_at if self._carrier(watched) is not None else math.inf
        return max(self._next_at, min(due, state_at))

    def sent(self, watched: Polled, now: float) -> None:
        """Note that a query is about to be sent."""
        self._quick = max(0, self._quick - 1)
        gap = QUICK_GAP if self._quick else GAP_SECONDS
        self._next_at = now + gap
        self._note_look(watched, now, gap)
        if watched.query.endpoint is JOBS_OVERVIEW or self._is_the_job(watched.query):
            self._state_at = now + STATE_SECONDS * min(1.0, self._jitter())
        else:
            self._in_a_row = self._in_a_row + 1 if watched.once else 0

    def _note_look(self, watched: Polled, now: float, gap: float) -> None:
        """Note a first look at a job that is sent; with several jobs the close look is longer by it."""
        is_first = not watched.once and self._is_first(watched)
        self._looks_in_a_row = self._looks_in_a_row + 1 if is_first else 0
        if is_first:
            look = _look(watched)
            self._looks[look] = self._looks.get(look, 0) + 1
            if now < self._close_until and len(self._live()) > 1:
                self._close_until += gap

    def _is_first(self, watched: Polled) -> bool:
        """Whether a query is one of the first looks at its job."""
        looks = self._looks.get(_look(watched))
        if watched.query.endpoint is JOB:
            # One that was asked before the cluster was off the screen is known.
            return looks < LOOKS if looks is not None else watched.sent == -math.inf
        return (
            watched.query in self._of_operators()
            and watched.sent == -math.inf
            and (looks or 0) < OPERATOR_LOOKS
        )

    def _first_looks(self, watched: Mapping[Query[Any], W]) -> Iterator[W]:
        """The queries of the jobs that were not looked at often enough yet."""
        if (live := self._live()) is not self._looked_at:
            if len(self._looks) > 2 * len(live):
                self._looks = {look: count for look, count in self._looks.items() if look[1] in live}
            waiting = [one for one in watched.values() if one.query.endpoint is JOB and self._is_first(one)]
            if not waiting:
                self._looked_at = live
            yield from filter(_is_free, waiting)
        for query in self._of_operators():
            if (one := watched.get(query)) is not None and _is_free(one) and self._is_first(one):
                yield one

    def _is_the_job(self, query: Query[Any]) -> bool:
        """Whether a query is about the only job that has not ended."""
        live = self._live()
        return query.endpoint is JOB and len(live) == 1 and dict(query.ids)["job"] in live

    def _carrier(self, watched: Mapping[Query[Any], W]) -> W | None:
        """Of what tells the state of the jobs what was asked longest ago."""
        names: list[Query[Any]] = [JOBS_OVERVIEW()]
        if len(live := self._live()) == 1:
            names += [JOB(job=job) for job in live]
        found = [one for name in names if (one := watched.get(name)) is not None and _is_free(one)]
        return min(found, key=lambda one: one.sent, default=None)

    def _rare(self, watched: Mapping[Query[Any], W]) -> Iterator[tuple[float, W]]:
        """What is asked while all is well, and when."""
        for one in watched.values():
            every = RARELY.get(one.query.endpoint)
            if every is not None and _is_free(one) and not self._is_the_job(one.query):
                yield max(one.due, one.sent + every), one


def _look(watched: Polled) -> tuple[object, str]:
    """What kind of a look a query is, and at which job."""
    return watched.query.endpoint, dict(watched.query.ids).get("job", "")


def _is_free(watched: Polled) -> bool:
    """Whether a background query is not in flight; what panels show is asked as on the screen."""
    return not watched.busy and not watched.panels
