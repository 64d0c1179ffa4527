"""`flinktop watch`: the engine without a terminal, on several clusters, until a signal ends it.

All clusters share one loop; nothing on it waits for a disk, a reader of stdout or a command. What happens is
a line on stdout; messages about flinktop itself go to stderr.
"""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flinktop.allowed import SettingsError
from flinktop.engine.alerts.hook import HookRunner
from flinktop.engine.clock import Clock
from flinktop.engine.journal.journal import Journal
from flinktop.flink.run_in_thread import run
from flinktop.headless.args import DONE
from flinktop.headless.ending import Ending
from flinktop.headless.line_output import LineOutput
from flinktop.headless.metrics_server import EXPOSITION, ListenError, MetricsServer, Page
from flinktop.headless.ready_file import ReadyFile, ReadyFileError
from flinktop.headless.status_prometheus import exposition
from flinktop.headless.status_report import ClusterStatus, Status
from flinktop.headless.watch_lines import Line, What, as_json, as_text
from flinktop.headless.watched_cluster import WatchedCluster
from flinktop.internal_error import strays_logged, words_of
from flinktop.settings import each_once

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    import httpx

    from flinktop.headless.cluster_args import WatchArgs
    from flinktop.headless.watched_search import WatchedSearch
    from flinktop.model.kubernetes import KubernetesState
    from flinktop.settings import Profile, Settings

log = logging.getLogger(__name__)

STDOUT, STDERR = 1, 2
LOOK_SECONDS: Final = 1.0
"""Between two looks at what has happened."""
FIRST_ROUND_SECONDS: Final = 10.0
"""After so long the watcher is ready though a cluster has neither answered nor failed yet."""
READY_AGAIN_SECONDS: Final = 10.0
"""Between two tries to write the ready file."""
NOTE_AGAIN_SECONDS: Final = 3600.0
"""After so long a command that still fails is said again."""
MOST_NOTED: Final = 500
"""Messages of which it is remembered when they were said."""
STOP_SECONDS: Final = 1.2
"""For all engines to stop; see `ending.PATIENCE` for the whole."""
ANSWERS_SECONDS: Final = 0.3
"""For answers that are under way then."""
HOOK_SECONDS: Final = 0.3
"""For commands that are killed."""
JOURNAL_SECONDS: Final = 0.4
"""For what the journal still has to write."""
OUTPUT_SECONDS: Final = 0.3
"""For the last lines."""


def run_watch(
    settings: Settings,
    profiles: Sequence[Profile],
    args: WatchArgs,
    *,
    closed: Collection[int] = (),
    searches: Callable[[Clock], Sequence[WatchedSearch]] = lambda _clock: (),
) -> int:
    """Watch until a signal asks for the end; returns the exit code.

    `closed` are descriptors that nobody reads. `searches` makes what finds more clusters.
    Raises SettingsError if a file or port can't be used.
    """
    ending = Ending()
    with ending.signals(), strays_logged():
        clock = Clock()
        write = as_json if args.json else as_text
        errors = LineOutput(STDERR, dropped=lambda number: f"flinktop: {number} messages were dropped here")
        lines = LineOutput(
            STDOUT,
            dropped=lambda number: write(_dropped(number, clock)),
            failed=lambda why: errors.add(f"flinktop: stdout can't be written ({why}); flinktop watches on"),
        )
        say = (lambda _line: None) if STDOUT in closed else (lambda line: lines.add(write(line)))
        profiles, twice = each_once(profiles, "watched")
        notes = [*settings.notes, *(note for one in profiles for note in one.notes), *twice]
        if STDOUT in closed:
            notes.append("stdout is closed: what happens is not printed")
        bounds = settings.journal
        journal = Journal(settings.paths.journal, clock, days=bounds.days, most_bytes=bounds.megabytes << 20)
        hooks = _hooks(settings, clock)
        ending.last = journal.close
        watcher = Watcher(
            settings, profiles, args, clock, say, journal=journal, hooks=hooks, searches=searches(clock)
        )
        watcher.prepare()
        for output in (errors, lines):
            output.start()
        for note in notes if STDERR not in closed else ():
            errors.add(f"flinktop: {note}")
        try:
            run(watcher.run(ending))
        finally:
            if hooks is not None:
                hooks.close(0.0, HOOK_SECONDS)
            journal.close(JOURNAL_SECONDS)
            lines.close(OUTPUT_SECONDS)
            errors.close(OUTPUT_SECONDS)
    return DONE


