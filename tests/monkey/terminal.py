"""A walk in a terminal: flinktop as a process of its own, on a cluster behind a socket, in real time."""

from __future__ import annotations

import contextlib
import random
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.monkey.cluster import ServedCluster
from tests.monkey.faults import Weather
from tests.monkey.result import Outcome, Result
from tests.monkey.walk import ASKS, LEAVES, LONGEST_GAP, Step, first_size, walk
from tests.terminal.monitor import QUESTION, STARTS, log_of, session_of
from tests.terminal.pty import Pty
from tests.terminal.witness import told, witnessed

QUITS: Final = 3.0
"""Seconds that quitting takes at the most."""
REACTS: Final = 60.0
"""Seconds for a reaction, on a machine that is busy with other things."""
LEADS_BACK: Final = 60.0
"""Seconds in which esc leads back to the overview."""
AGAIN: Final = 20.0
"""Seconds until a key is pressed again: the esc before it would close a help that comes late."""
CALM: Final = 0.3
"""Seconds between two of them."""
ASKED: Final = 12
"""Keys behind one that may have asked to leave, of which none leaves."""
LEAVE: Final = QUESTION[:11]
"""What is seen of the question on the smallest terminal."""
HELP: Final = "─ Keys ─"
FOOTER: Final = re.compile(r"\? help")
FILTER: Final = re.compile(r"^ / ", re.MULTILINE)
"""The line in which a filter is typed."""
SEEN: Final = {
    "leave": re.compile(LEAVE),
    "help": re.compile(HELP),
    "palette": re.compile("^▔▔▔", re.MULTILINE),
    "actions": re.compile("─ Actions ─"),
    "write": re.compile("Write this view"),
    "upload": re.compile("─ Upload a jar ─"),
    "run a jar": re.compile("─ Run a jar ─"),
    "which jar": re.compile(r"Which jar\?"),
    "restore from": re.compile("─ Restore from ─"),
    "plan": re.compile("─ Plan ─"),
    "change parallelism": re.compile("─ Change parallelism ─"),
    "profiler run": re.compile("Start a profiler run"),
    "what it does": re.compile("─ What it does ─"),
    "overview": re.compile(r"^ flinktop [^▸>]*$", re.MULTILINE),
    "TaskManagers": re.compile(r"[▸>] TaskManagers", re.MULTILINE),
    "JobManager": re.compile(r"[▸>] JobManager"),
    "jars": re.compile(r"[▸>] jars"),
    "applications": re.compile(r"[▸>] applications"),
    "datasets": re.compile(r"[▸>] datasets"),
    "operations": re.compile(r"[▸>] operations"),
    "checkpoints": re.compile(r"[▸>] checkpoints"),
    "checkpoint": re.compile(r"[▸>] (?:check|save)point \d"),
    "subtask": re.compile(r"[▸>] subtask \d"),
    "job": re.compile(r"^ flinktop [^▸>]*[▸>] [^▸>]*\[test\]", re.MULTILINE),
    "second level": re.compile(r"^ flinktop [^▸>]*[▸>][^▸>]*[▸>][^▸>]*$", re.MULTILINE),
    "third level": re.compile(r"^ flinktop [^▸>]*[▸>][^▸>]*[▸>][^▸>]*[▸>]", re.MULTILINE),
}
"""What is on the screen, by what it says."""


