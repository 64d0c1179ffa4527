"""A test that waits for flinktop in vain says what flinktop was doing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixture_server import FixtureServer
from tests.terminal.monitor import LIVE, STARTS
from tests.terminal.witness import witnessed


@pytest.mark.deep
def test_a_failed_wait_says_what_it_was_doing(server: FixtureServer, tmp_path: Path) -> None:
    def waits_in_vain() -> None:
        with witnessed(tmp_path, server.url) as pty:
            pty.wait_for(LIVE, STARTS)
            pty.press("?")
            pty.wait_for("─ Keys ─", STARTS)
            pty.wait_for("what never comes", 0.1)

    with pytest.raises(AssertionError, match="the screen does not show 'what never comes'") as failed:
        waits_in_vain()
    told = str(failed.value)
    for words in ("Thread 0x", "screen OverviewScreen", "screen HelpScreen", "held back []", "─ Keys ─"):
        assert words in told
