"""A walk inside this process: the real app by Textual's run_test, on a clock that the monkey moves."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any, Final
from unittest import mock

from textual import events
from textual.app import App
from textual.geometry import Size

from flinktop.ui.live import LiveScreen, Panel
from flinktop.ui.screens.help import HelpScreen
from flinktop.ui.screens.leave import LeaveScreen
from flinktop.ui.screens.overview import OverviewScreen
from tests.app_state import state_of
from tests.monkey.cluster import PlayedCluster, release_of
from tests.monkey.result import Outcome, Result
from tests.monkey.walk import Step, first_size, walk
from tests.ui.day import LETTERS, Day, monitor

PATIENCE: Final = 30.0
"""Seconds that the app may take to come to rest."""
CALM_TURNS: Final = 8
"""Turns of the loop without anything to do that count as rest."""
ESCAPES: Final = 40
"""At the most, to come back to the overview."""
_NAMES: Final = {letter: name for name, letter in LETTERS.items()} | {
    "&": "ampersand",
    "[": "left_square_bracket",
    "]": "right_square_bracket",
    "!": "exclamation_mark",
    "'": "apostrophe",
    '"': "quotation_mark",
    "_": "underscore",
    "~": "tilde",
}


class _Stuck(Exception):  # noqa: N818 -- it says what happened
    """The app does not come to rest."""


def inline(seed: int, transcript: list[str] | None = None) -> Result:
    """Take one walk."""
    usual = gc.get_threshold()
    # A fifth of the time goes into collecting what screens leave, a few hundred at a time.
    gc.set_threshold(100_000, 10, 10)
    try:
        return asyncio.run(_Inline(seed, transcript).take())
    finally:
        gc.set_threshold(*usual)


class _Inline:
    def __init__(self, seed: int, transcript: list[str] | None) -> None:
        self.seed = seed
        self.transcript = transcript
        self.rng = random.Random(f"pace {seed}")  # noqa: S311 -- a monkey, not a secret
        self.cluster = PlayedCluster(seed)
        self.keys = 0
        self.visited: set[str] = set()
        self.complaints: list[str] = []

    async def take(self) -> Result:
        began, used = time.monotonic(), time.process_time()
        outcome, detail = await self._walk()
        return Result(
            self.seed,
            outcome,
            self.keys,
            dict(self.cluster.weather.drawn),
            tuple(sorted(self.visited)),
            seconds=time.monotonic() - began,
            cpu=time.process_time() - used,
            detail=detail,
        )

    async def _walk(self) -> tuple[Outcome, str]:
        with _place() as place, self._listening(), mock.patch.object(App, "_print_error_renderables"):
            try:
                async with monitor(
                    release_of(self.seed),
                    first_size(self.seed),
                    cluster=self.cluster,
                    clock=self.cluster.jobmanager.clock,
                    state=place,
                    acts=True,
                    protected=self.seed % 5 == 0,
                ) as day:
                    outcome, detail = await self._roam(day)
            except _Stuck as stuck:
                return "hung", str(stuck)
            except BaseException as error:  # noqa: BLE001 -- whatever ended it is what is looked for
                return "ended", "".join(traceback.format_exception(error, limit=-6))
        if outcome in ("lives", "left") and self.complaints:
            return "broken", "\n".join(self.complaints)
        return outcome, detail

    async def _roam(self, day: Day) -> tuple[Outcome, str]:
        self.cluster.weather.calm = False
        for step in walk(self.seed):
            if day.app._exit:
                return self._gone(day)
            if step.kind == "wait":
                await _rest(day)
                await day.clock.advance(step.gap)
                continue
            self._do(day, step)
            await self._pass(day)
            self.visited.add(type(day.app.screen).__name__)
        return await self._probe(day)

    def _do(self, day: Day, step: Step) -> None:
        self.keys += 1
        if self.transcript is not None:
            self.transcript.append(f"{type(day.app.screen).__name__:20} {step.kind} {step.what!r}")
        event: events.Event
        match step.kind:
            case "resize":
                size = Size(*step.size)
                event = events.Resize(size, size)
            case "paste":
                event = events.Paste(step.what)
            case _:
                letter = step.what if len(step.what) == 1 else LETTERS.get(step.what)
                event = events.Key(_NAMES.get(step.what, step.what), letter)
        event.set_sender(day.app)
        assert day.app._driver is not None
        day.app._driver.send_message(event)

    async def _pass(self, day: Day) -> None:
        """Let something happen before the next key: mostly very little."""
        dice = self.rng.random()
        if dice < 0.5:
            await _turns(day, self.rng.randint(0, 4))
        elif dice < 0.8:
            await _turns(day, self.rng.randint(5, 40))
        elif dice < 0.88:
            await _rest(day)
        else:
            await day.clock.advance(self.rng.uniform(0.0, 2.0))
            day.app.tick()

    async def _probe(self, day: Day) -> tuple[Outcome, str]:
        """Whether it still reacts and shows something, once nothing is wrong any more."""
        self.cluster.weather.calm = True
        for _ in range(24):
            await day.clock.advance(2.5)
            await _rest(day)
        day.app.tick()
        await _rest(day)
        for _ in range(ESCAPES):
            if day.app._exit:
                return self._gone(day)
            if isinstance(day.app.screen, OverviewScreen) and len(day.app.screen_stack) == 2:
                break
            self._do(day, Step("key", "escape", 0.0))
            await _rest(day)
        else:
            return "hung", f"esc does not lead back\n{state_of(day.app)}"
        # One more: it may stand for a filter or a zoom.
        self._do(day, Step("key", "escape", 0.0))
        await _rest(day)
        if isinstance(day.app.screen, LeaveScreen):
            self._do(day, Step("key", "escape", 0.0))
            await _rest(day)
        if (trouble := _looks(day)) is not None:
            return "blank", trouble
        self._do(day, Step("key", "?", 0.0))
        await _rest(day)
        if not isinstance(day.app.screen, HelpScreen):
            return "hung", f"? shows no help\n{state_of(day.app)}"
        return "lives", ""

    def _gone(self, day: Day) -> tuple[Outcome, str]:
        code = day.app.return_code
        if code in (0, None) and day.app._exception is None:
            return "left", ""
        return "ended", f"exit {code}"

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Note what cannot be shown, and what breaks in the engine."""
        handler = _Notes(self.complaints)
        root = logging.getLogger("flinktop")
        root.addHandler(handler)
        try:
            yield
        finally:
            root.removeHandler(handler)


