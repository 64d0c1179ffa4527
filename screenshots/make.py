"""Makes the pictures: the screens of the simulated cluster, and acts on a played one, as SVG.

Usage: python -m screenshots.make [PATTERN]

writes <screen>-<size>-<theme>.svg beside itself, or those whose name the pattern is found in. The simulated
cluster is deterministic and its clock is held: the same code makes the same pictures.
"""

from __future__ import annotations

import asyncio
import random
import re
import sys
from contextlib import ExitStack, chdir
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from unittest import mock

from flinktop.demo.past import MINUTES
from flinktop.engine.journal.journal import Journal
from tests.manual_clock import ManualClock
from tests.ui.acting import acting
from tests.ui.day import Day, monitor
from tests.ui.fleet_day import company, fleet_of
from tests.ui.kubernetes_day import company_states

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).resolve().parent
SCENARIO, RELEASE = "mixed", "2.3.0"
ACTING = "1.20.5"
SIZES = ((120, 40), (80, 24))
THEMES = ("dark", "light")
FIGURES = 12
"""Seconds after which a newly opened screen has its first metrics."""
VERDICTS = 120
"""Seconds after which what is wrong has lasted long enough to be said."""


@dataclass(frozen=True)
class Place:
    """A screen or a tab of one, and the keys that lead there from the one before."""

    name: str
    keys: tuple[str, ...] = ()
    light: bool = False
    """Whether it is shown in the light theme too."""
    seconds: int = FIGURES
    """Until it has what it asks for."""


def tab(name: str, number: int) -> Place:
    """A tab of the screen that is open."""
    return Place(name, (str(number),))


WALK = (
    Place("overview", light=True, seconds=VERDICTS),
    Place("help", ("question_mark",)),
    Place("palette", ("escape", "colon")),
    Place("job", ("escape", "slash", *"orders-e", "enter", "enter"), light=True),
    tab("vertices", 2),
    Place("charts", ("3",), light=True),
    tab("exceptions", 4),
    Place("fault", ("enter",)),
    Place("job-timeline", ("escape", "5")),
    tab("configuration", 6),
    tab("accumulators", 7),
    tab("metrics", 8),
    Place("vertex", ("2", "j", "j", "enter"), light=True),
    Place("plan", ("i",)),
    Place("vertex-backpressure", ("escape", "2")),
    tab("vertex-watermarks", 3),
    tab("vertex-taskmanagers", 4),
    tab("vertex-accumulators", 5),
    tab("vertex-metrics", 6),
    tab("vertex-timeline", 7),
    tab("flame-graph", 8),
    tab("vertex-charts", 9),
    Place("subtask", ("1", "enter")),
    tab("subtask-metrics", 2),
    Place("checkpoints", ("escape", "c"), light=True),
    tab("checkpoints-charts", 2),
    tab("checkpoints-summary", 3),
    tab("checkpoints-configuration", 4),
    Place("checkpoint", ("1", "j", "enter"), light=True),
    Place("checkpoint-vertex", ("enter",), light=True),
    Place("taskmanagers", ("escape", "escape", "escape", "escape", "escape", "escape", "M")),
    Place("taskmanager", ("enter",)),
    tab("taskmanager-charts", 2),
    tab("taskmanager-metrics", 3),
    tab("taskmanager-slots", 4),
    tab("taskmanager-log", 5),
    tab("taskmanager-files", 7),
    Place("log-file", ("enter",)),
    Place("taskmanager-threads", ("escape", "8")),
    tab("taskmanager-profiler", 9),
    Place("jobmanager", ("escape", "J")),
    tab("jobmanager-configuration", 4),
    tab("jobmanager-log", 5),
    Place("jars", ("escape", "colon", *"jars", "enter")),
    tab("applications", 2),
    Place("application", ("enter",)),
    Place("datasets", ("escape", "3")),
    Place("rescales", ("escape", "colon", *"job search", "enter", "5")),
    Place("why", ("escape", "colon", *"job clickstream", "enter", "v"), light=True, seconds=VERDICTS),
    Place("job-history", ("escape", "9")),
    Place("alerts", ("exclamation_mark",)),
    Place("mute", ("x",)),
    Place("timeline", ("escape", "T", "j", "j")),
    Place("wall", ("ctrl+w",)),
)
WELL = (Place("wall-healthy", ("ctrl+w",)),)
"""On a cluster that is healthy."""
SEVERAL = (Place("fleet", seconds=VERDICTS), Place("fleet-jobs", ("2",)))
"""On several clusters."""
KUBERNETES = (Place("fleet-kubernetes", seconds=VERDICTS),)
"""On several clusters of which Kubernetes knows more: their pods, and what the operator says of them."""


