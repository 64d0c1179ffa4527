"""How the screen stays live: panels watch queries while they are visible, and only then."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from textual import getters
from textual.message import Message
from textual.widgets import Static

from flinktop.flink.cluster import CONFIG
from flinktop.internal_error import words_of
from flinktop.model import format as fmt
from flinktop.ui import keys
from flinktop.ui.live_app import LiveApp, OfCluster
from flinktop.ui.spare_memory import forget_lines
from flinktop.ui.steady import Steady, SteadyScreen
from flinktop.ui.widgets.guarded_rows import CellErrors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from textual import events
    from textual.widget import Widget

    from flinktop.engine.host import Port
    from flinktop.engine.operation import Operation
    from flinktop.flink.endpoint import Query
    from flinktop.settings import Profile
    from flinktop.ui.command import Command

log = logging.getLogger(__name__)

RARELY = 600.0
"""Seconds between two polls of what seldom changes."""
AGES_SECONDS = 3.0
"""Seconds between two updates of ages: each repaints every row with an age, over SSH as well."""
Asks = dict["Query[Any]", float]
"""Queries to keep fresh, and the seconds between two polls of each; 0 is the cluster's refresh interval."""


def is_displayed(widget: Widget) -> bool:
    """Whether neither the widget nor a parent is hidden."""
    return all(node.display for node in widget.ancestors_with_self)


def cannot_show(error: Exception) -> str:
    """The text in place of something that could not be shown."""
    return f"cannot show this: {words_of(error)}"


class FactsChanged(Message):
    """The engine has news. At most one is under way; the port knows what has changed."""

    bubble = False


