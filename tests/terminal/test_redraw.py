"""What is on the terminal is written anew when a person asks for it, and when the terminal has the focus."""

from pathlib import Path

import pytest

from tests.fixture_server import FixtureServer
from tests.terminal.monitor import LIVE, STARTS, monitor, wait_until
from tests.terminal.pty import Pty
from tests.terminal.screen import TerminalScreen

FOCUS_IN = "\x1b[I"


def since(pty: Pty, mark: int) -> str:
    """What a terminal would show that was blank when so much had been written."""
    screen = TerminalScreen(120, 40)
    screen.feed(bytes(pty.written[mark:]))
    return screen.text


@pytest.mark.deep
def test_everything_is_written_anew(server: FixtureServer, tmp_path: Path) -> None:
    with monitor(tmp_path, server.url) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.wait_for("steady [test]")
        for typed in ("\x0c", FOCUS_IN):
            mark = len(pty.written)
            pty.write(typed)

            def whole(mark: int = mark) -> bool:
                shown = since(pty, mark)
                return all(part in shown for part in (" flinktop ", "steady [test]", "slow [test]", "? help"))

            wait_until(f"everything is written after {typed!r}", whole)
