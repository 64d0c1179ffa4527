"""Whatever way flinktop is left, none of the kubectl that it started is left, nor a socket of theirs."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixture_server import FixtureServer
from tests.kubernetes.apiserver.rights import PORT_FORWARD, VIEW
from tests.kubernetes.apiserver.server import ApiServer
from tests.terminal.kubernetes import apiserver, kubeconfig, kubectls, of_kubeconfig, searching
from tests.terminal.monitor import STARTS, wait_until
from tests.terminal.test_tunnel import leave

WAYS = ("quit", "SIGTERM", "SIGHUP", "kill -9")
NAMES = ("clicks", "orders")


@pytest.fixture
def two(server: FixtureServer, tmp_path: Path) -> Iterator[ApiServer]:
    """Two clusters that are reached by port-forward: each has a kubectl of its own beside the proxy."""
    with apiserver(tmp_path / "api", server, *NAMES) as two:
        two.rights.of["dev"] = (*VIEW, PORT_FORWARD)
        yield two


def left(server: ApiServer, home: Path, way: str, delay: float | None = None) -> None:
    """Leave in one way, when all is live or so long (s) after a kubectl was seen: nothing is left."""
    home.mkdir()
    config = kubeconfig(server)
    with searching(home, config) as pty:
        if delay is None or way == "quit":
            pty.wait_for("● 2/2 live", STARTS)
            assert len(kubectls(config, "port-forward")) == len(NAMES)
            assert len(kubectls(config, "proxy")) == 1
            assert len(sockets(config)) == 1
        else:
            wait_until("a kubectl", lambda: bool(kubectls(config)), STARTS)
            threading.Event().wait(delay)
        leave(pty, way)
        with contextlib.suppress(AssertionError):
            wait_until("nothing is left", lambda: not of_kubeconfig(config), 10.0)
        assert of_kubeconfig(config) == {}
        assert sockets(config) == []


def sockets(config: Path) -> list[Path]:
    """Directories of sockets, which lie beside the kubeconfig here."""
    return list(config.parent.glob("flinktop-*"))


@pytest.mark.deep
@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_left(two: ApiServer, tmp_path: Path, way: str) -> None:
    left(two, tmp_path / "home", way)


@pytest.mark.long
def test_nothing_is_ever_left(two: ApiServer, tmp_path: Path) -> None:
    for number in range(50):
        # Every other time in the middle of the start: of the proxy, of the lists, of the port-forwards.
        in_between = number // len(WAYS) % 2
        left(two, tmp_path / f"home {number}", WAYS[number % 4], number / 20 if in_between else None)
