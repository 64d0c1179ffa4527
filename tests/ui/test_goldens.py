"""Every screen of the simulated cluster looks as it did when somebody last looked at it.

At 120x40 in the dark theme all of them; in the other sizes and themes the four that are looked at all day.
Each look is one walk from screen to screen; a walk goes on where a golden differs, and tells of all of them
at its end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from flinktop.demo.past import MINUTES
from flinktop.engine.journal.event import EventKind
from flinktop.engine.journal.journal import Journal
from flinktop.judgement.finding import Severity
from flinktop.ui.live import LiveScreen
from flinktop.ui.widgets.chart import Chart
from tests.manual_clock import ManualClock
from tests.ui.day import Day, monitor
from tests.ui.golden import check
from tests.ui.judged import asks_nothing
from tests.ui.remembered import STACK, Past

JOB = "orders-enrichment"


@dataclass(frozen=True)
class Look:
    """A size and colours."""

    size: tuple[int, int] = (120, 40)
    theme: str = "dark"
    ascii_only: bool = False

    @property
    def name(self) -> str:
        marks = "-ascii" if self.ascii_only else ""
        return f"{self.size[0]}x{self.size[1]}-{self.theme}{marks}"


@dataclass
class Walk:
    """One look at a screen after the other."""

    day: Day
    look: Look
    write: bool
    differences: list[str]

    async def press(self, *keys: str, seconds: int = 3) -> None:
        await self.day.press(*keys)
        await self.day.wait(seconds)

    async def looks(self, name: str) -> None:
        """Hold the screen against its golden."""
        # A chart is told the time now and then, and drawn anew when its points have moved by a column: when
        # that was last must not matter.
        screen = self.day.app.screen
        if isinstance(screen, LiveScreen):
            screen.tick()
        await self.day.settled()
        for chart in screen.query(Chart):
            chart._drawn_for = ()
            chart._update()
        await self.day.settled()
        try:
            check(self.day.app, f"{name}-{self.look.name}", write=self.write)
        except AssertionError as error:
            self.differences.append(str(error))


async def the_four(walk: Walk) -> None:
    """Overview, job, vertex, checkpoints."""
    await walk.looks("overview")
    await walk.press("slash", *JOB, "enter", "enter", seconds=12)
    await walk.looks("job")
    await walk.press("2", "j", "j", "enter", seconds=12)
    await walk.looks("vertex")
    await walk.press("c")
    await walk.looks("checkpoints")


async def all_of_them(walk: Walk) -> None:
    """Every screen, every tab."""
    await walk.looks("overview")
    await walk.press("slash", *JOB, "enter", "enter", seconds=12)
    await walk.looks("job")
    await walk.press("question_mark")
    await walk.looks("help")
    await walk.press("escape", "2")
    await walk.looks("job-vertices")
    for number, command in enumerate(walk.day.app.screen.TABS[2:], 3):  # type: ignore[attr-defined]
        await walk.press(str(number))
        await walk.looks(f"job-{command.id.removeprefix('tab_')}")
    await walk.press("2", "g", "j", "j", "enter", seconds=12)
    await walk.looks("vertex")
    for number, command in enumerate(walk.day.app.screen.TABS[1:], 2):  # type: ignore[attr-defined]
        await walk.press(str(number))
        await walk.looks(f"vertex-{command.id.removeprefix('tab_')}")
    await walk.press("1", "enter", seconds=12)
    await walk.looks("subtask")
    for number, command in enumerate(walk.day.app.screen.TABS[1:], 2):  # type: ignore[attr-defined]
        await walk.press(str(number), seconds=6)
        await walk.looks(f"subtask-{command.id.removeprefix('tab_')}")
    await walk.press("escape", "escape", "c")
    await walk.looks("checkpoints")
    for number, command in enumerate(walk.day.app.screen.TABS[1:], 2):  # type: ignore[attr-defined]
        await walk.press(str(number))
        await walk.looks(f"checkpoints-{command.id.removeprefix('tab_')}")
    await walk.press("1", "g", "j", "enter")
    await walk.looks("checkpoint")
    await walk.press("enter")
    await walk.looks("checkpoint-vertex")


async def the_cluster(walk: Walk) -> None:
    """An exception, the machines, what was handed to the cluster."""
    await walk.press("slash", *JOB, "enter", "enter", "4", seconds=12)
    await walk.press("enter")
    await walk.looks("fault")
    await walk.press("escape", "escape", "M", seconds=12)
    await walk.looks("taskmanagers")
    await walk.press("enter", seconds=12)
    await walk.looks("taskmanager")
    await tabs(walk, "taskmanager")
    await walk.press("escape", "J", seconds=12)
    await walk.looks("jobmanager")
    await tabs(walk, "jobmanager")
    await walk.press("escape", "escape", "colon", *"jars", "enter")
    await walk.looks("jars")
    await tabs(walk, "jars")
    await walk.press("2", "enter")
    await walk.looks("application")
    await tabs(walk, "application")
    await walk.press("escape", "escape", "O")
    await walk.looks("operations")


async def what_happened(walk: Walk) -> None:
    """Alerts, the timeline, a failure that Flink has forgotten, and its job, which is gone."""
    await walk.press("exclamation_mark", seconds=12)
    await walk.looks("alerts")
    await walk.press("x")
    await walk.looks("mute")
    past = Past(walk.day)
    gone = {"job": "f" * 32, "job_name": "billing"}
    orders = {"job": walk.day.cluster.job(JOB), "job_name": JOB}
    await past.happened(
        *(past.event(kind, f"words of {kind}", 3.0 * number) for number, kind in enumerate(EventKind)),
        *(
            past.event(kind, f"words of {kind}", 900.0 + number, **orders)
            for number, kind in enumerate(EventKind)
        ),
        *(
            past.event(EventKind.FAILURE, "job failed: disk full", ago, stack=STACK, group="disk", **gone)
            for ago in (4000, 30, 10)
        ),
    )
    last = {"words": "failed: disk full", "severity": Severity.CRITICAL, "checkpoint": "s3://b/chk-1"}
    await past.knew(past.job(**gone, **last, checkpointed=past.now - 9e6, restarts=2))
    await walk.press("escape", "T")
    await walk.looks("timeline")
    await walk.press("slash", *"job:billing", "enter", "enter")
    await walk.looks("event")
    await walk.press("enter")
    await walk.looks("job-gone")


async def tabs(walk: Walk, name: str) -> None:
    """All tabs but the first."""
    for number, command in enumerate(walk.day.app.screen.TABS[1:], 2):  # type: ignore[attr-defined]
        await walk.press(str(number), seconds=6)
        await walk.looks(f"{name}-{command.id.removeprefix('tab_')}")


WALKS: tuple[tuple[Look, Callable[[Walk], Awaitable[None]]], ...] = (
    (Look(), all_of_them),
    (Look(), the_cluster),
    (Look(), what_happened),
    (Look((80, 24)), the_four),
    (Look((80, 24)), what_happened),
    (Look((200, 60)), the_four),
    (Look(theme="light"), the_four),
    (Look(theme="ansi-dark"), the_four),
    (Look(ascii_only=True), the_four),
    (Look(ascii_only=True), what_happened),
)

FAST = ((Look(), all_of_them), (Look(), what_happened), (Look((80, 24)), what_happened))


@pytest.mark.parametrize(
    ("look", "places"),
    [
        pytest.param(
            look,
            places,
            marks=() if (look, places) in FAST else pytest.mark.deep,
            id=f"{places.__name__}-{look.name}",
        )
        for look, places in WALKS
    ],
)
async def test_screens_look_as_they_did(
    look: Look, places: Callable[[Walk], Awaitable[None]], *, write_goldens: bool
) -> None:
    # When the judge asks depends on all of its rules: pictures would move with each of them.
    clock = ManualClock()
    journal = Journal(None, clock, inline=True)
    with asks_nothing():
        async with monitor(
            "2.3.0",
            look.size,
            demo="mixed",
            minutes=MINUTES,
            theme=look.theme,
            ascii_only=look.ascii_only,
            clock=clock,
            journal=journal,
        ) as day:
            walk = Walk(day, look, write_goldens, [])
            await places(walk)
            assert not walk.differences, "\n\n".join(walk.differences)
