"""State of the connection to a cluster: when it is lost, and when it is retried."""

from typing import Literal

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

UNHELPFUL = 3  # errors in a row, before any good answer, after which a server counts as unreadable
SILENT_SECONDS = 15.0  # seconds of nothing but errors of any kind, after which a cluster is lost


class Link(Struct, frozen=True):
    """The connection to one cluster; times on the engine's clock (s)."""

    answered: float | None = None  # when the server last gave a good answer
    since: float = 0.0  # when the present outage began, or polling did
    error: FlinkError | None = None  # why the cluster can't be read at the moment; None while it can
    failures: int = 0  # probes that failed in the present outage
    retry_at: float | None = None
    latency: float = 0.0  # seconds the newest answer took
    per_second: float = 0.0  # requests sent per second, over the last ten seconds
    unhelpful: int = 0  # errors since the last good answer


class TunnelLink(Struct, frozen=True):
    """The tunnel to a cluster; times on the engine's clock (s)."""

    state: Literal["open", "starting", "ended"] = "open"  # open: or not needed yet
    retry_at: float | None = None  # when one that has ended is started again


def silent_for(link: Link, now: float) -> float | None:
    """For how long (s) a cluster that answered before does not answer; None while it does."""
    return now - link.answered if link.error is not None and link.answered is not None else None


def after_answer(link: Link, now: float, latency: float) -> Link:
    """The link after a good answer."""
    since = now if link.error is not None else link.since
    return Link(answered=now, since=since, latency=latency)


def after_error(
    link: Link, error: FlinkError, now: float, latency: float, refresh: float, *, turned: bool = False
) -> Link:
    """The link after an error: lost, or not lost when only this query failed.

    A lost link keeps its error until a good answer, or an error that shows that the server is there (a 404
    for a job that has been removed). `turned`: the query's last answer was good.
    """
    link = replace(link, unhelpful=link.unhelpful + 1, latency=latency)
    if not means_lost(link, error, now, refresh, turned=turned):
        return replace(link, error=None, failures=0, retry_at=None)
    since = now if link.error is None else link.since
    if link.error is not None and isinstance(error, NotFound):
        # A missing path explains less than the earlier error.
        error = link.error
    return replace(link, error=error, failures=link.failures + 1, since=since)


def means_lost(link: Link, error: FlinkError, now: float, refresh: float, *, turned: bool = False) -> bool:
    """Whether an error means that the whole cluster can't be read, not just this query.

    While other answers are good, a query that times out, is forbidden or not ready fails alone. One that was
    allowed a moment ago means that the login has expired, or that another server has this address now; a
    good answer to another query corrects that if it was wrong. Errors of any kind and nothing else are from
    another server, or from a proxy before a dead one. After a refused login nothing is sent any more,
    whatever the query.
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
    """Whether a query's back-off is only due to the outage during which it was sent."""
    return reading is not None and isinstance(reading.error, Unreachable | NotReady | Unauthorized | NotFlink)


def foreign(query: Query[object], error: FlinkError) -> FlinkError:
    """The error; NotFlink for a 404 where every JobManager and HistoryServer has an answer."""
    if query.endpoint in (CONFIG, JOBS_OVERVIEW) and isinstance(error, NotFound):
        return NotFlink(
            error.method, error.url, not_flink(f"{error.status} for /{query.target}"), status=error.status
        )
    return error


_MOST_DOUBLINGS = 40  # larger than needed; without a limit the power overflows after 1,024 failures


class BackOff(Struct, frozen=True):
    """Pauses that double from the first (s) to the longest (s)."""

    first: float
    longest: float

    def after(self, failures: int, jitter: float = 1.0) -> float:
        """Seconds to wait after so many failures in a row; `jitter` keeps monitors from retrying in step."""
        doublings = min(max(failures - 1, 0), _MOST_DOUBLINGS)
        return min(self.longest, self.first * 2.0**doublings) * jitter


WATCHED = BackOff(1.0, 7.5)
"""For queries on the screen and for the probe of a lost cluster: with a jitter of up to a fifth, an answer
comes within ten seconds after a fault has ended."""
BACKGROUND = BackOff(1.0, 30.0)  # for background queries
FOLLOWED = BackOff(0.5, 7.5)  # for an operation whose cluster does not answer
UNDER_WAY = BackOff(0.5, 3.0)  # for an operation that has not ended yet: most take seconds, some hours
