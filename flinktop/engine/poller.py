"""Polls the cluster: watched queries only, two at a time, none cancelled, never faster than is useful.

A query is visible (a panel on the screen watches it) or a background query (the engine itself polls it).
Visible ones go first, but when there are more of them than a slow JobManager can answer, background queries
still get a share. They share a fixed number of requests per minute by rotation, so that the load on the
JobManager does not grow with the number of jobs; only the age of what is off screen does. What is asked of a
cluster that is off the screen as a whole is chosen by pace.py.
"""

import asyncio
import hashlib
import logging
import math
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from flinktop.engine.clock import Clock
from flinktop.engine.link import (
    BACKGROUND,
    WATCHED,
    BackOff,
    Link,
    after_answer,
    after_error,
    foreign,
    probed_in_vain,
)
from flinktop.engine.series import OpenedJobs
from flinktop.engine.store import Reading, Store
from flinktop.flink.decode import DecodeError, decode_answer
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import BadReply, FlinkError, LoginRefused, NotFound
from flinktop.flink.http import Http, Reply
from flinktop.flink.jobs import JOBS_OVERVIEW

if TYPE_CHECKING:
    from flinktop.engine.pace import OffScreen

log = logging.getLogger(__name__)

LANES = 2  # polls in flight: the JobManager answers everybody with four REST threads
WITHOUT_ANSWER = 1
"""The same for one of many clusters while it does not answer: each holds a connection, as long as it may."""
BACKGROUND_A_MINUTE = 60  # background requests per minute
BACKGROUND_SHARE = 10
"""Every so many requests one is a background query's if due, however many visible queries wait."""
DEFAULT_REFRESH = 3.0
"""Seconds between two polls until the cluster's own interval is known from /config; Flink's default."""
ARCHIVE_SECONDS = 300.0  # between two requests for what a HistoryServer lacks: it will hardly ever get it
MOST_MISSING = 1000  # queries remembered as missing there
PATIENCE = 5.0
"""A slow query is polled again after this many times its latency, to relieve a busy JobManager; at most
after the longest back-off."""
LATE_INTERVALS = 2.0  # a visible query is late after so many of its intervals without an answer
RATE_WINDOW = 10.0  # seconds over which the request rate in the frame is measured


class Watched(Struct):
    """One query that is polled."""

    query: Query[Any]
    panels: list[float] = field(default_factory=list)
    """Seconds between polls, as each panel wants; 0 is the cluster's own interval."""
    shown_since: float = 0.0  # when the first of these panels was added (engine's clock, s)
    looked_at: int = 0  # panels that show more than a line of a list
    background: bool = False
    background_every: float = 0.0
    once: bool = False  # wanted a single time
    due: float = 0.0
    sent: float = -math.inf  # when it was sent last (engine's clock, s)
    soon: bool = False  # whether it is to be sent as soon as possible, whatever the pace
    busy: bool = False
    poll_again: bool = False
    """Whether to poll again at once: the data changed while the request was in flight."""
    digest: bytes = b""

    @property
    def back_off(self) -> BackOff:
        return WATCHED if self.panels else BACKGROUND


def _first_due(all_of_them: Iterable[Watched], now: float) -> Watched | None:
    due = (watched for watched in all_of_them if not watched.busy and watched.due <= now)
    return min(due, key=lambda watched: watched.due, default=None)


