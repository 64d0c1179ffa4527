"""A program in a pty, measured from outside: when it paints, what it costs, how soon it answers a key."""

from __future__ import annotations

import os
import re
import select
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.terminal.pty import Pty
from tests.terminal.screen import TerminalScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

QUIET = 0.060
"""Seconds without output before a key is pressed."""
KEY_SECONDS = 1.5
"""Seconds in which a key must show something."""
READY_SECONDS = 60.0
"""Seconds in which a program must show what is to be measured."""
TICKS = os.sysconf("SC_CLK_TCK")
SETTLE = 6.0
"""Seconds between the first full screen and the measured ones."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is run, and how to bring it to what is to be measured."""

    name: str
    command: Sequence[str]
    ready: str
    """A pattern of the screen that is to be measured."""
    keys: Sequence[str] = ()
    """Pressed in turn."""
    steps: Sequence[tuple[str, Sequence[str]]] = ()
    """(pattern to wait for, keys to press then), before `ready`."""
    checkout: Path | None = None
    """Where another flinktop is to be run from; None is the one that these tests belong to."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One run. Times in s, key delays in ms, sizes in MB, output in kB."""

    first_paint: float
    ready: float
    cpu_per_minute: float
    written_per_minute: float
    rss: float
    pss: float
    delays: tuple[float, ...]
    missed: int
    load: float
    """What waited for the machine's cores at that time."""