class _Notes(logging.Handler):
    def __init__(self, notes: list[str]) -> None:
        super().__init__(logging.ERROR)
        self.notes = notes

    def emit(self, record: logging.LogRecord) -> None:
        trace = "".join(traceback.format_exception(*record.exc_info, limit=-4)) if record.exc_info else ""
        self.notes.append(f"{trace}{record.getMessage()}")


@contextmanager
def _place() -> Iterator[Path]:
    """A directory of the walk's own, in which it stands, with something to upload."""
    with tempfile.TemporaryDirectory(prefix="flinktop-monkey-") as made:
        place = Path(made)
        (place / "job.jar").write_bytes(b"PK\x05\x06" + bytes(18))
        environ = {name: text for name, text in os.environ.items() if name not in ("TMUX", "NO_COLOR")}
        with chdir(place), mock.patch.dict(os.environ, environ, clear=True):
            yield place / "state"


async def _turns(day: Day, count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)
    screen = day.app.screen
    if screen.is_current and not day.app._batch_count and count > 1:
        # Textual's own timer would: a sixtieth of a second is a long time here.
        screen._on_timer_update()


async def _rest(day: Day) -> None:
    """Until nothing waits but what waits for an answer."""
    calm = 0
    deadline = time.monotonic() + PATIENCE
    while calm < CALM_TURNS:
        await _turns(day, 1)
        screen = day.app.screen
        if screen.is_current and not day.app._batch_count:
            screen._on_timer_update()
        nodes: tuple[Any, ...] = (day.app, *screen.walk_children(with_self=True))
        calm = calm + 1 if all(node._message_queue.empty() for node in nodes) else 0
        if not day.app.key_order.idle or (day.app._batch_count and not day.app._exit):
            # What it waits for takes real time, such as the palette's search.
            await asyncio.sleep(0.001)
            calm = 0
        if time.monotonic() > deadline:
            raise _Stuck(f"it does not come to rest\n{state_of(day.app)}")


def _looks(day: Day) -> str | None:
    """What is wrong with what is seen at the root."""
    text = day.text
    if not day.lines[0].strip() or not day.lines[-1].strip():
        return f"no frame:\n{text}"
    screen = day.app.screen
    broken = [panel for panel in screen.query(Panel) if panel.has_class("-broken")]
    if isinstance(screen, LiveScreen) and broken:
        return f"cannot show {broken}"
    if sum(1 for line in day.lines if line.strip()) < min(3, len(day.lines) - 1):
        return f"almost nothing is shown:\n{text}"
    return None
