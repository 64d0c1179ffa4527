"""The unix socket of a tunnel: in a directory of its owner's alone, and gone with the tunnel."""

import os
import signal
import socket
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from flinktop.tunnel.place import MOST_PATH, Place, private_socket
from flinktop.tunnel.state import Limits
from flinktop.tunnel.tunnel import Tunnel
from tests.tunnel.standing import QUICK, happens

LISTENS = """
import os, socket, sys, time
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
open(sys.argv[2], "a").write(f"{os.getpid()}\\n")
while True:
    try:
        server.accept()[0].sendall(b"hello")
    except OSError:
        pass
"""


@asynccontextmanager
async def tunnel(tmp_path: Path, limits: Limits = QUICK) -> AsyncIterator[Tunnel]:
    opened = Tunnel(
        (sys.executable, "-IS", "-c", LISTENS, "{socket}", str(tmp_path / "starts")), limits=limits
    )
    try:
        yield opened
    finally:
        await opened.close(5.0)


def said(path: str) -> bytes:
    with socket.socket(socket.AF_UNIX) as near:
        near.connect(path)
        return near.recv(5)


def starts(tmp_path: Path) -> list[int]:
    return [int(line) for line in (tmp_path / "starts").read_text().split()]


async def test_a_tunnel_at_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    async with tunnel(tmp_path) as opened:
        path = await opened.socket()
        assert said(path) == b"hello"
        directory = Path(path).parent
        assert directory.parent == tmp_path
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        os.kill(starts(tmp_path)[0], signal.SIGKILL)
        await happens("it is started again", lambda: len(starts(tmp_path)) == 2)
        await happens("it is open", lambda: opened.state.kind == "up")
        assert await opened.socket() == path
        assert said(path) == b"hello"
        opened.start_again()
        await happens("it is started again", lambda: len(starts(tmp_path)) == 3)
    assert not directory.exists()


async def test_a_keeper_that_is_killed_leaves_no_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    async with tunnel(tmp_path) as opened:
        first = await opened.socket()
        parent = Path(f"/proc/{starts(tmp_path)[0]}/stat").read_text().rpartition(")")[2].split()[1]
        os.kill(int(parent), signal.SIGKILL)
        await happens("it is noticed", lambda: opened.state.kind == "down")
        assert not Path(first).parent.exists()
        await happens(
            "the pause is over", lambda: opened.retry_at is None or opened.retry_at <= opened._now()
        )
        second = await opened.socket()
        assert second != first
        assert said(second) == b"hello"
    assert not list(tmp_path.glob("flinktop-*"))


def test_a_directory_that_is_not_there_or_too_deep_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    for runtime in (str(deep), str(tmp_path / "none"), ""):
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        place = Place(socket=private_socket())
        assert len(place.socket) <= MOST_PATH
        assert not place.socket.startswith(str(tmp_path))
        assert not place.takes_connections()
        place.remove()
        assert not Path(place.socket).parent.exists()
    assert not list(deep.iterdir())
