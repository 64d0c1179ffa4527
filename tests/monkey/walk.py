"""What the monkey types: a walk is made of its seed alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

KEYS: Final = 200
"""Keys of a walk."""
LONGEST_GAP: Final = 0.05
"""Seconds between two keys at the most."""
BEHIND_ESC: Final = 0.04
LOOK: Final = "look"
"""In a macro: what a person does before they press the button of an act, which takes no earlier enter."""
LOOK_SECONDS: Final = 0.5
SIZES: Final = ((120, 40), (80, 24), (200, 60), (100, 30), (40, 12), (20, 6), (180, 45))

Kind = Literal["key", "paste", "resize", "wait"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the monkey does, and how long it waits afterwards (s)."""

    kind: Kind
    what: str
    """A key by its name or letter, a text, or columns and rows; "" of a wait."""
    gap: float

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        columns, _, rows = self.what.partition("x")
        return int(columns), int(rows)


_SINGLE: Final = {
    "enter": 16,
    "escape": 10,
    "down": 10,
    "up": 4,
    "right": 3,
    "left": 3,
    "tab": 6,
    "shift+tab": 2,
    "space": 3,
    "backspace": 3,
    "delete": 1,
    "home": 1,
    "end": 1,
    "pageup": 1,
    "pagedown": 2,
    "f1": 1,
    **dict.fromkeys("123456789", 3),
    **dict.fromkeys("aclOMJ", 4),
    **dict.fromkeys("dywzfFP?", 2),
    **dict.fromkeys("/:<>nN&vVuTepxbisSjkgGtmWr+-,.q!0[]", 1),
    "ctrl+c": 1,
    "ctrl+p": 1,
    "ctrl+s": 1,
    "ctrl+q": 1,
    "ctrl+k": 1,
    "ctrl+o": 3,
}
"""Keys by how often they come."""
_TEXTS: Final = (
    "steady", "state:failed", "x" * 40, "作业", "~nosuchuser/x", "", "[/] [b]", "-1", "0", "99999999999", "3",
    "NaN", "1e400", "--class a.B", "'", '"unbalanced', "s3://b/sp", "é\u0301\u200b", "test-job.jar",
)  # fmt: skip
"""What is typed into fields."""
_MACROS: Final = (
    # Where a person goes, typed ahead of the screen.
    ("enter",),
    ("enter", "enter"),
    ("enter", "2", "enter", "enter"),
    ("enter", "c", "enter", "enter"),
    ("enter", "4", "enter", "f"),
    ("enter", "8", "p", "3"),
    ("M", "enter", "7", "enter"),
    ("M", "J", "9", "P"),
    ("J", "5", "/"),
    ("O", "enter", "enter"),
    (":", *"jars", "enter"),
    (":", *"applications", "enter", "enter"),
    (":", *"ops", "enter"),
    (":", *"tm", "enter", "enter", "9", "P", LOOK, "enter"),
    (":", *"datasets", "enter", "a"),
    (":", *"theme", "down", "enter"),
    (":", *"job", "down", "enter"),
    (":", *"jars", "enter", "enter", "tab", "tab"),
    (":", *"jars", "enter", "a", "down", "enter"),
    (":", *"jars", "enter", "a", "down", "down", "enter", "tab", LOOK, "enter"),
    (":", *"run", "enter"),
    (":", *"run", "down", "enter", "enter", "ctrl+o", "down", "enter"),
    (":", *"jars", "enter", "enter", "ctrl+o", "enter", "tab", "tab", "ctrl+o", "enter"),
    (":", *"parallelism", "down", "enter", "right", "tab", "tab", "enter"),
    ("enter", "a", *("down",) * 4, "enter", "up", "right", "tab", "enter"),
    (":", *"upload", "enter", "tab", "enter"),
    ("a", "enter"),
    ("a", "enter", "tab", LOOK, "enter"),
    ("a", "down", "enter", "tab", "tab", "enter"),
    ("a", "down", "down", "enter", "right", LOOK, "enter"),
    ("a", "up", "enter", "tab", "tab", "tab", "enter"),
    ("a", "down", "down", "down", "enter", "tab", LOOK, "enter"),
    ("enter", "2", "a", "down", "enter", "down", "enter"),
    ("enter", "a", "up", "up", "enter", "tab", LOOK, "enter"),
    ("enter", "i"),
    ("w", "down", "enter"),
    ("w", "enter", "enter"),
    ("/", *"ste", "enter", "enter"),
    ("?", "escape"),
    ("<", ">", "<"),
    ("escape",) * 6,
    ("escape", "escape", "n", "n"),
    ("backspace",) * 8,
    ("q", "n", "escape"),
    ("ctrl+c", "escape"),
    ("ctrl+p", "enter"),
    (":", "down", "enter"),
    (":", "up", "up", "enter"),
)
ASKS: Final = frozenset({"q", "ctrl+c"})
"""What may ask before leaving."""
LEAVES: Final = frozenset({"q", "ctrl+c", "enter"})
"""What must not follow on a question before leaving: a walk ends when the monkey is done."""


def walk(seed: int, keys: int = KEYS) -> Iterator[Step]:
    """The steps of a walk."""
    rng = random.Random(seed)  # noqa: S311 -- a monkey, not a secret
    return islice(_steps(rng), keys)


def first_size(seed: int) -> tuple[int, int]:
    """The size of the terminal at the start of a walk."""
    return SIZES[0] if seed % 3 else SIZES[seed // 3 % len(SIZES)]


def _steps(rng: random.Random) -> Iterator[Step]:
    asked_to_leave = False
    while True:
        for kind, what, hasty in _next(rng):
            if what == LOOK:
                yield Step("wait", "", LOOK_SECONDS)
                continue
            if kind == "key":
                if asked_to_leave and what in LEAVES:
                    continue
                asked_to_leave = what in ASKS or (asked_to_leave and what != "escape")
            gap = 0.0 if hasty else rng.uniform(0.0, LONGEST_GAP)
            # What follows at once behind an esc is one key with it for every terminal.
            yield Step(kind, what, max(gap, BEHIND_ESC) if what == "escape" else gap)


def _next(rng: random.Random) -> list[tuple[Kind, str, bool]]:
    """A key, or a few that belong together: what it is, and whether the next follows at once."""
    dice = rng.random()
    if dice < 0.01:
        columns, rows = rng.choice(SIZES)
        return [("resize", f"{columns}x{rows}", rng.random() < 0.5)]
    if dice < 0.025:
        return [("paste", rng.choice(_TEXTS) + rng.choice(("", "\n")), False)]
    hasty = rng.random() < 0.4
    if dice < 0.07:
        return [("key", letter, hasty) for letter in rng.choice(_TEXTS)]
    if dice < 0.3:
        return [("key", key, hasty) for key in rng.choice(_MACROS)]
    key = rng.choices(tuple(_SINGLE), tuple(_SINGLE.values()))[0]
    return [("key", key, False)] * (rng.randint(2, 12) if rng.random() < 0.08 else 1)