ACTS = (
    Place("actions", ("a",), seconds=3),
    Place("stop", ("enter",), seconds=3),
    Place("savepoint", ("escape", "down", "enter"), seconds=3),
    # To the button, past the fields.
    Place("under-way", ("tab", "enter"), seconds=1),
    Place("operations", ("O",), seconds=20),
    Place("operation", ("enter",), seconds=3),
    Place("run-again", ("escape", "a", "enter"), seconds=3),
    Place(
        "upload",
        ("escape", "escape", "escape", "colon", *"jars", "enter", "a", "down", "down", "enter"),
        seconds=3,
    ),
    Place("run-jar", ("escape", "escape", "enter"), seconds=3),
    # The button stands behind five fields and the one that goes back; the jar's main() is asked about first.
    Place("plan-preview", (*("tab",) * 6, "enter", "tab", "enter"), seconds=3),
)
"""On a cluster to which things can be done; what was asked of it is real, what it answers is played."""


async def take(size: tuple[int, int], theme: str, pattern: re.Pattern[str]) -> None:
    """Walk from screen to screen and save each."""
    clock = ManualClock()
    journal = Journal(None, clock, inline=True)
    async with monitor(RELEASE, size, demo=SCENARIO, theme=theme, clock=clock, journal=journal) as day:
        await walk(day, WALK, size, theme, pattern)
    clock = ManualClock()
    async with monitor(RELEASE, size, demo="healthy", theme=theme, clock=clock) as day:
        # Until each job has its verdict.
        await day.wait(VERDICTS)
        await walk(day, WELL, size, theme, pattern)
    clock = ManualClock()
    clusters, profiles = company(clock)
    async with fleet_of(clusters, clock, size, profiles=profiles, theme=theme, minutes=MINUTES) as day:
        await walk(day, SEVERAL, size, theme, pattern)
    clock = ManualClock()
    clusters, profiles = company(clock)
    async with fleet_of(clusters, clock, size, profiles=profiles, theme=theme, minutes=MINUTES) as day:
        for name, state in company_states(clock).items():
            day.port_of(name).set_kubernetes(state)
        await walk(day, KUBERNETES, size, theme, pattern)
    if theme == "dark":
        with ExitStack() as held:
            # Who asks, under which numbers, and which jars lie there.
            drawn = random.Random(1)  # noqa: S311 -- for pictures
            held.enter_context(mock.patch("flinktop.engine.host.os.urandom", drawn.randbytes))
            held.enter_context(
                mock.patch("flinktop.engine.operations.current_user", return_value="ops@bastion")
            )
            here = Path(held.enter_context(TemporaryDirectory()))
            held.enter_context(chdir(here))
            (here / "orders-enrichment-1.4.jar").touch()
            async with acting(ACTING, size, theme=theme) as day:
                await day.wait(FIGURES)
                await walk(day, ACTS, size, theme, pattern)


async def walk(
    day: Day, places: Sequence[Place], size: tuple[int, int], theme: str, pattern: re.Pattern[str]
) -> None:
    """Go from place to place."""
    for place in places:
        await day.press(*place.keys)
        await day.wait(place.seconds)
        name = f"{place.name}-{size[0]}x{size[1]}-{theme}"
        if pattern.search(name) and (place.light or theme == "dark"):
            save(day, name)


def save(day: Day, name: str) -> None:
    """Write what is on the screen."""
    path = HERE / f"{name}.svg"
    path.write_text(day.app.export_screenshot(title="flinktop"), encoding="utf-8")
    print(path.name, flush=True)


def main() -> None:
    """Read the command line and make the pictures."""
    pattern = re.compile(sys.argv[1] if len(sys.argv) > 1 else "")
    for size in SIZES:
        for theme in THEMES:
            asyncio.run(take(size, theme, pattern))


if __name__ == "__main__":
    main()
