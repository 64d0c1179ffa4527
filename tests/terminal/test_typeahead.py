"""Keys at the speed of a person who types ahead, in a real terminal."""

import re
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.depth import named_in_depth
from tests.fixture_server import FixtureServer
from tests.terminal.monitor import LIVE, QUESTION, STARTS, log_of, monitor
from tests.terminal.pty import Pty

pytestmark = pytest.mark.deep

FAST = 0.03
"""Seconds between two keys."""
HELP = "One row up or down."
FIRST = "iot-telemetry-rollup"
"""What the first screen shows."""


def typed(pty: Pty, keys: Iterable[str]) -> None:
    """Type keys at this speed, whatever the screen shows."""
    pace = threading.Event()
    for key in keys:
        pty.press(key)
        pace.wait(FAST)


def still_there(pty: Pty) -> None:
    """It lives, answers to keys, and can be left."""
    # Not esc: with the key before or behind it a terminal makes it another key.
    pty.press("?")
    pty.wait_for(HELP)
    pty.press("q")
    pty.wait_until_gone(HELP)
    pty.wait_for(FIRST)
    pty.press("ctrl+c")
    pty.wait_for(QUESTION)
    pty.press("ctrl+c")
    left = pty.left()
    assert (left.code, left.clean) == (0, True)


HASTY = {
    "20 esc": (["escape"] * 20, False),
    "esc n n": (["escape", "n", "n"], False),
    "q n n": (["q", "n", "n"], True),
    "q y y n": (["q", "y", "y", "n"], True),
}
TYPED_OVER = {
    "filter": ("/", r"^ / {text}$", r"^ / XYZ$"),
    "palette": (":", r"^\W*{text}\W*$", r"^\W*XYZ\W*$"),
    "form": ("w", r"{text}", r"XYZ"),
}


@pytest.mark.parametrize(("keys", "asked"), named_in_depth(HASTY, fast=["20 esc"]))
def test_hasty_keys_on_the_first_screen_end_nothing(tmp_path: Path, keys: list[str], *, asked: bool) -> None:
    with monitor(tmp_path, "demo", "restart-loop") as pty:
        pty.wait_for(LIVE, STARTS)
        pty.wait_for(FIRST, STARTS)
        typed(pty, keys)
        if asked:
            pty.wait_for(QUESTION)
            pty.press("escape")
            pty.wait_until_gone(QUESTION)
        still_there(pty)
    assert "Traceback" not in log_of(tmp_path)


@pytest.mark.parametrize(("opens", "before", "after"), named_in_depth(TYPED_OVER, fast=["filter"]))
def test_backspaces_come_before_the_letters_behind_them(
    tmp_path: Path, opens: str, before: str, after: str
) -> None:
    with monitor(tmp_path, "demo", "restart-loop") as pty:
        pty.wait_for(LIVE, STARTS)
        pty.wait_for(FIRST, STARTS)
        typed(pty, [opens, *"0123456789"])
        pty.wait_for(re.compile(before.format(text="0123456789"), re.MULTILINE))
        typed(pty, [*["backspace"] * 10, *"XYZ"])
        pty.wait_for(re.compile(after, re.MULTILINE))
        assert not re.search(r"[0-9]+XYZ|X[0-9YZ]*[0-9]", pty.text)


@pytest.mark.deep
def test_pasted_text_presses_no_act(tmp_path: Path, server: FixtureServer) -> None:
    """As a terminal without bracketed paste hands it over: all at once, as keys."""
    act = "[ Stop with savepoint ]"
    with monitor(tmp_path, server.url) as pty:
        pty.wait_for(LIVE, STARTS)
        typed(pty, ["/", *"steady", "enter"])
        pty.wait_for(re.compile(r"^ /steady", re.MULTILINE))
        # Menu, dialog, the act's button; what follows is seen when all before them have been handled.
        pty.write("a\r\x1b[C\r\r\r\x1b[Z\x1b[Z\x1b[C")
        pty.wait_for(re.compile(r"format +[◂<] (?!default)"))
        assert act in pty.text
        typed(pty, ["escape"])
        pty.wait_until_gone(act)
    assert "POST" not in log_of(tmp_path)


@pytest.mark.long
def test_a_walk_typed_ahead_comes_back(tmp_path: Path) -> None:
    """Through tabs and screens before any of them is there, and back."""
    with monitor(tmp_path, "demo") as pty:
        pty.wait_for(LIVE, STARTS)
        pty.wait_for(FIRST, STARTS)
        typed(
            pty, ["enter", *"23456789", "enter", "2", "enter", *"1234", "escape", "M", "enter", *"123456789"]
        )
        typed(pty, ["escape"] * 12)
        pty.wait_for(lambda text: FIRST in text and "▸" not in text, STARTS)
        typed(pty, [":", "enter", "escape", "escape", ":", "pagedown", "up", "down"])
        # The first command has opened a screen.
        typed(pty, ["escape"] * 6)
        still_there(pty)
    assert "Traceback" not in log_of(tmp_path)
