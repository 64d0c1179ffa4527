"""The app on several clusters: one is open at a time, over the screen that shows all of them."""

from __future__ import annotations

import logging
import sys
import warnings
from functools import partial
from operator import is_not
from typing import TYPE_CHECKING, Final, Protocol

from rich.text import Text

from flinktop.engine.alerts.alert import AlertsView
from flinktop.engine.clock import Clock
from flinktop.engine.fleet import Fleet, Member, OneLedger
from flinktop.engine.host import EngineFailed
from flinktop.flink.tls_contexts import TlsContexts
from flinktop.ui.app import FlinkTop, OneJournal, port_of, until_left
from flinktop.ui.known_fleet import KnownFleet, profile_of
from flinktop.ui.leaving import Leaving
from flinktop.ui.live import LiveScreen
from flinktop.ui.places import (
    AlertsPlace,
    FleetAlertsPlace,
    FleetPlace,
    OverviewPlace,
    Place,
    is_at,
    is_of_fleet,
)
from flinktop.ui.screens.of_fleet import OfFleet
from flinktop.ui.spare_memory import SpareMemory, begin_to_collect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import httpx
    from textual.await_complete import AwaitComplete

    from flinktop.engine.alerts.alert import Call
    from flinktop.engine.alerts.hook import HookRunner
    from flinktop.engine.fleet import ClusterSearch
    from flinktop.engine.host import Port
    from flinktop.engine.text_reader import TextReader
    from flinktop.facts.fleet import FleetFacts
    from flinktop.settings import Profile, Settings

log = logging.getLogger(__name__)

HOOK_SECONDS: Final = 0.3
"""How long the end waits at most for commands of alerts that are killed."""
SWITCH_SECONDS: Final = 0.001
"""After how long the engines' thread lets the screen's run: each key wants that several times."""
MOST_NOTES: Final = 3
"""Messages about clusters that are shown at the start; the others are in the log."""


class FleetTop(FlinkTop):
    """flinktop on several clusters."""

    fleet: Fleet

    def __init__(self, fleet: Fleet, settings: Settings, clock: Clock) -> None:
        super().__init__(None, settings, None, clock=clock)
        self.fleet = fleet
        self.known = KnownFleet(fleet)
        self._spare_memory = SpareMemory(many=True)
        self._alerts_of_all: tuple[list[object], AlertsView] = [], AlertsView()
        """The parts that they were put together from, and the whole."""
        self._met: frozenset[Port] = frozenset()  # of clusters of which something may be kept here
        self._meet_new()

    @property
    def ports(self) -> tuple[Port, ...]:
        return tuple(one.port for one in self.fleet.members)

    def fleet_facts(self) -> FleetFacts:
        return self.known.facts(self.clock.now())

    # -- which cluster is open -----------------------------------------------------------------------

    def open_first(self) -> None:
        self.go(FleetPlace())

    def open_cluster(self, name: str, *places: Place) -> None:
        """Open a cluster, and in it these places one after the other; what was open is closed."""
        if (member := self.fleet.get(name)) is None:
            self.notify(f"{name} is no longer there.", severity="warning", markup=False)
            return
        if (failure := member.port.failure) is not None:
            self.notify(f"{name} can't be opened: {failure}", severity="error", markup=False, timeout=20)
            return
        while not is_of_fleet(self.screen) and self._places > 1:
            self.pop_screen()
        profile = profile_of(member)
        self._opened = member.port, profile
        self.fleet.open(name)
        for note in profile.notes:
            self._say_once(note)
        for place in (OverviewPlace(), *places):
            self.go(place)

    def go_once(self, place: Place) -> None:
        """Go to a place of the cluster that is open, or of that under the cursor; to the alerts of all."""
        if self.is_open:
            super().go_once(place)
        elif isinstance(place, AlertsPlace):
            if isinstance(self.screen, LiveScreen) and not is_at(self.screen, FleetAlertsPlace):
                self.go(FleetAlertsPlace())
        elif isinstance(self.screen, OfFleet) and (name := self.screen.cluster) is not None:
            self.open_cluster(name, place)

    def close_clusters(self) -> None:
        """Go back to the screen of all clusters."""
        while not is_at(self.screen, FleetPlace) and self._places > 1:
            self.pop_screen()

    @property
    def _places(self) -> int:
        return sum(isinstance(screen, LiveScreen) for screen in self.screen_stack)

    def pop_screen(self) -> AwaitComplete:
        """Close the top screen; with the last one of a cluster that is closed, too."""
        popped = super().pop_screen()
        top = next((one for one in reversed(self.screen_stack) if isinstance(one, LiveScreen)), None)
        if self._opened is not None and (top is None or is_of_fleet(top)):
            name = self._opened[1].name
            self._opened = None
            self.fleet.close(name)
        return popped

    # -- news ----------------------------------------------------------------------------------------

    def listen(self, notify: Callable[[], object]) -> None:
        self.fleet.on_change(notify)

    def first_notes(self) -> Iterable[str]:
        """Those of the program, and a few about clusters."""
        found = [note for one in self.fleet.members for note in profile_of(one).notes]
        notes = tuple(dict.fromkeys(found))
        for note in notes[MOST_NOTES:]:
            log.warning("%s", note)
        more = len(notes) - MOST_NOTES
        self._noticed.update(notes[:MOST_NOTES])
        return (
            *self.settings.notes,
            *notes[:MOST_NOTES],
            *([f"{more} more messages about clusters are in the log"] if more > 0 else []),
        )

    def _say_once(self, note: str) -> None:
        if note not in self._noticed:
            self._noticed.add(note)
            self.notify(note, markup=False, timeout=10)

    def failure(self) -> str | None:
        """An engine that has ended is a row with its reason; that of all of them ends the program."""
        return self.fleet.failure

    def take_news(self) -> Iterable[Port]:
        names = self.fleet.take_changes()
        if self.fleet.searches:
            self._meet_new()
        self.known.news(names)
        if self._opened is None:
            self.show_changes(frozenset())
        elif self._opened[1].name in names:
            self.show_changes(self._opened[0].take_changes())
        return [one.port for name in names if (one := self.fleet.get(name)) is not None]

    def _meet_new(self) -> None:
        """Prepare for clusters that have come, and forget those that have gone and are not open."""
        there = frozenset(self.ports)
        for port in there - self._met:
            port.keep_pins(self._pins)
        opened = self._opened[0] if self._opened is not None else None
        gone = self._met - there
        kept = {one for one in gone if one is opened or (one in self.bundles and self.bundles[one].under_way)}
        for port in gone - kept:
            self._operation_news.pop(port, None)
            self.bundles.pop(port, None)
        self._met = there | kept

    def alerts_of_all(self) -> AlertsView:
        views = [port.alerts for port in self.ports]
        parts: list[object] = [part for view in views for part in (view.open, view.calls)]
        before, merged = self._alerts_of_all
        if len(parts) != len(before) or any(map(is_not, parts, before)):
            merged = AlertsView(
                open=tuple(alert for view in views for alert in view.open),
                calls=tuple(call for view in views for call in view.calls),
            )
            self._alerts_of_all = parts, merged
        return merged

    def lists(self, call: Call) -> bool:
        """In a cluster that is open the key leads to the alerts of that one."""
        return not self.is_open or all(one.target == self.profile.name for one in call.alerts)

    def call(self) -> None:
        """Calls wait for the next second: many clusters may be lost at the same time."""

    def tick(self) -> None:
        super().tick()
        super().call()


