"""A person's day with flinktop: the app on a recorded cluster, driven by keys, read from the screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from textual import events
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot
from textual.screen import Screen

from flinktop.addresses import ShownJob
from flinktop.alert_rules import Notify
from flinktop.column_names import chosen_columns, table_named
from flinktop.engine.host import Port
from flinktop.engine.journal.journal import Journal
from flinktop.flink.connection import Connection, Secret
from flinktop.own_keys import OwnKeys
from flinktop.settings import Paths, Profile, Settings
from flinktop.ui.app import FlinkTop
from flinktop.ui.dialog import READY_SECONDS, ActButton
from flinktop.ui.screens.profile_start import ProfileStart
from flinktop.ui.spare_memory import SpareMemory
from flinktop.ui.widgets.chart import Chart
from flinktop.ui.widgets.table import LiveTable
from tests.app_state import state_of
from tests.demo_cluster import DemoCluster
from tests.fixture_cluster import FixtureCluster
from tests.manual_clock import ManualClock, is_alone
from tests.ui.parsed_styles import parsed_once

LETTERS = {
    "slash": "/",
    "colon": ":",
    "comma": ",",
    "full_stop": ".",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "question_mark": "?",
    "plus": "+",
    "minus": "-",
    "space": " ",
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
}
"""What keys with a name of their own type."""
CALM_TURNS = 12
"""Turns of the loop without anything happening that count as settled."""
WHEN_ALONE = 4
"""As how many of them one counts in which nothing else was ready to run."""
CALM_WITH_ACTS = 40
"""The same while an act is under way, whose requests and waits nobody counts."""
PATIENCE = 60.0
"""Seconds that a test waits at the most, on a machine that is busy with other things."""


@dataclass
class Day:
    """The app, its cluster and its clock."""

    app: FlinkTop
    cluster: FixtureCluster
    clock: ManualClock
    port: Port
    pilot: Pilot[Any]

    @property
    def served(self) -> Sequence[tuple[Port, FixtureCluster]]:
        """Every engine, and the cluster that it asks."""
        return [(self.port, self.cluster)]

    async def settled(self) -> None:
        """The engines are idle at this time, and the screen has shown everything."""
        calm, asked = 0, -1
        deadline = time.monotonic() + PATIENCE
        while calm < (CALM_TURNS if self._without_acts() else CALM_WITH_ACTS):
            if (ended := self.app._exception) is not None:
                raise AssertionError("flinktop has ended by itself") from ended
            assert time.monotonic() < deadline, f"the app does not come to rest\n{state_of(self.app)}"
            await asyncio.sleep(0)
            screen = self.app.screen
            now_asked = sum(len(cluster.asked) for _, cluster in self.served)
            busy = any(map(_is_asking, self.served)) or not self.app.key_order.idle or asked != now_asked
            asked = now_asked
            nodes = () if busy else screen.walk_children(with_self=True)
            busy = busy or any(not node._message_queue.empty() for node in (self.app, *nodes))
            if not busy and _wants_update(screen):
                # Textual's own timer does it up to a sixtieth of a second later.
                screen._on_timer_update()
                busy = True
            # An app that ends holds back all further drawing.
            held_back = self.app._batch_count and not self.app._exit
            if not busy and (held_back or any(node._drawing for node in nodes if isinstance(node, Chart))):
                # Nothing is drawn during a batch: for a twentieth of a second behind a choice in the palette.
                await asyncio.sleep(0.002)
                busy = True
            calm = 0 if busy else calm + (WHEN_ALONE if is_alone() else 1)

    def _without_acts(self) -> bool:
        return all(port.engine.operations.view.idle() for port, _ in self.served)

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, as a person does who looks at what an enter would do."""
        for key in keys:
            if key == "enter":
                await self._look()
            await self.type_ahead(key)

    async def _look(self) -> None:
        """Wait until what would be done by an enter takes one."""
        asks = self.app.focused if isinstance(self.app.focused, ActButton) else self.app.screen
        if isinstance(asks, ActButton | ProfileStart) and not asks.ready:
            await self.clock.advance(READY_SECONDS + 0.1)
            await self.settled()

    async def type_ahead(self, *keys: str) -> None:
        """Press keys one after the other without looking at the screen: as pasted text comes."""
        # Not the pilot's: it waits for an idle process after each key, and this knows when the app rests.
        for key in keys:
            letter = key if len(key) == 1 else LETTERS.get(key)
            event = events.Key(key, letter)
            event.set_sender(self.app)
            assert self.app._driver is not None
            self.app._driver.send_message(event)
            await self.settled()

    async def paste(self, text: str) -> None:
        """Paste a text, as a terminal hands it over."""
        event = events.Paste(text)
        event.set_sender(self.app)
        assert self.app._driver is not None
        self.app._driver.send_message(event)
        await self.settled()

    async def wait(self, seconds: float) -> None:
        """Let the clock move on, a second at a time, and the screen with it."""
        for _ in range(int(seconds)):
            await self.clock.advance(1.0)
            await self.settled()
            self.app.tick()
            await self.settled()

    @property
    def lines(self) -> list[str]:
        """The screen's rows as text."""
        return [
            "".join(segment.text for segment in strip)
            for strip in self.app.screen._compositor.render_strips()
        ]

    @property
    def text(self) -> str:
        """The whole screen as text."""
        return "\n".join(self.lines)

    def line(self, part: str) -> str:
        """The first row that holds this text, without the sides of the box it stands in."""
        return next((line.strip("│ ") for line in self.lines if part in line), "")

    async def sees(self, part: str) -> None:
        """Wait until the text is on the screen."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        while part not in self.text:
            assert loop.time() < deadline, f"{part!r} is not on the screen:\n{self.text}"
            await asyncio.sleep(0.01)
            self.app.tick()
            await self.settled()

    @property
    def table(self) -> LiveTable[Any]:
        """The first table of the screen."""
        return self.app.screen.query(LiveTable).first()

    def asked(self, since: int = 0) -> list[str]:
        """Targets asked for, from the n-th request on."""
        return [line.partition(" /")[2] for line in self.cluster.asked[since:]]


def _is_asking(served: tuple[Port, FixtureCluster]) -> bool:
    port, cluster = served
    poller, held = port.engine.poller, cluster.held
    asking = not poller.idle() and not (held and poller.in_flight == held)
    return asking or not port.engine.transfers.idle


def _wants_update(screen: Screen[Any]) -> bool:
    """Whether a screen waits for its next layout or repaint."""
    waits = (
        screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._dirty_widgets
        or screen._callbacks
    )
    return bool(waits) and screen.is_current and not screen.app._batch_count


def _look_later(screen: Screen[Any]) -> None:
    """What stands in for drawing: what has changed is drawn when somebody reads the screen."""
    screen._dirty_widgets.clear()


@contextmanager
def _drawn_for(written: Callable[[str], None] | None) -> Iterator[None]:
    """Draw for a terminal that takes what is written; without one only for who reads the screen."""
    if written is None:
        with mock.patch.object(Screen, "_compositor_refresh", _look_later):
            yield
        return
    take = written
    with (
        mock.patch.object(HeadlessDriver, "is_headless", new=False),
        mock.patch.object(HeadlessDriver, "write", lambda _driver, data: take(data)),
    ):
        yield


@contextmanager
def by_hand(clock: ManualClock, written: Callable[[str], None] | None = None) -> Iterator[None]:
    """Time passes for an app when the test says so; see `monitor` for `written`."""
    # A terminal that nobody looks at costs a third of the time.
    looking = _drawn_for(written)
    # How long an answer took is the only time that is not the manual clock's.
    waiting = mock.patch("flinktop.flink.wire.perf_counter", clock.now)
    # A second passes when the test says so: on a busy machine one of the app's own would come in between.
    ticking = mock.patch.object(FlinkTop, "set_interval")
    with looking, waiting, ticking, parsed_once():
        yield


@asynccontextmanager
async def monitor(
    release: str = "1.20.5",
    size: tuple[int, int] = (120, 40),
    *,
    cluster: FixtureCluster | None = None,
    demo: str | None = None,
    minutes: int = 2,
    read_only: bool = False,
    ascii_only: bool = False,
    theme: str = "dark",
    colour: str | None = None,
    state: Path = Path("/nonexistent/flinktop"),
    clock: ManualClock | None = None,
    acts: bool = False,
    protected: bool = False,
    local: bool = False,
    raise_errors: bool = True,
    url: str = "http://flink.test:8081",
    token: Secret | None = None,
    shows: ShownJob | None = None,
    written: Callable[[str], None] | None = None,
    notify: Notify | None = None,
    journal: Journal | None = None,
    columns: Mapping[str, tuple[str, ...]] | None = None,
    wall: bool = False,
    own: OwnKeys | None = None,
    spares: bool = False,
) -> AsyncIterator[Day]:
    """Flinktop opened on a recorded cluster, or a scenario of the demo with so many `minutes` in the charts.

    Everything that is on the first screen has been answered. With `acts` there is a ledger below `state`.
    `written` is called with what is written to the terminal; without it nothing is drawn before it is read.
    With `notify` alerts call in the terminal.
    What happens is recorded in `journal`, if one is given. `columns` are those of the config, by table.
    `own` are commands and links of one's own.
    Memory is given back only with `spares`: it is looked for among all that a test run has.
    """
    clock = clock or ManualClock()
    simulated = DemoCluster(demo, release, clock) if demo is not None else None
    cluster = cluster or simulated or FixtureCluster(release)
    connection = Connection(url, token=token, read_only=read_only)
    settings = Settings(
        profiles=(),
        default=None,
        theme=theme,
        ascii=ascii_only,
        no_color=False,
        mouse=False,
        debug=False,
        paths=Paths(state / "config.toml", state, state / "flinktop.log"),
        notes=(),
        notify=notify,
        columns={name: chosen_columns(table_named(name), show) for name, show in (columns or {}).items()},
        wall=wall,
        own=own,
    )
    port = Port(
        connection,
        clock,
        transport=cluster,
        jitter=lambda: 1.0,
        name="test-cluster",
        protected=protected,
        ledger=settings.paths.operations if acts else None,
        rings=notify is not None,
        journal=(lambda: journal) if journal is not None else None,
    )
    if simulated is not None:
        simulated.remembered(port, minutes)
    profile = Profile(
        "test-cluster",
        connection,
        None,
        colour,
        demo is not None,
        protected=protected,
        ends_with_us=local,
        shows=shows,
    )
    app = FlinkTop(port, settings, profile)
    app.raise_errors = raise_errors
    await port.start_inline()
    try:
        sparing = nullcontext() if spares else mock.patch.object(SpareMemory, "second")
        with by_hand(clock, written), sparing:
            async with app.run_test(size=size, notifications=True) as pilot:
                day = Day(app, cluster, clock, port, pilot)
                await day.settled()
                await day.wait(3)
                yield day
    finally:
        if app.own is not None:
            app.own.close()
        await port.engine.stop()
