"""Makes the pictures: the screens of the simulated cluster, as SVG.

Usage: python -m screenshots.make [PATTERN]

writes <screen>-<size>-<theme>.svg beside itself, or those whose name the pattern is found in. The simulated
cluster is deterministic and its clock is held: the same code makes the same pictures.
"""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.ui.day import Day, monitor

HERE = Path(__file__).parent
SCENARIO, RELEASE = "mixed", "2.3.0"
SIZES = ((120, 40), (80, 24))
THEMES = ("dark", "light")
FIGURES = 12
"""Seconds after which a newly opened screen has its first metrics."""


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
    Place("overview", light=True),
    Place("help", ("question_mark",)),
    Place("palette", ("escape", "colon")),
    Place("job", ("escape", "slash", *"orders", "enter", "enter"), light=True),
    Place("charts", ("3",), light=True),
    tab("exceptions", 4),
    tab("timeline", 5),
    tab("configuration", 6),
    tab("accumulators", 7),
    tab("metrics", 8),
    Place("vertex", ("2", "j", "j", "enter"), light=True),
    tab("vertex-backpressure", 2),
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
    tab("taskmanager-threads", 8),
    tab("taskmanager-profiler", 9),
    Place("jobmanager", ("escape", "J")),
    tab("jobmanager-configuration", 4),
    tab("jobmanager-log", 5),
    Place("jars", ("escape", "colon", *"jars", "enter")),
    tab("applications", 2),
    Place("application", ("enter",)),
    Place("datasets", ("escape", "3")),
)


async def take(size: tuple[int, int], theme: str, pattern: re.Pattern[str]) -> None:
    """Walk from screen to screen and save each."""
    async with monitor(RELEASE, size, demo=SCENARIO, theme=theme) as day:
        for place in WALK:
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