class MakePort(Protocol):
    """Makes the port of one cluster of a fleet, which is not started."""

    def __call__(
        self,
        profile: Profile,
        transport: httpx.AsyncBaseTransport | None = None,
        kubectl: TextReader | None = None,
        /,
    ) -> Port:
        """`transport` replaces the network; `kubectl` reads texts of Kubernetes."""


class _OneHookRunner:
    """What runs the command of alerts for all clusters; made when an engine starts."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._command = settings.notify.command if settings.notify is not None else ()
        self._links = settings.own.links if settings.own is not None else ()
        self._clock = clock
        self._made: HookRunner | None = None

    def __call__(self) -> HookRunner | None:
        """The runner; None if there is no command."""
        if self._made is None and self._command:
            from flinktop.engine.alerts.hook import HookRunner  # noqa: PLC0415 -- after the first paint

            self._made = HookRunner(self._command, self._clock, links=self._links)
        return self._made

    def close(self, seconds: float) -> None:
        """End what still runs, waiting at most so long (s)."""
        if self._made is not None:
            self._made.close(0.0, seconds)


def run_fleet(
    settings: Settings,
    profiles: Sequence[Profile],
    searches: Callable[[MakePort, Clock], Sequence[ClusterSearch]] = lambda _make, _clock: (),
) -> int:
    """Run the app on several clusters until the user leaves; returns the exit code.

    `searches` makes what adds and removes more of them, given how the port of one is made.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    clock, contexts = Clock(), TlsContexts()
    journal, hooks = OneJournal(settings.paths.journal, settings.journal), _OneHookRunner(settings, clock)
    ledger = OneLedger(settings.paths.operations)

    def make(
        profile: Profile,
        transport: httpx.AsyncBaseTransport | None = None,
        kubectl: TextReader | None = None,
    ) -> Port:
        return port_of(
            settings,
            profile,
            clock,
            journal,
            transport=transport,
            hooks=hooks,
            contexts=contexts,
            ledger=ledger,
            kubectl=kubectl,
        )

    members = [Member(one.name, make(one), one) for one in profiles]
    fleet = Fleet(members, searches(make, clock))

    def close(seconds: float) -> None:
        hooks.close(min(HOOK_SECONDS, seconds))
        journal.close(seconds)

    def made() -> FleetTop:
        app = FleetTop(fleet, settings, clock)
        app.on_first_paint = partial(_begin, app)
        return app

    code = until_left(settings, Leaving(fleet, close), made)
    # Of hundreds of engines some may be left with connections that were just begun: what the interpreter says
    # of them at its end is for nobody.
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
    return code


def _begin(app: FleetTop) -> None:
    """Start the engines after the first paint."""
    begin_to_collect()
    try:
        app.fleet.start()
    except EngineFailed as error:
        app.exit(1, 1, Text(f"flinktop: {error}"))
