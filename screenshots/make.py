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
    """A screen, and the keys that lead there from the one before."""

    name: str
    keys: tuple[str, ...] = ()


WALK = (
    Place("overview"),
    Place("job", ("slash", *"orders", "enter", "enter")),
    Place("charts", ("3",)),
    Place("vertex", ("2", "j", "j", "enter")),
    Place("checkpoints", ("c",)),
    Place("checkpoint", ("j", "enter")),
    Place("checkpoint-vertex", ("enter",)),
)


async def take(size: tuple[int, int], theme: str, pattern: re.Pattern[str]) -> None:
    """Walk from screen to screen and save each."""
    async with monitor(RELEASE, size, demo=SCENARIO, theme=theme) as day:
        for place in WALK:
            await day.press(*place.keys)
            await day.wait(FIGURES)
            name = f"{place.name}-{size[0]}x{size[1]}-{theme}"
            if pattern.search(name):
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
