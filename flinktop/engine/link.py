"""How the connection to a cluster is doing, when it is lost, and how long until it is tried again."""

from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.store import Reading
from flinktop.flink.answers import not_flink
from flinktop.flink.cluster import CONFIG
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import (
    FlinkError,
    LoginRefused,
    NotFlink,
    NotFound,
    NotReady,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from flinktop.flink.jobs import JOBS_OVERVIEW

UNHELPFUL = 3  # errors in a row, before any good answer, that make a server one that can't be read
SILENT_SECONDS = 15.0  # seconds of errors alone, of whatever kind, after which a cluster is lost


class Link(Struct, frozen=True):
    """The connection to one cluster; times on the engine's clock (s)."""

    answered: float | None = None  # when the server last gave a good answer
    since: float = 0.0  # when the present outage began, or polling did
    error: FlinkError | None = None  # why the cluster can't be read at the moment; None while it can
    failures: int = 0  # probes that failed in the present outage
    retry_at: float | None = None
    latency: float = 0.0  # seconds the newest answer took
    per_second: float = 0.0  # requests sent a second, over the last ten
    unhelpful: int = 0  # errors since the last good answer


def after_answer(link: Link, now: float, latency: float) -> Link:
    """The link after a good answer."""
    since = now if link.error is not None else link.since
    return Link(answered=now, since=since, latency=latency)


def after_error(
    link: Link, error: FlinkError, now: float, latency: float, refresh: float, *, turned: bool = False
) -> Link:
    """The link after an error: lost, or only one thing that could not be had.

    A lost link keeps its error until something is answered well, or the server has at least said no in a way
    that shows it is there (a 404 for a job that has gone). `turned`: the query's last answer was good.
    """
    link = replace(link, unhelpful=link.unhelpful + 1, latency=latency)
    if not means_lost(link, error, now, refresh, turned=turned):
        return replace(link, error=None, failures=0, retry_at=None)
    since = now if link.error is None else link.since
    if link.error is not None and isinstance(error, NotFound):
        # That one path is missing explains less than what was said before.
        error = link.error
    return replace(link, error=error, failures=link.failures + 1, since=since)


def means_lost(link: Link, error: FlinkError, now: float, refresh: float, *, turned: bool = False) -> bool:
    """Whether an error says that the cluster can't be read at all, and not just this one thing.

    While other answers are good, one that takes too long, is forbidden or not ready is that query's own
    trouble. One that was allowed a moment ago means that the login has expired, or that something else
    stands at the address now: the next good answer to another query shows if that was wrong. Errors of any
    kind and nothing else are another server's, or those of a proxy before a dead one. A login that was
    refused is not sent any more, for whatever query.
    """
    unreachable = isinstance(error, Unreachable) and not isinstance(error, TimedOut)
    if (
        unreachable
        or isinstance(error, LoginRefused)
        or (turned and isinstance(error, Unauthorized | NotFlink))
    ):
        return True
    whole = isinstance(error, TimedOut | NotReady | Unauthorized | NotFlink)
    if link.answered is None:
        return whole or link.unhelpful >= UNHELPFUL
    return now - link.answered > (2 * refresh if whole else max(SILENT_SECONDS, 2 * refresh))


def probed_in_vain(reading: Reading[object] | None) -> bool:
    """Whether a query's own back-off is only that of the outage it was asked in."""
    return reading is not None and isinstance(reading.error, Unreachable | NotReady | Unauthorized | NotFlink)


def foreign(query: Query[object], error: FlinkError) -> FlinkError:
    """The error, or that this is no Flink when what every JobManager and HistoryServer has is missing."""
    if query.endpoint in (CONFIG, JOBS_OVERVIEW) and isinstance(error, NotFound):
        return NotFlink(
            error.method, error.url, not_flink(f"{error.status} for /{query.target}"), status=error.status
        )
    return error


_MOST_DOUBLINGS = 40  # beyond any limit; without it the power overflows after 1,024 failures


class BackOff(Struct, frozen=True):
    """Pauses that double from the first (s) to the longest (s)."""

    first: float
    longest: float

    def after(self, failures: int, jitter: float = 1.0) -> float:
        """Seconds to wait after so many failures in a row; `jitter` keeps monitors from retrying in step."""
        doublings = min(max(failures - 1, 0), _MOST_DOUBLINGS)
        return min(self.longest, self.first * 2.0**doublings) * jitter


WATCHED = BackOff(1.0, 7.5)
"""For what is on the screen and for the probe of a lost cluster: with a jitter of up to a fifth, an answer
comes within ten seconds after a fault has ended."""
BACKGROUND = BackOff(1.0, 30.0)  # for what nobody is looking at
FOLLOWED = BackOff(0.5, 7.5)  # for an operation whose cluster does not answer
UNDER_WAY = BackOff(0.5, 3.0)  # for an operation that has not ended yet: most take seconds, some hours
