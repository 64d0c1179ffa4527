"""The app as panels and screens know it: the engine's port, the settings, and what they may have it do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App

from flinktop.ui import pin_file, theme
from flinktop.ui.key_order import KeyOrder
from flinktop.ui.places import BundlePlace, LeavePlace, is_at, screen_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.engine.acts.act import Act
    from flinktop.engine.host import Port
    from flinktop.engine.pins import Pin
    from flinktop.settings import Profile, Settings
    from flinktop.ui.bundles import Bundles
    from flinktop.ui.own_commands.offer import Own
    from flinktop.ui.places import Place

ZONES = ("cluster", "local", "UTC")
MOST_PINS = 6
"""Most pinned metrics of one job: each has a chart."""


class LiveApp(App[int]):
    """An app on one cluster."""

    zone = "cluster"
    """The time zone of shown times: one of `ZONES`."""
    chart_window: float | None = None
    """Seconds that charts show, as the user chose; None: chosen by the data."""
    raise_errors = False
    """Whether an error in a panel ends the program: in tests."""

    def __init__(
        self, port: Port, settings: Settings, profile: Profile, *, ansi_color: bool | None = None
    ) -> None:
        super().__init__(ansi_color=ansi_color)
        self.port = port
        self.settings = settings
        self.profile = profile
        self.key_order = KeyOrder(self, port.now)
        self.own_colours = not self.no_color
        """Whether the terminal shows our colours; one with sixteen of its own, or none, does not."""
        self._pins = pin_file.load(settings.paths.state)
        port.keep_pins(self._pins)
        self._read_only_shown = False
        self.bundles: Bundles | None = None
        """The incident bundles; None before the first one."""
        self.own: Own | None = None
        """Commands and links of one's own; None if the config has none."""
        self.is_leaving: Callable[[], bool] = lambda: False
        """Whether the process was asked to exit; for any thread."""

    @property
    def typed_at(self) -> float:
        """When the key or click that is being handled was typed, on the clock of `port.now`."""
        return self.key_order.typed_at

    def go(self, place: Place, *, instead: bool = False) -> None:
        """Go to a place: on top of this one, or instead of it."""
        (self.switch_screen if instead else self.push_screen)(screen_of(place))

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
        self.port.keep_pins(self._pins)
        if (problem := pin_file.save(self.settings.paths.state, self._pins)) is not None:
            self.notify(problem, markup=False, severity="warning")

    def submit(self, act: Act, typed: str | None = None) -> str:
        """Submit an act, with the typed name where one is needed; returns the operation's id."""
        number = self.port.submit(act, typed)
        self.notify(f"Submitted: {act.label} of {act.subject}. Press O to follow it.", markup=False)
        return number

    def open_bundle(self, job: str) -> None:
        """Show the incident bundle of a job that is under way, or just was; else begin one."""
        if self.bundles is None:
            from flinktop.ui.bundles import Bundles  # noqa: PLC0415 -- a room that is seldom needed

            links = self.settings.own.links if self.settings.own is not None else ()
            self.bundles = Bundles(self.port, self.profile.name, self.settings.paths.state, links)
        self.go(BundlePlace(self.bundles.of(job)))

    def close_dialogs(self) -> None:
        """Close every dialog over the screen."""
        while self.screen.is_modal:
            self.pop_screen()

    def notify_read_only(self) -> None:
        """Notify the user once that actions are disabled."""
        if not self._read_only_shown:
            self._read_only_shown = True
            self.notify("This cluster is opened read-only: actions are disabled.", markup=False)

    def next_zone(self) -> None:
        """Show times in the next zone."""
        self.zone = ZONES[(ZONES.index(self.zone) + 1) % len(ZONES)]
        whose = "the cluster's" if self.zone == "cluster" else self.zone
        self.notify(f"Times are now {whose}", markup=False)