class _Bad(Exception):  # noqa: N818 -- it says what happened
    """The walk is not as it should be."""

    def __init__(self, outcome: Outcome, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome


def in_terminal(seed: int, transcript: list[str] | None = None, quits_within: float = QUITS) -> Result:
    """Take one walk, and quit behind it."""
    return _InTerminal(seed, transcript, hanging=False, quits_within=quits_within).take()


def quits(seed: int, transcript: list[str] | None = None) -> Result:
    """Take a short walk, let all requests hang, and quit."""
    return _InTerminal(seed, transcript, hanging=True, quits_within=QUITS).take()


class _InTerminal:
    def __init__(
        self, seed: int, transcript: list[str] | None, *, hanging: bool, quits_within: float
    ) -> None:
        self.seed = seed
        self.transcript = transcript
        self.hanging = hanging
        self.quits_within = quits_within
        self.rng = random.Random(f"quit {seed}")  # noqa: S311 -- a monkey, not a secret
        self.weather = Weather(seed)
        self.keys = 0
        self.visited: set[str] = set()
        self.quit_seconds = 0.0
        self.pace = threading.Event()

    def take(self) -> Result:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="flinktop-monkey-") as made:
            place = Path(made)
            (place / "job.jar").write_bytes(b"PK\x05\x06" + bytes(18))
            outcome, detail = self._walk(place)
            log = log_of(place)
        broken = re.search(
            r"^.*(?:cannot show its facts|was closed by an error|an operation broke)(?:.*\n){1,60}",
            log,
            re.MULTILINE,
        )
        if outcome in ("lives", "left") and broken:
            outcome, detail = "broken", broken[0]
        elif outcome not in ("lives", "left"):
            detail = f"{detail}\n{log[-2000:]}"
        return Result(
            self.seed,
            outcome,
            self.keys,
            dict(self.weather.drawn),
            tuple(sorted(self.visited)),
            quit_seconds=self.quit_seconds,
            seconds=time.monotonic() - began,
            detail=detail,
        )

    def _walk(self, place: Path) -> tuple[Outcome, str]:
        columns, rows = first_size(self.seed)
        with (
            ServedCluster(self.seed, self.weather) as cluster,
            witnessed(place, cluster.url, columns=columns, rows=rows, cwd=place) as pty,
        ):
            try:
                pty.wait_for(FOOTER, STARTS)
                if not (self._hang(pty) if self.hanging else self._roam(pty)):
                    return "left", ""
                if not self.hanging:
                    self._probe(pty)
                self._quit(pty)
            except _Bad as bad:
                return bad.outcome, f"{bad}\n{told(pty, place)}"
            except AssertionError as error:
                return "hung", f"{error}\n{told(pty, place)}"
            except OSError as error:
                # The terminal's other side is gone.
                return self._gone(pty, str(error))
            return "lives", ""

    def _roam(self, pty: Pty) -> bool:
        """Type the walk; whether flinktop lives at its end."""
        for step in self._safe(pty, walk(self.seed)):
            self._do(pty, step)
            self.pace.wait(step.gap)
            self._look(pty)
        return self._lives(pty)

    def _hang(self, pty: Pty) -> bool:
        """A part of the walk, in which the cluster falls silent; whether flinktop lives at its end."""
        count = self.rng.randint(0, 40)
        silent = self.rng.randint(0, count)
        for number, step in enumerate(self._safe(pty, walk(self.seed, count))):
            if number == silent:
                self.weather.hangs = True
            self._do(pty, step)
            self.pace.wait(step.gap)
        self.weather.hangs = True
        self.pace.wait(self.rng.choice((0.0, 0.1, 1.0, 3.0)))
        self._look(pty)
        return self._lives(pty)

    def _safe(self, pty: Pty, steps: Iterator[Step]) -> Iterator[Step]:
        """The steps without those that would leave, as long as flinktop lives."""
        asked = 0
        for step in steps:
            if pty.process.poll() is not None:
                return
            if LEAVE in pty.text:
                # The walk's own esc was taken for the beginning of another key.
                asked = ASKED
                yield Step("key", "escape", LONGEST_GAP)
            if asked and step.what in LEAVES:
                continue
            asked = ASKED if step.what in ASKS else max(0, asked - 1)
            yield step

    def _lives(self, pty: Pty) -> bool:
        if pty.process.poll() is None:
            return True
        outcome, detail = self._gone(pty, "")
        if outcome != "left":
            raise _Bad(outcome, detail)
        return False

    def _do(self, pty: Pty, step: Step) -> None:
        self.keys += 1
        if self.transcript is not None:
            self.transcript.append(f"{step.kind} {step.what!r} {step.gap:.3f}")
        match step.kind:
            case "resize":
                pty.resize(*step.size)
            case "wait":
                pass
            case "paste":
                pty.write(f"\x1b[200~{step.what}\x1b[201~")
            case _:
                pty.press(step.what)

    def _look(self, pty: Pty) -> None:
        text = pty.text
        self.visited.update(name for name, looks in SEEN.items() if looks.search(text))

    def _probe(self, pty: Pty) -> None:
        """Whether it still reacts and shows something, once nothing is wrong any more."""
        self.weather.calm = True
        pty.resize(120, 40)
        self._to_the_root(pty)
        if not FOOTER.search(pty.text):
            raise _Bad("blank", f"no frame:\n{pty.text}")
        deadline = time.monotonic() + REACTS
        while HELP not in pty.text:
            self._check_alive(pty)
            if time.monotonic() > deadline:
                raise _Bad("hung", f"? shows no help:\n{pty.text}")
            # Pressed again: behind the last esc it may have been taken for one key with it, and what the walk
            # typed ahead may have opened a field only now, which takes it as a letter.
            pty.press("?")
            with contextlib.suppress(AssertionError):
                pty.wait_for(HELP, AGAIN)
                break
            self._to_the_root(pty)
        pty.press("escape")
        pty.wait_until_gone(HELP, REACTS)

    def _to_the_root(self, pty: Pty) -> None:
        """Press esc until the overview is seen for a while with nothing before it."""
        deadline = time.monotonic() + LEADS_BACK
        while time.monotonic() < deadline:
            self._check_alive(pty)
            if _at_the_root(pty.text):
                self.pace.wait(CALM)
                if _at_the_root(pty.text):
                    return
            pty.press("escape")
            self.pace.wait(CALM)
        raise _Bad("hung" if pty.text.strip() else "blank", f"esc does not lead back:\n{pty.text}")

    def _quit(self, pty: Pty) -> None:
        """Quit as a person does, and see what is left."""
        self._check_alive(pty)
        pty.press("ctrl+c")
        pty.wait_for(LEAVE, REACTS)
        asked = time.monotonic()
        pty.press("ctrl+c")
        left = pty.left(4 * QUITS)
        self.quit_seconds = time.monotonic() - asked
        if self.quit_seconds > self.quits_within:
            raise _Bad("slow to quit", f"{self.quit_seconds:.1f} s")
        if left.code != 0 or not left.clean:
            raise _Bad("ended", f"it left {left}:\n{pty.text}")
        if session_of(pty):
            raise _Bad("ended", f"it left processes: {session_of(pty)}")

    def _check_alive(self, pty: Pty) -> None:
        if pty.process.poll() is not None:
            raise _Bad(*self._gone(pty, "while it was looked at"))

    def _gone(self, pty: Pty, words: str) -> tuple[Outcome, str]:
        left = pty.left(4 * QUITS)
        # Nothing but the answer to its question ends it with 0.
        if left.code == 0 and left.clean:
            return "left", ""
        return "ended", f"{words} {left}:\n{pty.text}"


def _at_the_root(text: str) -> bool:
    """Whether this is the overview, whose boxes are as wide as the terminal, and nothing takes its keys."""
    boxes = any(line.find("╭") > 0 for line in text.splitlines())
    covered = boxes or SEEN["palette"].search(text) or FILTER.search(text)
    return SEEN["overview"].search(text) is not None and not covered