class Poller(Struct):
    """Polls the watched queries of one cluster. Lives on the engine's loop."""

    http: Http
    store: Store
    clock: Clock
    jitter: Callable[[], float]
    """A random factor around 1 for each back-off, so that many monitors don't retry in step."""
    changed: Callable[[Query[Any]], None]  # called after each answer and each failure
    arrived: Callable[[Query[Any], Any, float], None]
    """Called with each decoded value and its time, before `changed`."""
    failed: Callable[[Query[Any], FlinkError], None] = field(default=lambda _query, _error: None)
    """Called with each error of a request, before `changed`."""
    refresh: float = DEFAULT_REFRESH
    probe: Query[Any] | None = None
    """A query that every such server can answer: used to find out whether a lost cluster is back."""
    link: Link = field(default_factory=Link)
    archive: Callable[[], bool] = field(default=lambda: False)
    """Whether the server is known to be a HistoryServer."""
    opened: OpenedJobs = field(default_factory=OpenedJobs)
    """The jobs of which something is watched other than in passing."""
    off_screen: "OffScreen | None" = None
    """What is asked and when, while the cluster is off the screen; None while it is on it."""
    one_of_many: bool = False
    """Whether other clusters are asked beside it, as they are while this one is off the screen."""
    drifted: int = 0  # fields dropped so far because of a type that Flink does not document
    _watched: dict[Query[Any], Watched] = field(default_factory=dict)
    _visible: dict[Query[Any], Watched] = field(default_factory=dict)
    """The queries that panels watch: few, while all may be thousands."""
    _once: dict[Query[Any], Watched] = field(default_factory=dict)
    """The queries that are wanted a single time, oldest first."""
    _flying: dict[Query[Any], Watched] = field(default_factory=dict)
    """Queries in flight, also those that are no longer watched."""
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _missing: dict[Query[Any], float] = field(default_factory=dict)
    """Queries that a HistoryServer lacks, and until when they are not sent again (engine's clock, s)."""
    _sent: tuple[float, ...] = ()
    _background_next: float = 0.0
    _since_background: int = 0  # visible requests since the last background one

    # -- watching ------------------------------------------------------------------------------------

    def watch(self, query: Query[Any], every: float = 0.0, *, passing: bool = False) -> None:
        """Add a panel to a query, to be polled every `every` seconds; 0 is the cluster's interval.

        `passing`: the panel needs only the brief part of an answer, and after it has scrolled past no more
        is kept.
        """
        watched = self._want(query)
        if not watched.panels:
            watched.shown_since = self.clock.now()
        watched.panels.append(every)
        self._visible[query] = watched
        if not passing:
            watched.looked_at += 1
            self.opened.mark(query, self.clock.now())
        reading = self.store.brief(query) if passing else self.store.get(query)
        last = reading.at if reading is not None else None
        missing_until = self._missing.get(query, 0.0)
        fresh_until = last + self._interval(watched) if last is not None else missing_until
        watched.due = min(watched.due, fresh_until)
        self._wake.set()

    def unwatch(self, query: Query[Any], every: float = 0.0, *, passing: bool = False) -> None:
        """Remove a panel added with the same arguments. A request in flight is not cancelled."""
        watched = self._watched.get(query)
        if watched is not None and every in watched.panels:
            watched.panels.remove(every)
            if not passing:
                watched.looked_at -= 1
                now = self.clock.now()
                self.opened.mark(query, now)
                self.store.mark_left(query, now)
            if not watched.panels:
                self._visible.pop(query, None)
                self.store.mark_passed(query)
                if self.off_screen is not None:
                    # It is asked at another pace from now on, which may be at once.
                    self._wake.set()
            self._drop_if_unwanted(watched)

    def add_background(self, query: Query[Any], every: float) -> None:
        """Poll this query in the background, at most every `every` seconds."""
        watched = self._want(query)
        watched.background = True
        watched.background_every = every
        reading = self.store.brief(query)
        if reading is not None and reading.at is not None and not watched.panels:
            watched.due = reading.at + self._interval(watched)
        self._wake.set()

    def remove_background(self, query: Query[Any]) -> None:
        """Stop polling this query in the background."""
        watched = self._watched.get(query)
        if watched is not None and watched.background:
            watched.background = False
            self._drop_if_unwanted(watched)

    def ask_once(self, query: Query[Any]) -> None:
        """Send this query a single time, before other background queries; its answer is `arrived`."""
        watched = self._want(query)
        watched.once = True
        watched.due = min(watched.due, self.clock.now())
        self._once[query] = watched
        self._wake.set()

    def refresh_now(self) -> None:
        """Make all visible queries due at once, except where the server's caches would answer the same."""
        now = self.clock.now()
        for watched in self._visible.values():
            reading = self.store.brief(watched.query)
            cached = max(watched.query.endpoint.every, min(self.refresh, DEFAULT_REFRESH))
            earliest = reading.at + cached if reading is not None and reading.at is not None else now
            watched.due = min(watched.due, max(now, earliest))
        if self.link.retry_at is not None:
            self.link = replace(self.link, retry_at=now)
        self._wake.set()

    def refresh_soon(self, queries: Iterable[Query[Any]]) -> None:
        """Poll these queries as soon as possible, if they are watched: their data has changed."""
        now = self.clock.now()
        for query in queries:
            if (flying := self._flying.get(query)) is not None:
                flying.poll_again = True
            watched = self._watched.get(query)
            if watched is not None:
                watched.due, watched.soon = min(watched.due, now), True
        self._wake.set()

    def wake(self) -> None:
        """Check again what is due: the interval or the pace has changed."""
        self._wake.set()

    def _want(self, query: Query[Any]) -> Watched:
        # One that was unwatched while in flight is not sent a second time in parallel.
        watched = self._watched.get(query) or self._flying.get(query)
        if watched is None:
            watched = Watched(query, due=self._missing.get(query, 0.0))
            reading = self.store.brief(query)
            if reading is not None and reading.at is not None:
                watched.due = reading.at + self.refresh
        self._watched[query] = watched
        return watched

    def _drop_if_unwanted(self, watched: Watched) -> None:
        if not watched.panels and not watched.background and not watched.once:
            del self._watched[watched.query]
            self.store.mark_left(watched.query, self.clock.now())

    # -- polling -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Poll for ever. Ends only by cancellation; requests in flight are not cancelled with it."""
        self.link = replace(self.link, since=self.clock.now())
        while True:
            self._wake.clear()
            now = self.clock.now()
            while len(self._tasks) < self._lanes and (watched := self._next(now)) is not None:
                self._start(watched, now)
            await self._rest(now)

    async def drain(self, seconds: float) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    @property
    def in_flight(self) -> int:
        return len(self._tasks)

    @property
    def _lanes(self) -> int:
        """Polls that may be in flight."""
        answers = self.link.answered is not None and self.link.error is None
        many = self.one_of_many or self.off_screen is not None
        return WITHOUT_ANSWER if many and not answers else LANES

    def idle(self) -> bool:
        """Whether nothing is in flight and nothing is due now."""
        return not self._tasks and self._next(self.clock.now()) is None

    def _next(self, now: float) -> Watched | None:
        if self.link.retry_at is not None:
            return self._probe(now)
        best = _first_due(self._visible.values(), now)
        if self.off_screen is not None:
            return best or self.off_screen.next(now, self._watched)
        if now < self._background_next or (
            best is not None and self._since_background < BACKGROUND_SHARE - 1
        ):
            return best
        once = _first_due(self._once.values(), now)
        return once or _first_due((one for one in self._watched.values() if not one.panels), now) or best

    def _probe(self, now: float) -> Watched | None:
        """The next query to probe a lost cluster with; None during the pause.

        The pause counts from when the last one was sent: a probe that hangs does not delay the next.
        """
        if self.link.retry_at is None or now < self.link.retry_at:
            return None
        # Every other time another query: a proxy may forbid the usual probe.
        probe = self._watched.get(self.probe) if self.probe is not None else None
        if probe is not None and not probe.busy and self.link.failures % 2:
            return probe
        idle = (watched for watched in self._watched.values() if not watched.busy)
        return min(idle, key=lambda watched: (not watched.panels, watched.due), default=None)

    def _start(self, watched: Watched, now: float) -> None:
        watched.busy = True
        if self.off_screen is not None:
            self.off_screen.sent(watched, now)
        watched.sent, watched.soon = now, False
        self._flying[watched.query] = watched
        if self.link.retry_at is not None:
            self.link = replace(self.link, retry_at=now + self._pause(self.link.failures + 1))
        self._sent = (*(at for at in self._sent if at > now - RATE_WINDOW), now)
        if watched.panels:
            self._since_background += 1
        else:
            self._since_background = 0
            self._background_next = now + 60.0 / BACKGROUND_A_MINUTE
        task = asyncio.get_running_loop().create_task(self._ask(watched, now))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("a poll failed unexpectedly", exc_info=failure)
        self._wake.set()

    async def _ask(self, watched: Watched, sent_at: float) -> None:
        query = watched.query
        self._once.pop(query, None)
        try:
            self._take(watched, sent_at, await self._get(query))
        except FlinkError as error:
            self._fail(watched, sent_at, error)
        except Exception as error:
            log.exception("%s: the answer could not be processed", query.target)
            reason = f"flinktop can't process it: {error!r}"
            self._fail(watched, sent_at, BadReply("GET", self._url(query), reason))
        finally:
            watched.busy = False
            del self._flying[query]
            if watched.due <= sent_at:
                watched.due = sent_at + self._interval(watched)
            if watched.poll_again:
                watched.poll_again, watched.due = False, self.clock.now()
            if watched.once and query not in self._once:
                watched.once = False
                if not watched.panels and not watched.background:
                    self._watched.pop(query, None)
                    self.store.forget(query)
            elif query not in self._watched:
                # It is kept as if it were left now: the user may come back to it.
                self.store.mark_left(query, self.clock.now())
        self.changed(query)

    async def _get(self, query: Query[Any]) -> Reply:
        sent_at = self.clock.now()
        try:
            return await self.http.get(query)
        except NotFound:
            if query.endpoint is not JOBS_OVERVIEW or not self.archive():
                raise
            # A HistoryServer of 1.9 has no list of jobs before the first one is archived.
            return Reply(b'{"jobs":[]}', HTTPStatus.OK, self.clock.now() - sent_at)

    def _url(self, query: Query[Any]) -> str:
        return f"{self.http.url}/{query.target.partition('?')[0]}"

    def _take(self, watched: Watched, sent_at: float, reply: Reply) -> None:
        query = watched.query
        now = self.clock.now()
        log.debug(
            "GET %s: %s, %d bytes, %.0f ms", query.target, reply.status, len(reply.body), reply.seconds * 1000
        )
        before = self.store.get(query)
        digest = hashlib.blake2b(reply.body, digest_size=16).digest()
        if before is not None and before.at is not None and digest == watched.digest:
            value = before.value
        else:
            try:
                decoded = decode_answer(reply.body, query)
            except DecodeError as error:
                raise BadReply("GET", self._url(query), str(error), status=reply.status) from error
            watched.digest = digest
            value = decoded.value
            if decoded.drift:
                self.drifted += len(decoded.drift)
                log.warning("%s: dropped %s", query.target, ", ".join(decoded.drift[:10]))
        self.store.put(query, Reading(value, now, None, 0, reply.seconds), seen=bool(watched.panels))
        self._missing.pop(query, None)
        rest = min(PATIENCE * reply.seconds, reply.seconds + watched.back_off.longest)
        watched.due = sent_at + max(self._interval(watched), rest)
        self._reached(now, reply.seconds)
        self.arrived(query, value, now)

    def _fail(self, watched: Watched, sent_at: float, error: FlinkError) -> None:
        query = watched.query
        now = self.clock.now()
        if isinstance(error, LoginRefused) and not error.sent:
            # It was not sent.
            self._sent = tuple(at for at in self._sent if at != sent_at)
        error = foreign(query, error)
        before = self.store.brief(query)
        turned = before is not None and before.at is not None and before.error is None
        failures = self.store.fail(query, error, now - sent_at).failures
        # A job without checkpoints is a 404 for as long as it lives: logged once.
        same = before is not None and str(error) == str(before.error)
        level = logging.INFO if isinstance(error, NotFound) and error.expected else logging.WARNING
        log.log(logging.DEBUG if same else level, "%s", error)
        wait = watched.back_off.after(failures, self.jitter())
        if isinstance(error, NotFound) and self.archive():
            wait = ARCHIVE_SECONDS
            self._note_missing(query, sent_at + wait)
        watched.due = sent_at + max(self._interval(watched), wait)
        self.failed(query, error)
        self.link = after_error(self.link, error, now, now - sent_at, self.refresh, turned=turned)
        if self.link.error is not None:
            retry_at = sent_at + self._pause(self.link.failures)
            self.link = replace(self.link, retry_at=max(retry_at, self.link.retry_at or 0.0))

    def _pause(self, failures: int) -> float:
        """Seconds from a request that finds a cluster lost to the next."""
        if self.off_screen is not None:
            return self.off_screen.pause(failures)
        return WATCHED.after(failures, self.jitter())

    def _reached(self, now: float, latency: float) -> None:
        if self.link.error is not None:
            log.info("the cluster answers again after %.0f s", now - self.link.since)
            for query, watched in self._watched.items():
                if probed_in_vain(self.store.get(query)):
                    watched.due = min(watched.due, now)
        self.link = after_answer(self.link, now, latency)

    def _note_missing(self, query: Query[Any], until: float) -> None:
        self._missing.pop(query, None)
        self._missing[query] = until
        # They are in the order in which they expire.
        for oldest, end in list(self._missing.items()):
            if len(self._missing) <= MOST_MISSING and end > self.clock.now():
                break
            del self._missing[oldest]

    def _interval(self, watched: Watched) -> float:
        wanted = min(watched.panels) if watched.panels else watched.background_every
        return max(self.refresh, wanted, watched.query.endpoint.every)

    async def _rest(self, now: float) -> None:
        """Sleep until something is due or `wake` is called."""
        seconds = self._until_next(now)
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._wake.wait())]
        if seconds is not None:
            waits.append(asyncio.ensure_future(self.clock.sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _until_next(self, now: float) -> float | None:
        if len(self._tasks) >= self._lanes or not self._watched:
            return None
        if self.link.retry_at is not None:
            hanging = all(watched.busy for watched in self._watched.values())
            return None if hanging else max(0.0, self.link.retry_at - now)
        soonest = min(
            (watched.due for watched in self._visible.values() if not watched.busy), default=math.inf
        )
        if self.off_screen is not None:
            soonest = min(soonest, self.off_screen.until(now, self._watched))
        elif len(self._watched) > len(self._visible):
            soonest = min(soonest, self._next_background(now))
        return max(0.0, soonest - now) if soonest < math.inf else None

    def _next_background(self, now: float) -> float:
        """When the next background query may be due; cheap while their budget is used up."""
        if now < self._background_next:
            return self._background_next
        idle = (watched.due for watched in self._watched.values() if not watched.panels and not watched.busy)
        return min(idle, default=math.inf)

    def late(self) -> float | None:
        """Age (s) of the oldest visible query that is late; None if none is. Safe from any thread.

        Late is one that has missed its interval twice; failed ones don't count, as their panels show that.
        """
        now = self.clock.now()
        oldest: float | None = None
        for watched in tuple(self._visible.values()):
            reading = self.store.brief(watched.query) or Reading()
            seen = max(watched.shown_since, reading.at or 0.0)
            if reading.error is None and now - seen > LATE_INTERVALS * self._interval(watched):
                since = seen if reading.at is None else reading.at
                oldest = since if oldest is None else min(oldest, since)
        return now - oldest if oldest is not None else None

    def forget_old(self, now: float) -> None:
        """Drop what has not been on the screen for a while; jobs on the screen count as opened."""
        for query, watched in self._visible.items():
            if watched.looked_at:
                self.opened.mark(query, now)
        self.opened.forget_old(now)
        self.store.forget_old(now, self._watched, self._visible)

    def current_link(self) -> Link:
        """The link, with the request rate of the last ten seconds; safe from any thread."""
        now = self.clock.now()
        return replace(self.link, per_second=sum(at > now - RATE_WINDOW for at in self._sent) / RATE_WINDOW)