class Watched(Pty):
    """A pty whose reader writes down when each piece of output came.

    It makes a screen of the output only while somebody looks: the terminal's model must not compete with the
    program that is measured.
    """

    def __init__(
        self, command: Sequence[str], *, columns: int, rows: int, home: Path, checkout: Path | None = None
    ) -> None:
        self.chunks: list[tuple[float, bytes]] = []
        self.looking = True
        self._size_at_start = columns, rows
        self.began = time.perf_counter()
        super().__init__(command, columns=columns, rows=rows, environ={"HOME": str(home)}, cwd=checkout)

    def _read(self) -> None:
        while not self._ending:
            ready, _, _ = select.select([self._wake_read, self._master], [], [])
            if self._wake_read in ready:
                os.read(self._wake_read, 1)
                continue
            try:
                data = os.read(self._master, 65_536)
            except OSError:
                data = b""
            at = time.perf_counter()
            if not data:
                break
            with self._news:
                self.chunks.append((at, data))
                answers = self._screen.feed(data) if self.looking else b""
                self._news.notify_all()
            if answers:
                os.write(self._master, answers)
        with self._news:
            self._ending = True
            self._news.notify_all()

    def replay(self) -> Iterator[tuple[float, TerminalScreen]]:
        """The screen after each piece of output, with the time it came at."""
        screen = TerminalScreen(*self._size_at_start)
        for at, data in self.chunks:
            screen.feed(data)
            yield at, screen

    def first(self, shows: Callable[[str], bool]) -> float:
        """Seconds from the start until the screen first showed something."""
        return next(at for at, screen in self.replay() if shows(screen.text)) - self.began

    def output_between(self, since: float, until: float) -> int:
        """Bytes written to the terminal in a stretch of time."""
        return sum(len(data) for at, data in self.chunks if since <= at < until)

    def cpu(self) -> float:
        """Seconds of CPU used so far by the program and the children it has waited for."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8", errors="replace")
        fields = stat[stat.rindex(")") + 2 :].split()
        return sum(map(int, fields[11:15])) / TICKS

    def memory(self) -> tuple[float, float]:
        """RSS and PSS in MB; PSS shares what other processes use too among them."""
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text(encoding="utf-8")
        found = dict(re.findall(r"^(Rss|Pss):\s+(\d+)", text, re.MULTILINE))
        return int(found["Rss"]) / 1000, int(found["Pss"]) / 1000

    def wait_until_quiet(self) -> None:
        """Wait until nothing has been written for `QUIET`, but no longer than a key may take."""
        deadline = time.perf_counter() + KEY_SECONDS
        with self._news:
            while (now := time.perf_counter()) < deadline and not self._ending:
                last = self.chunks[-1][0] if self.chunks else 0.0
                if now - last >= QUIET:
                    return
                self._news.wait(QUIET - (now - last))

    def press_and_wait(self, key: str) -> float:
        """Press a key, and wait until something was written and it is quiet again; when it was pressed."""
        self.wait_until_quiet()
        pressed = time.perf_counter()
        self.press(key)
        with self._news:
            self._news.wait_for(lambda: self.chunks[-1][0] > pressed or self._ending, KEY_SECONDS)
        return pressed

    def delays(self, pressed: Sequence[float]) -> tuple[float, ...]:
        """Milliseconds from each key to the first change of the screen's backgrounds: the cursor has moved.

        A clock on the screen changes letters, not backgrounds. Keys that changed nothing are left out.
        """
        found: list[float] = []
        waiting: float | None = None
        keys = list(pressed)
        before: list[str] = []
        for at, screen in self.replay():
            after = _backgrounds(screen)
            if keys and at > keys[0]:
                waiting = keys.pop(0)
            if waiting is not None and after != before and at - waiting < KEY_SECONDS:
                found.append((at - waiting) * 1000)
                waiting = None
            before = after
        return tuple(found)


def _shows(pattern: re.Pattern[str], text: str) -> bool:
    return pattern.search(text) is not None


def _backgrounds(screen: TerminalScreen) -> list[str]:
    cells, columns = screen._screen.buffer, range(screen._screen.columns)
    return [cells[y][x].bg for y in range(screen._screen.lines) for x in columns]


def measure(
    program: Program,
    *,
    size: tuple[int, int],
    seconds: float,
    keys: int,
    home: Path,
    settle: float = SETTLE,
) -> Figures:
    """Run a program once; it is measured so many seconds, `settle` after it shows what is to be measured."""
    return measure_together([program], size=size, seconds=seconds, keys=keys, home=home, settle=settle)[0]


def measure_together(
    programs: Sequence[Program],
    *,
    size: tuple[int, int],
    seconds: float,
    keys: int,
    home: Path,
    settle: float = SETTLE,
) -> list[Figures]:
    """Run programs at the same time, each once: what else the machine does is the same for all of them.

    They are started one after the other, and measured so many seconds, `settle` after the last one shows what
    is to be measured. Then keys are pressed, one in each program in turn.
    """
    columns, rows = size
    with ExitStack() as running:
        watched: list[Watched] = []
        for program in programs:
            one = running.enter_context(
                Watched(program.command, columns=columns, rows=rows, home=home, checkout=program.checkout)
            )
            watched.append(one)
            for pattern, pressed in program.steps:
                one.wait_for(re.compile(pattern), READY_SECONDS)
                one.press(*pressed)
            one.wait_for(re.compile(program.ready), READY_SECONDS)
            one.looking = False
        time.sleep(settle)
        began, cpu = time.perf_counter(), [one.cpu() for one in watched]
        time.sleep(seconds)
        ended, used = time.perf_counter(), [one.cpu() - cpu[at] for at, one in enumerate(watched)]
        memory, load = [one.memory() for one in watched], os.getloadavg()[0]
        moments: list[list[float]] = [[] for _ in programs]
        for number in range(keys):
            for program, one, pressed_at in zip(programs, watched, moments, strict=True):
                if program.keys:
                    pressed_at.append(one.press_and_wait(program.keys[number % len(program.keys)]))
        for one in watched:
            one.wait_until_quiet()
        written = [one.output_between(began, ended) for one in watched]
    found = []
    minutes = (ended - began) / 60
    for at, one in enumerate(watched):
        delays = one.delays(moments[at])
        found.append(
            Figures(
                first_paint=one.first(lambda text: bool(text.strip())),
                ready=one.first(partial(_shows, re.compile(programs[at].ready))),
                cpu_per_minute=used[at] / minutes,
                written_per_minute=written[at] / 1000 / minutes,
                rss=memory[at][0],
                pss=memory[at][1],
                delays=delays,
                missed=len(moments[at]) - len(delays),
                load=load,
            )
        )
    return found