class Watcher:
    """Watches clusters side by side: says what happens, serves metrics, and shows that it is ready."""

    def __init__(
        self,
        settings: Settings,
        profiles: Sequence[Profile],
        args: WatchArgs,
        clock: Clock,
        say: Callable[[Line], None],
        *,
        journal: Journal | None = None,
        hooks: HookRunner | None = None,
        transport: Callable[[Profile], httpx.AsyncBaseTransport | None] = lambda _profile: None,
        searches: Sequence[WatchedSearch] = (),
    ) -> None:
        """`say` takes each line and returns at once. `searches` find more clusters while it watches.

        `journal` is where all clusters remember what happens, `hooks` runs the command of their alerts;
        whoever made them closes them. `transport` replaces the network.
        """
        self._args = args
        self._clock = clock
        self._say_line = say
        self._answered = asyncio.Event()
        self._settings = settings
        self._journal, self._hooks = journal, hooks
        self._searches = tuple(searches)
        self._clusters = [self._watched(profile, transport(profile)) for profile in profiles]
        self._stops: set[asyncio.Task[None]] = set()  # of clusters that are gone
        self._ready_file = (
            ReadyFile(Path(args.ready_file).expanduser()) if args.ready_file is not None else None
        )
        self._server = MetricsServer(
            {"/metrics": self.metrics, "/-/healthy": _healthy, "/-/ready": self._probe}
        )
        self._began = clock.now()
        self._is_ready = False
        self._ready_tried = -READY_AGAIN_SECONDS
        self._ready_failed = False
        self._noted: dict[str, float] = {}  # messages of journal and hooks, and when each was said last
        self._troubled: set[str] = set()  # clusters with an error of flinktop's own that is in the log

    def _watched(
        self, profile: Profile, transport: httpx.AsyncBaseTransport | None, *, sparing: bool = False
    ) -> WatchedCluster:
        return WatchedCluster(
            profile,
            self._settings,
            self._clock,
            journal=self._journal,
            hooks=self._hooks,
            transport=transport,
            answered=self._answered.set,
            sparing=sparing,
        )

    def prepare(self) -> None:
        """Check what can be checked before anything starts. Raises SettingsError."""
        if self._ready_file is not None:
            try:
                self._ready_file.prepare()
            except ReadyFileError as error:
                raise SettingsError(f"--ready-file: {error}") from None

    async def run(self, ending: Ending) -> None:
        """Watch until a signal asks for the end. Raises SettingsError if the port can't be used."""
        loop, end = asyncio.get_running_loop(), asyncio.Event()
        ending.on_signal(lambda: loop.call_soon_threadsafe(end.set))
        await self._listen()
        names = [*(one.profile.name for one in self._clusters), *(one.where for one in self._searches)]
        self._say(What.STARTED, f"watching {'; '.join(names) if self._searches else ', '.join(names)}")
        searches = [asyncio.create_task(one.run(self)) for one in self._searches]
        try:
            for cluster in self._clusters:
                cluster.start()
            ended = asyncio.create_task(end.wait())
            while not end.is_set():
                self.look()
                waits: set[asyncio.Future[Any]] = {asyncio.ensure_future(self._clock.sleep(LOOK_SECONDS))}
                if not self._is_ready:
                    self._answered.clear()
                    waits.add(asyncio.ensure_future(self._answered.wait()))
                await asyncio.wait({ended, *waits}, return_when=asyncio.FIRST_COMPLETED)
                for wait in waits:
                    wait.cancel()
        finally:
            await self._stop(searches)
        self._say(What.ENDED, f"ended by {ending.asked or 'its caller'}")

    async def _listen(self) -> None:
        if self._args.prometheus is None:
            return
        try:
            address = await self._server.listen(self._args.prometheus)
        except ListenError as error:
            raise SettingsError(f"--prometheus: {error}") from None
        self._say(What.LISTENING, f"metrics at http://{address}/metrics")

    async def _stop(self, searches: Sequence[asyncio.Task[None]]) -> None:
        """Stop everything at the same time; what hangs is left behind."""
        for search in searches:
            search.cancel()
        if self._ready_file is not None:
            self._ready_file.remove()
        stops = [asyncio.ensure_future(one.stop(ANSWERS_SECONDS)) for one in self._clusters]
        stops += [*self._stops, *searches]
        stops.append(asyncio.ensure_future(self._server.close()))
        done, hanging = await asyncio.wait(stops, timeout=STOP_SECONDS)
        for one in done:
            if not one.cancelled() and (failure := one.exception()) is not None:
                log.error("a part of the watcher could not be stopped in order", exc_info=failure)
        if hanging:
            log.warning("%d parts of the watcher did not stop in %.1f s", len(hanging), STOP_SECONDS)

    # -- clusters that come and go ---------------------------------------------------------------------

    def add(self, profile: Profile, transport: httpx.AsyncBaseTransport, state: KubernetesState) -> None:
        """Watch one more cluster, sparingly: all of them share what their API server allows."""
        cluster = self._watched(profile, transport, sparing=True)
        self._clusters.append(cluster)
        cluster.start()
        cluster.engine.set_kubernetes(state)
        self._say_of(cluster, What.FOUND, "it was found in Kubernetes")

    def know(self, name: str, state: KubernetesState) -> None:
        """Take what Kubernetes knows of a cluster now."""
        for cluster in self._clusters:
            if cluster.profile.name == name:
                cluster.engine.set_kubernetes(state)

    def remove(self, name: str, words: str) -> None:
        """Watch a cluster no longer."""
        for cluster in [one for one in self._clusters if one.profile.name == name]:
            self._clusters.remove(cluster)
            self._say_of(cluster, What.GONE, words)
            stop = asyncio.ensure_future(cluster.stop(ANSWERS_SECONDS))
            self._stops.add(stop)
            stop.add_done_callback(self._stopped)

    def _stopped(self, stop: asyncio.Task[None]) -> None:
        self._stops.discard(stop)
        if not stop.cancelled() and (failure := stop.exception()) is not None:
            log.error("a cluster that is gone could not be stopped in order", exc_info=failure)

    def say(self, what: What, words: str) -> None:
        """Say something that is about no single cluster."""
        self._say(what, words)

    def _say_of(self, cluster: WatchedCluster, what: What, words: str) -> None:
        of = cluster.profile
        line = Line(at=self._clock.wall(), what=what, words=words, target=of.name, url=of.connection.url)
        self._say_line(line)

    # -- what happens ----------------------------------------------------------------------------------

    def look(self) -> None:
        """Say what has happened since the last look."""
        for cluster in self._clusters:
            try:
                for line in cluster.news():
                    self._say_line(line)
            except Exception:
                # It may come again every second.
                if cluster.profile.name not in self._troubled:
                    self._troubled.add(cluster.profile.name)
                    log.exception("%s: what has happened could not be said", cluster.profile.name)
        self._say_notes()
        if not self._is_ready:
            self._become_ready()

    def _say_notes(self) -> None:
        """Say what is wrong with the journal and the command of alerts; the same once an hour at most."""
        notices = self._journal.notices if self._journal is not None else ()
        problems = self._hooks.problems if self._hooks is not None else ()
        found = [(notice, 0.0) for notice in notices]
        found += [(problem.sentence, problem.wall) for problem in reversed(problems)]
        for words, at in found:
            said = self._noted.get(words)
            if said is None or at - said >= NOTE_AGAIN_SECONDS:
                self._noted[words] = self._clock.wall()
                self._say(What.NOTE, words)
        for words in list(self._noted)[:-MOST_NOTED]:
            del self._noted[words]

    def _become_ready(self) -> None:
        now = self._clock.now()
        searched = all(one.searched for one in self._searches)
        waits = not searched or not all(cluster.was_asked for cluster in self._clusters)
        if waits and now - self._began < FIRST_ROUND_SECONDS:
            return
        if self._ready_file is not None and now - self._ready_tried < READY_AGAIN_SECONDS:
            return
        self._ready_tried = now
        try:
            if self._ready_file is not None:
                self._ready_file.write()
        except OSError as error:
            if not self._ready_failed:
                self._ready_failed = True
                self._say(What.NOTE, f"the ready file can't be written ({error.strerror}); it is tried again")
            return
        self._is_ready = True
        away = sum(self._status(cluster).error is not None for cluster in self._clusters)
        for why in filter(None, (one.error for one in self._searches)):
            self._say(What.NOTE, why)
        self._say(
            What.READY, f"ready; {away} of {len(self._clusters)} clusters can't be asked" if away else "ready"
        )

    def _say(self, what: What, words: str) -> None:
        self._say_line(Line(at=self._clock.wall(), what=what, words=words))

    # -- what is served --------------------------------------------------------------------------------

    def metrics(self) -> Page:
        """The gauges of `flinktop status --format prometheus`, of what is known now."""
        now = self._clock.wall()
        clusters = tuple(self._status(cluster) for cluster in self._clusters)
        return Page(exposition(Status(at=now * 1000.0, clusters=clusters), now), kind=EXPOSITION)

    @staticmethod
    def _status(cluster: WatchedCluster) -> ClusterStatus:
        try:
            return cluster.status()
        except Exception as error:
            profile = cluster.profile
            log.exception("%s: its metrics could not be made", profile.name)
            why = f"flinktop failed: {words_of(error)}"
            return ClusterStatus(target=profile.name, url=profile.connection.url, error=why)

    def _probe(self) -> Page:
        return _healthy() if self._is_ready else Page("not ready\n", HTTPStatus.SERVICE_UNAVAILABLE)


def _hooks(settings: Settings, clock: Clock) -> HookRunner | None:
    """What runs the command of alerts for all clusters, so that its limits are those of the process."""
    command = settings.notify.command if settings.notify is not None else ()
    links = settings.own.links if settings.own is not None else ()
    return HookRunner(command, clock, links=links) if command else None


def _healthy() -> Page:
    return Page("ok\n")


def _dropped(number: int, clock: Clock) -> Line:
    are = "line was" if number == 1 else "lines were"
    words = f"{number} {are} dropped: stdout was not read, or could not be written"
    return Line(at=clock.wall(), what=What.DROPPED, words=words)
