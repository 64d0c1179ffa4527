"""Several clusters in a real terminal: one refuses connections, one hangs, two are well."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.terminal.monitor import QUESTION, STARTS, log_of, monitor, session_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tests.terminal.pty import Pty

pytestmark = pytest.mark.deep

KINDS = ("live", "live", "hanging", "refusing")
FAST = 0.03
"""Seconds between two keys."""
LEAVES = 4.0
"""Seconds that leaving may take, whatever hangs."""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The config of four clusters behind real ports."""
    words = [sys.executable, "-m", "tests.bench.fleet_site", *(f"{kind}=1" for kind in KINDS)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as site:
        assert site.stdin is not None
        assert site.stdout is not None
        addresses = json.loads(site.stdout.readline())
        names = ("alpha", "bravo", "hung", "nobody")
        path = tmp_path_factory.mktemp("fleet") / "config.toml"
        path.write_text(
            "\n".join(
                f'[clusters.{name}]\nurl = "{url}"' for name, (_, url) in zip(names, addresses, strict=True)
            ),
            encoding="utf-8",
        )
        yield path
        site.stdin.close()


@contextlib.contextmanager
def fleet(home: Path, config: Path) -> Iterator[Pty]:
    """All clusters of the config, once those that answer have done so."""
    with monitor(home, "--all", "--config", str(config)) as pty:
        pty.wait_for("2 of 4 live", STARTS)
        pty.wait_for("connection refused", STARTS)
        yield pty


def typed(pty: Pty, keys: Iterable[str]) -> None:
    """Type keys at this speed, whatever the screen shows."""
    pace = threading.Event()
    for key in keys:
        pty.press(key)
        pace.wait(FAST)


def select(pty: Pty, name: str) -> None:
    """Leave one cluster in the table, by a filter."""
    pty.press("/")
    pty.write(name)
    pty.press("enter")
    pty.wait_for(lambda text: f" /{name}" in text and "hung" not in text)


def test_a_cluster_is_opened_and_all_jobs_are_listed_in_a_terminal(tmp_path: Path, config: Path) -> None:
    with fleet(tmp_path, config) as pty:
        assert "✕ no answer" in pty.text
        assert "hung" in pty.text
        select(pty, "bravo")
        pty.press("enter")
        pty.wait_for("fleet ▸ bravo")
        pty.wait_for("TaskManagers")
        pty.press("escape")
        pty.wait_for(lambda text: "▸" not in text and " /bravo" in text)
        pty.press("escape")
        pty.wait_until_gone(" /bravo")
        pty.press("2")
        pty.wait_for("[2 Jobs]")
        pty.wait_for(lambda text: text.count("orders") >= 2)
        began = time.monotonic()
        pty.signal(signal.SIGTERM)
        left = pty.left(5.0)
        assert time.monotonic() - began < LEAVES
        assert (left.code, left.modes, left.termios) == (128 + signal.SIGTERM, (), ())
        assert not session_of(pty)
    assert "Traceback" not in log_of(tmp_path)


def test_keys_typed_fast_on_several_clusters(tmp_path: Path, config: Path) -> None:
    with fleet(tmp_path, config) as pty:
        typed(pty, ["down", "down", "enter", "escape", "2", "1", "up", "up", "up", "enter"])
        pty.wait_for("fleet ▸")
        typed(pty, ["q", "q", "2", "1", "/", *"alpha", "enter", "enter", "enter"])
        # Alpha, and the job in it.
        pty.wait_for("fleet ▸ alpha", STARTS)
        typed(pty, ["q", "q", "q"])
        pty.wait_for(lambda text: "▸" not in text)
        began = time.monotonic()
        typed(pty, ["ctrl+c", "ctrl+c"])
        left = pty.left(5.0)
        assert time.monotonic() - began < LEAVES
        assert (left.code, left.clean) == (0, True)
    assert "Traceback" not in log_of(tmp_path)


def test_leaving_a_fleet_by_keys_asks_and_is_quick(tmp_path: Path, config: Path) -> None:
    with fleet(tmp_path, config) as pty:
        pty.press("q")
        pty.wait_for(QUESTION)
        pty.press("escape")
        pty.wait_until_gone(QUESTION)
        began = time.monotonic()
        pty.press("q", "q")
        pty.press("ctrl+c")
        left = pty.left(5.0)
        assert time.monotonic() - began < LEAVES
        assert (left.code, left.clean) == (0, True)
        assert not session_of(pty)
    assert "Traceback" not in log_of(tmp_path)