class Panel(Steady):
    """A part of a screen that shows the answers of some queries; of a job, or of a vertex in it.

    Subclasses return from `asks` the queries to keep fresh, and draw in `show` what is known. Both are called
    only while the panel is visible: when it is mounted or shown again, on news of its queries, when time has
    passed, when it is resized or scrolled. What they raise is shown in its place; the rest of the screen
    works on.
    """

    DEFAULT_CSS = """
    Panel { height: auto; width: 1fr; }
    Panel > .complaint { display: none; }
    Panel.-broken > * { display: none; }
    Panel.-broken > .complaint { display: block; color: $error; padding: 0 1; height: auto; }
    """

    app = getters.app(LiveApp)
    wants_tick = False
    """Whether it shows something that should not wait for the next update of ages."""
    ticks_when_paused = False
    """Whether it goes on while the user has frozen the screen: the frame does."""
    ticks_when_hidden = False
    """Whether it goes on while it is hidden: for panels that appear only when they have something to show."""
    follows_operations = False
    """Whether news of operations are shown at once."""
    passing = False
    """Whether it requests the rows of a long list: see Poller.watch."""
    BOX = ""
    """Title of the thin box around it on a screen with room; none without. Constant words of ours: each
    change of a title repaints the whole box."""

    def __init__(self, job: str = "", vertex: str = "", subtask: int = 0, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.job, self.vertex, self.subtask = job, vertex, subtask
        if self.BOX:
            self.add_class("-box")
            self.border_title = self.BOX
        self._kept_fresh: Asks = {}
        self._operations: tuple[Operation, ...] = ()
        self.watching = False
        """Whether it is visible and its queries are watched."""
        self._errors = CellErrors(self)

    @cached_property
    def port(self) -> Port:
        """The engine of its screen's cluster, which it keeps, as that does."""
        screen = self.screen
        return screen.port if isinstance(screen, OfCluster) else self.app.port

    @cached_property
    def profile(self) -> Profile:
        """The settings of that cluster."""
        screen = self.screen
        return screen.profile if isinstance(screen, OfCluster) else self.app.profile

    def asks(self) -> Asks:
        """The queries to keep fresh while the panel is visible, given what is known now."""
        return {}

    def show(self) -> None:
        """Draw what is known."""

    def update(self) -> None:
        if self.watching:
            self.shielded(self._reconcile)
        self.draw()

    def draw(self) -> None:
        """Draw what is known, if the panel is visible and the user has not frozen the screen."""
        if self.alive and (self.watching or self.ticks_when_hidden) and not self._frozen:
            self.shielded(self.show)

    def _reconcile(self) -> None:
        wanted = self.asks() if self.watching else {}
        before, self._kept_fresh = self._kept_fresh, wanted
        for query, every in wanted.items():
            if before.get(query) != every:
                self.port.watch(query, every, passing=self.passing)
        for query, every in before.items():
            if wanted.get(query) != every:
                self.port.unwatch(query, every, passing=self.passing)

    @property
    def _frozen(self) -> bool:
        """Whether the user has frozen the screen, or a dialog covers it: updates are shown later."""
        screen = self.screen
        if not isinstance(screen, LiveScreen):
            return False
        return screen.behind_dialog or (screen.paused and not self.ticks_when_paused)

    def zone_offset(self) -> float | None:
        """Offset of the shown times from UTC in seconds; None is this machine's own zone."""
        if self.app.zone == "local":
            return None
        reading = self.port.reading(CONFIG()) if self.app.zone == "cluster" else None
        value = reading.value if reading is not None else None
        return value.timezone_offset / 1000.0 if value is not None else 0.0

    def near(self, at: float) -> str:
        """A time (ms since 1970) as it is written now: see fmt.near."""
        return fmt.near(at / 1000.0, self.zone_offset(), self.port.known_time())

    @property
    def ascii(self) -> bool:
        return self.app.settings.ascii

    @property
    def boxed(self) -> bool:
        """Whether it is shown in its box, with its title, now."""
        return bool(self.BOX) and bool(self.styles.border_top[0])

    def set_shown(self, shown: bool) -> None:  # noqa: FBT001 -- a state, not an option
        """Show or hide this panel; a hidden one watches nothing."""
        if shown != self.display:
            self.display = shown
            if shown:
                # A style set on the widget overrides every rule, and zoom hides by a rule.
                self.styles.clear_rule("display")
            if not self.is_attached:
                return
            self.follow_display()
            if shown and self.alive:
                self.shielded(self.tick)

    @property
    def displayed(self) -> bool:
        return is_displayed(self)

    def follow_display(self) -> None:
        """Watch while this panel and its screen are visible, and only then."""
        if self.displayed and isinstance(self.screen, LiveScreen) and self.screen.seen:
            self.start_watching()
        else:
            self.stop_watching()

    def start_watching(self) -> None:
        """The panel became visible: watch again, and show what has come in the meantime."""
        if not self.watching and self.alive and self.displayed:
            self.watching = True
            self.update()

    def stop_watching(self) -> None:
        """The panel is hidden: watch nothing."""
        if self.watching:
            self.watching = False
            self._reconcile()

    def take_news(self, changes: frozenset[Query[Any]]) -> None:
        """Show news if it is visible; a hidden panel is drawn when it is shown again."""
        if not self.watching and not self.ticks_when_hidden:
            return
        try:
            self.facts_changed(changes)
        except Exception as error:  # noqa: BLE001 -- it is raised in tests
            self._failed(error)

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:
        if not self._kept_fresh.keys().isdisjoint(changes):
            self.update()
        elif self.follows_operations and self.port.operations() is not self._operations:
            self._operations = self.port.operations()
            self.update()

    def tick(self) -> None:
        """Time has passed: update ages."""
        self.update()

    def ready_for(self, event: events.Event) -> bool:  # noqa: ARG002 -- for panels that distinguish keys
        """Whether it shows what this key or click may be meant for, or nothing of it is on its way."""
        return True

    def copied(self) -> str | None:
        """What to copy of its selected row, if that is more than an id. Nothing by default."""
        return None

    def shielded(self, work: Callable[[], None]) -> None:
        """Run something that may raise; show the error in the panel's place, and log it."""
        # Before the work, which may itself be shielded and have failed.
        self.remove_class("-broken")
        try:
            work()
        except Exception as error:  # noqa: BLE001 -- as above
            self._failed(error)

    def one_line(self, name: str, make: Callable[[], list[tuple[str, str]]]) -> list[tuple[str, str]]:
        """A line, or a part of one; if it raises, the error is shown in its place, and other lines stay."""
        try:
            return make()
        except Exception as error:  # noqa: BLE001 -- it is raised in tests
            self._errors.add(name, error)
            return [(f"{name} ", "muted"), (f"cannot be shown: {type(error).__name__}: {error}", "bad")]

    def several_lines(
        self, name: str, make: Callable[[], list[list[tuple[str, str]]]]
    ) -> list[list[tuple[str, str]]]:
        """Several lines made together, shielded like `one_line`."""
        made: list[list[tuple[str, str]]] = []

        def all_of_them() -> list[tuple[str, str]]:
            made.extend(make())
            return []

        return [failed] if (failed := self.one_line(name, all_of_them)) else made

    def on_mount(self) -> None:
        self.follow_display()

    def on_show(self) -> None:
        """It became visible, whatever hid it before: watch, and show what has come in the meantime."""
        self.follow_display()

    def on_resize(self) -> None:
        self.draw()

    def on_unmount(self) -> None:
        self.stop_watching()

    def _failed(self, error: Exception) -> None:
        if self.app.raise_errors:
            raise error
        log.error("the panel %s cannot show its facts", type(self).__name__, exc_info=error)
        sentence = cannot_show(error)
        complaints = self.query(".complaint").results(Static)
        for complaint in complaints:
            complaint.update(sentence)
            break
        else:
            self.mount(Static(sentence, classes="complaint", markup=False))
        self.add_class("-broken")


def panel_of(widget: Widget | None) -> Panel | None:
    """The panel that a widget is in; None if it is in none."""
    nodes = widget.ancestors_with_self if widget is not None else ()
    return next((node for node in nodes if isinstance(node, Panel)), None)


class LiveScreen(SteadyScreen[None], OfCluster):
    """A place in the cluster: a frame around panels that watch while it is visible."""

    COMMANDS_HERE: ClassVar[tuple[Command, ...]] = ()
    """The commands of this screen."""
    job: str = ""
    """The id of the job of this place, if it has one."""

    def __init_subclass__(cls, **options: Any) -> None:
        if "COMMANDS_HERE" in cls.__dict__:
            cls.BINDINGS = [*keys.bindings(cls.COMMANDS_HERE)]
        super().__init_subclass__(**options)

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 -- Textual declares it so
        (0, "-narrow"),
        (100, "-medium"),
        (180, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 -- Textual declares it so
        (0, "-tiny"),
        (16, "-short"),
        (32, "-tall"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.seen = True
        self.paused = False
        self._ticked_at = float("-inf")

    @property
    def crumb(self) -> str:
        """Its name in the breadcrumb; foreign text."""
        return ""

    def label_of(self, command: Command) -> str:
        return command.label

    def state_words(self) -> str:
        """What the user has set here that changes what is shown: a filter, an order."""
        return ""

    def legend(self) -> Sequence[tuple[str, str]]:
        """Titles of columns and what they mean, for the help, where their words are not plain."""
        return ()

    def panels(self) -> Iterable[Panel]:
        """The panels of this screen that can show something; none while others of them are missing."""
        if not self.alive:
            return ()
        return (panel for panel in self.query(Panel).results(Panel) if panel.alive)

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:
        if self.paused:
            return
        with self.app.batch_update():
            for panel in self.panels():
                panel.take_news(changes)

    def ready_for(self, event: events.Event) -> bool:
        """Whether all panels are mounted and have their final size, and the focused one is ready."""
        parts = self.query(Panel).results(Panel)
        mounted = super().ready_for(event) and self.size.area > 0 and all(panel.is_mounted for panel in parts)
        focused = panel_of(self.focused) if mounted else None
        return mounted and (focused is None or focused.ready_for(event))

    @property
    def behind_dialog(self) -> bool:
        """Whether a dialog covers it.

        Its panels watch on but draw nothing: Textual would draw all of it again, dimmed, for each change.
        """
        return self.app.screen is not self

    def second(self) -> None:
        """A second has passed: update the frame, and every `AGES_SECONDS` whatever shows ages."""
        now = self.app.clock.now()
        due = now - self._ticked_at >= AGES_SECONDS
        self.tick(everything=due)

    def tick(self, *, everything: bool = True) -> None:
        """Update times: in the frame, and unless the screen is frozen in all panels."""
        if everything:
            self._ticked_at = self.app.clock.now()
        for panel in self.panels():
            due = everything or panel.wants_tick
            seen = panel.ticks_when_hidden or panel.displayed
            if seen and (panel.ticks_when_paused or (due and not self.paused)):
                panel.wants_tick = False
                panel.shielded(panel.tick)

    def set_paused(self, paused: bool) -> None:  # noqa: FBT001 -- a state, not an option
        """Freeze the screen, or catch up with what has come in the meantime."""
        self.paused = paused
        if not paused:
            with self.app.batch_update():
                for panel in self.panels():
                    if panel.watching:
                        panel.update()
        self.tick()

    def on_screen_suspend(self, _event: events.ScreenSuspend) -> None:
        """Another screen covers this one: it watches nothing, unless only a dialog covers it."""
        if self.app.screen is not self and self.app.screen.is_modal:
            return
        self.seen = False
        forget_lines(self)
        for panel in self.panels():
            panel.stop_watching()

    def on_screen_resume(self, _event: events.ScreenResume) -> None:
        self.seen = True
        with self.app.batch_update():
            for panel in self.panels():
                if panel.watching and not self.paused:
                    panel.update()
                else:
                    panel.start_watching()
        self.tick()
