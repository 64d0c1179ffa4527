"""Flinktop in a terminal before the server: whether it lives, how soon it reacts, how large it grows."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Final

from tests.hostile.attacks import Attack
from tests.hostile.server import HostileServer
from tests.hostile.texts import MARK
from tests.terminal.monitor import LIVE, STARTS, cpu_seconds
from tests.terminal.pty import Pty
from tests.terminal.witness import witnessed

WALK: Final = (
    *(
        "enter",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "8",
        "enter",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "8",
        "escape",
        "escape",
    ),
    *("M", "enter", "2", "3", "4", "5", "6", "7", "escape", "escape", "J", "2", "3", "4", "5", "6", "escape"),
    *(
        "down",
        "enter",
        "C",
        "2",
        "3",
        "4",
        "enter",
        "enter",
        "escape",
        "escape",
        "escape",
        "escape",
        "O",
        "escape",
    ),
)
"""Keys by which most screens are seen."""
HELP: Final = "─ Keys ─"
PATIENCE: Final = 60.0
"""Seconds after which it is taken to hang, on a machine that is busy with other things."""
MOST_MEGABYTES: Final = 250
CALM: Final = 7
"""Keys that are timed before the first attack: the machine's own pace."""
USUAL_WORK, MOST_WORK = 15, 60
"""So many times the processor time of a calm key, of nineteen keys of twenty and at the most."""
LEAST_WORK: Final = 0.03
"""Seconds: the kernel counts in hundredths."""
BEHIND_ESC: Final = 0.06
"""Seconds until the next key."""
LOOKS: Final = 0.3
"""Seconds for which an attack lasts at the least."""
THEIRS: Final = re.compile(rf"\x1b[^a-zA-Z\x1b]{{0,8}}{MARK}|[\x80-\x9f\u202a-\u202e\u2066-\u2069]")
"""What may not reach the terminal."""


@dataclass(slots=True)
class Figures:
    """What was seen."""

    attacks: int = 0
    answers: int = 0
    """That were attacks."""
    waits: list[float] = field(default_factory=list)
    """Seconds from a key to what it shows."""
    works: list[float] = field(default_factory=list)
    """Seconds of processor time that the program took meanwhile."""
    calm: float = 0.0
    """The same before the first attack: the middle of a few keys."""
    megabytes: float = 0.0
    """At the most (VmHWM)."""
    escapes: int = 0
    worst: str = ""
    """What was sent when it took longest."""

    @property
    def unharmed(self) -> bool:
        """Whether it stayed small and its terminal was its own; that it reacts is why there are figures."""
        return self.megabytes < MOST_MEGABYTES and self.escapes == 0

    @property
    def prompt(self) -> bool:
        """Whether keys took no more work than a person puts up with: not for a test, machines differ."""
        works, calm = sorted(self.works), max(self.calm, LEAST_WORK)
        return works[len(works) * 19 // 20 - 1] < USUAL_WORK * calm and works[-1] < MOST_WORK * calm

    def __str__(self) -> str:
        waits, works = sorted(self.waits), sorted(self.works)
        middle = len(waits) // 2
        return (
            f"{self.attacks} attacks in {self.answers} answers; of {len(waits)} keys one took "
            f"{waits[middle]:.2f} s in the middle, {waits[-1]:.2f} s at the most ({self.worst}), and "
            f"{works[middle]:.2f} and {works[-1]:.2f} s of processor time ({self.calm:.2f} s before); "
            f"{self.megabytes:.0f} MB; {self.escapes} escapes of theirs"
        )


def endure(
    home: Path, attacks: Iterable[Attack], say: Callable[[str], None] = lambda _: None, *, each: int = 1
) -> Figures:
    """Have flinktop go from screen to screen while each attack lasts; AssertionError where it dies.

    Args:
        home: For its files.
        attacks: One after the other.
        say: Told of what is new.
        each: After so many of them it is looked at how soon a key is answered.
    """
    found = Figures()
    pace = threading.Event()
    with HostileServer() as server, witnessed(home, server.url) as pty:
        pty.wait_for(LIVE, STARTS)
        found.calm = sorted(_reaction(pty)[1] for _ in range(CALM))[CALM // 2]
        keys = cycle(WALK)
        for number, attack in enumerate(attacks):
            server.spares, server.attack = number % 4 > 0, attack
            pty.press(next(keys))
            # Read together with an esc, the next key would be taken for one with it.
            pace.wait(BEHIND_ESC)
            pty.press("r")
            pace.wait(LOOKS)
            found.attacks += 1
            if number % each == 0:
                wait, work = _reaction(pty)
                if not found.waits or wait > max(found.waits):
                    found.worst = attack.name
                found.waits.append(wait)
                found.works.append(work)
            assert pty.process.poll() is None, f"{attack.name}: it has ended\n{pty.text}"
            grown = megabytes(pty)
            if grown > found.megabytes:
                found.megabytes = grown
                say(f"{grown:.0f} MB at {attack.name}")
        server.attack = None
        pty.press("r")
        pace.wait(LOOKS)
        found.answers = server.attacked
        found.escapes = len(THEIRS.findall(pty.written.decode("utf-8", "replace")))
        pty.press("ctrl+c")
        pty.wait_for("Leave", PATIENCE)
        pty.press("ctrl+c")
        left = pty.left(PATIENCE)
        assert left.code == 0, left
        assert left.clean, left
    return found


def _reaction(pty: Pty) -> tuple[float, float]:
    """Seconds until the help is shown, and of the program's work for it."""
    began, worked = time.monotonic(), cpu_seconds(pty)
    pty.press("?")
    pty.wait_for(HELP, PATIENCE)
    took = time.monotonic() - began, cpu_seconds(pty) - worked
    pty.press("escape")
    pty.wait_until_gone(HELP, PATIENCE)
    return took


def megabytes(pty: Pty) -> float:
    """The most memory that the program has had."""
    told = Path(f"/proc/{pty.process.pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", told)
    return int(found[1]) / 1024 if found else 0.0
