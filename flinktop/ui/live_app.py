"""The app as panels and screens know it: the engine's port, the settings, and what they may have it do."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from textual import getters
from textual.app import App
from textual.widget import Widget

from flinktop.ui import pin_file, theme
from flinktop.ui.key_order import KeyOrder
from flinktop.ui.places import BundlePlace, LeavePlace, is_at, screen_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flinktop.engine.acts.act import Act
    from flinktop.engine.alerts.alert import AlertsView
    from flinktop.engine.clock import Clock
    from flinktop.engine.fleet import Fleet
    from flinktop.engine.host import Port
    from flinktop.engine.pins import Pin
    from flinktop.facts.fleet import FleetFacts
    from flinktop.settings import Profile, Settings
    from flinktop.ui.bundles import Bundles
    from flinktop.ui.own_commands.offer import Own
    from flinktop.ui.places import Place

ZONES = ("cluster", "local", "UTC")
MOST_PINS = 6
"""Most pinned metrics of one job: each has a chart."""


class NoClusterOpen(Exception):  # noqa: N818 -- the name says what happened
    """There is no cluster that is meant: all of them are on the screen."""


class LiveApp(App[int]):
    """An app on one cluster, or on several of which one may be open."""

    fleet: Fleet | None = None
    """The clusters, if there are several."""

    zone = "cluster"
    """The time zone of shown times: one of `ZONES`."""
    chart_window: float | None = None
    """Seconds that charts show, as the user chose; None: chosen by the data."""
    raise_errors = False
    """Whether an error in a panel ends the program: in tests."""

    def __init__(
        self,
        clock: Clock,
        settings: Settings,
        opened: tuple[Port, Profile] | None,
        *,
        ansi_color: bool | None = None,
    ) -> None:
        """An app on which a cluster is open, or none yet; `clock` is that of the engines."""
        super().__init__(ansi_color=ansi_color)
        self.clock = clock
        self.settings = settings
        self._opened = opened
        self.key_order = KeyOrder(self, self.clock.now)
        self.own_colours = not self.no_color
        """Whether the terminal shows our colours; one with sixteen of its own, or none, does not."""
        self._pins = pin_file.load(settings.paths.state)
        self._read_only_shown: set[str] = set()  # clusters of which that was said
        self.bundles: dict[Port, Bundles] = {}
        """The incident bundles of each cluster that has some."""
        self.own: Own | None = None
        """Commands and links of one's own; None if the config has none."""
        self.is_leaving: Callable[[], bool] = lambda: False
        """Whether the process was asked to exit; for any thread."""
        if opened is not None:
            opened[0].keep_pins(self._pins)

    @property
    def port(self) -> Port:
        """The engine of the cluster that is open. Raises NoClusterOpen."""
        return self._cluster[0]

    @property
    def profile(self) -> Profile:
        """The settings of the cluster that is open. Raises NoClusterOpen."""
        return self._cluster[1]

    @property
    def _cluster(self) -> tuple[Port, Profile]:
        if self._opened is None:
            raise NoClusterOpen
        return self._opened

    @property
    def is_open(self) -> bool:
        """Whether a cluster is open: always, if there is only one."""
        return self._opened is not None

    @property
    def deletes_cluster(self) -> bool:
        """Whether the cluster is deleted when flinktop ends."""
        return self.is_open and self.profile.ends_with_us

    @property
    def ports(self) -> Iterable[Port]:
        """The engines of all clusters."""
        return (self.port,)

    @property
    def typed_at(self) -> float:
        """When the key or click that is being handled was typed, on the clock of `port.now`."""
        return self.key_order.typed_at

    def alerts_of_all(self) -> AlertsView:
        """The alerts of all clusters; the same value as long as nothing has changed."""
        return self.port.alerts

    def fleet_facts(self) -> FleetFacts:
        """What is known of all clusters now; only where there are several."""
        raise NotImplementedError

    def open_cluster(self, name: str, *places: Place) -> None:
        """Open one of several clusters, and in it these places one after the other."""
        raise NotImplementedError

    def close_clusters(self) -> None:
        """Go back to all clusters; only where there are several."""
        raise NotImplementedError

    def go(self, place: Place, *, instead: bool = False, of: tuple[Port, Profile] | None = None) -> None:
        """Go to a place: on top of this one, or instead of it.

        `of` is its cluster, where that is not the one that is open.
        """
        screen = screen_of(place)
        if isinstance(screen, OfCluster) and (cluster := of or self._opened) is not None:
            screen.keep_cluster(*cluster)
        (self.switch_screen if instead else self.push_screen)(screen)

    def ask_to_leave(self) -> None:
        """Ask before leaving, once."""
        if is_at(self.screen, LeavePlace):
            return

        def answered(leave: bool | None) -> None:  # noqa: FBT001 -- the dialog's answer
            if leave:
                self.exit(0)

        # Older notifications would cover the question.
        self.clear_notifications()
        self.push_screen(screen_of(LeavePlace()), answered)

    def choose_theme(self, name: str) -> None:
        """Show a theme by its name in the settings, if the terminal has its colours."""
        self.theme = theme.theme_name(name, own_colours=self.own_colours)

    def copy_text(self, text: str) -> None:
        """Copy a text out of the terminal and notify the user."""
        from flinktop.ui import clipboard  # noqa: PLC0415 -- not needed before the first paint

        self.notify(clipboard.copy(self, text, self.settings.paths.state), markup=False)

    def pins_of(self, job: str) -> tuple[Pin, ...]:
        """The pinned metrics of a job, in the order in which they were pinned."""
        return tuple(pin for pin in self._pins if pin.job == job)

    def toggle_pin(self, pin: Pin) -> None:
        """Pin or unpin a metric, and save that for the next start."""
        if pin in self._pins:
            self._pins = tuple(one for one in self._pins if one != pin)
        elif len(self.pins_of(pin.job)) >= MOST_PINS:
            words = f"{MOST_PINS} metrics of this job are pinned already: unpin one first (p)."
            self.notify(words, markup=False)
            return
        else:
            self._pins = (*self._pins, pin)
        for port in self.ports:
            port.keep_pins(self._pins)
        if (problem := pin_file.save(self.settings.paths.state, self._pins)) is not None:
            self.notify(problem, markup=False, severity="warning")

    def submit(self, port: Port, act: Act, typed: str | None = None) -> str:
        """Submit an act to a cluster, with the typed name where one is needed; returns the operation's id."""
        number = port.submit(act, typed)
        self.notify(f"Submitted: {act.label} of {act.subject}. Press O to follow it.", markup=False)
        return number

    def open_bundle(self, job: str) -> None:
        """Show the incident bundle of a job that is under way, or just was; else begin one."""
        port = self.port
        if port not in self.bundles:
            from flinktop.ui.bundles import Bundles  # noqa: PLC0415 -- a room that is seldom needed

            links = self.settings.own.links if self.settings.own is not None else ()
            directory = self.settings.paths.state
            self.bundles[port] = Bundles(port, self.profile.name, directory, links)
        self.go(BundlePlace(self.bundles[port].of(job)))

    def close_dialogs(self) -> None:
        """Close every dialog over the screen."""
        while self.screen.is_modal:
            self.pop_screen()

    def notify_read_only(self) -> None:
        """Notify the user once that actions are disabled."""
        if (name := self.profile.name) not in self._read_only_shown:
            self._read_only_shown.add(name)
            self.notify("This cluster is opened read-only: actions are disabled.", markup=False)

    def next_zone(self) -> None:
        """Show times in the next zone."""
        self.zone = ZONES[(ZONES.index(self.zone) + 1) % len(ZONES)]
        whose = "the cluster's" if self.zone == "cluster" else self.zone
        self.notify(f"Times are now {whose}", markup=False)


class OfCluster(Widget):
    """A screen or panel of one cluster, which it keeps: it may close when another cluster is open already."""

    app = getters.app(LiveApp)

    def keep_cluster(self, port: Port, profile: Profile) -> None:
        """Keep a cluster from now on."""
        self.port, self.profile = port, profile

    @cached_property
    def port(self) -> Port:
        return self.app.port

    @cached_property
    def profile(self) -> Profile:
        return self.app.profile
