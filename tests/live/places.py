"""A walk by keys through the places of flinktop: each is looked at until it tells something."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from flinktop.ui.command import Command
from tests.terminal.boxes import boxes
from tests.terminal.pty import Pty

TELLS_WITHIN = 25.0
"""Seconds that a place may take to tell something: metrics come with the second fetch, after 10 s."""
CALM = 0.15
"""Seconds in which nothing is painted when a screen is whole."""

_WRONG = ("cannot show this", "Traceback", "engine restarted")


def opened(tab: Command) -> re.Pattern[str]:
    """A tab that is open, by its name or, where there is little room, its short one."""
    return re.compile(rf"\[{tab.keys[0]} (?:{re.escape(tab.label)}|{re.escape(tab.short)})\]")


@dataclass
class Places:
    """Where a person has been, and what was on the screen there."""

    pty: Pty
    keep: Path
    """A directory that every screen is written to, for who wants to know how a walk went."""
    seen: dict[str, str] = field(default_factory=dict)

    def look(self, name: str, shown: str | re.Pattern[str] = "") -> str:
        """Wait until the present place is there and each of its boxes tells something; gives the screen."""
        if shown:
            self.pty.wait_for(shown, TELLS_WITHIN)
        screen = self._settled()
        self.seen[name] = screen
        self.keep.mkdir(exist_ok=True)
        (self.keep / f"{len(self.seen):02d} {name.replace('/', ' ')}.txt").write_text(
            screen, encoding="utf-8"
        )
        wrong = [word for word in _WRONG if word in screen]
        assert not wrong, f"{name}: {wrong}\n{screen}"
        return screen

    def _settled(self) -> str:
        """The screen when it tells something, and is not in the middle of being painted."""
        pace, deadline = threading.Event(), time.monotonic() + TELLS_WITHIN
        while True:
            screen = self.pty.wait_for(told, TELLS_WITHIN)
            pace.wait(CALM)
            if self.pty.text == screen or time.monotonic() > deadline:
                return screen

    def go(self, name: str, *pressed: str, shown: str | re.Pattern[str]) -> str:
        """Press keys, and look at the place that they lead to."""
        self.pty.press(*pressed)
        return self.look(name, shown)

    def tabs(self, place: str, tabs: Iterable[Command]) -> None:
        """Look at every tab of a place; the first one comes last, and stays open."""
        first, *others = tabs
        for tab in (*others, first):
            self.go(f"{place}/{tab.label}", tab.keys[0], shown=opened(tab))

    def back(self, shown: str | re.Pattern[str]) -> None:
        """Go back along the trail, as far as this."""
        self.pty.press("escape")
        self.pty.wait_for(shown)

    def by_word(self, word: str, shown: str) -> None:
        """Go somewhere by a word of the palette."""
        self.pty.press(":")
        self.pty.wait_for("Search for commands")
        self.pty.write(word)
        self.pty.wait_for(re.compile(rf"^  {word}$", re.MULTILINE))
        self.pty.press("enter")
        self.pty.wait_until_gone("Search for commands")
        self.pty.wait_for(shown)


def told(screen: str) -> bool:
    """Whether every box of a screen tells something; one without boxes has some lines between its bars."""
    found = boxes(screen)
    if not found:
        return sum(bool(line.strip()) for line in screen.splitlines()[1:-1]) >= MOST_OF_HEADERS
    return all(box.tells and not box.asking for box in found)


MOST_OF_HEADERS = 3
"""Lines that say where one is."""
