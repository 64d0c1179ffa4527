import os
import socket
from pathlib import Path

import pytest

from flinktop.tunnel.listener import free_port, takes_connections, whose

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LOOPBACK, ANY = "0100007F", "00000000"


def proc(
    directory: Path, *listeners: tuple[str, int, int, int], file: str = "tcp", state: str = "0A"
) -> Path:
    """A /proc with listeners (address, port, user, inode); process 7 of session 5 has inode 77."""
    (directory / "net").mkdir(exist_ok=True)
    lines = (
        f"   0: {address}:{port:04X} 00000000:0000 {state} 0:0 00:0 0 {user} 0 {inode} 1\n"
        for address, port, user, inode in listeners
    )
    (directory / "net" / file).write_text(HEAD + "".join(lines))
    process = directory / "7"
    (process / "fd").mkdir(parents=True, exist_ok=True)
    (process / "stat").write_text("7 (a ) b) S 1 5 5 0 -1")
    if not (process / "fd" / "3").is_symlink():
        (process / "fd" / "3").symlink_to("socket:[77]")
    return directory


@pytest.mark.parametrize(
    ("listener", "session", "found"),
    [
        ((LOOPBACK, 8081, os.geteuid(), 77), 5, "child"),
        ((ANY, 8081, os.geteuid(), 77), 5, "child"),
        # As `sudo -u other ssh` of root.
        ((LOOPBACK, 8081, 4711, 77), 5, "child"),
        ((LOOPBACK, 8081, os.geteuid(), 77), 6, "user"),
        ((LOOPBACK, 8081, os.geteuid(), 78), 5, "user"),
        ((LOOPBACK, 8081, 0, 78), 5, "user"),
        ((LOOPBACK, 8081, 4711, 78), 5, "stranger"),
        ((LOOPBACK, 8082, 4711, 78), 5, "unknown"),
        (("0200007F", 8081, 4711, 78), 5, "unknown"),
    ],
)
def test_who_listens(tmp_path: Path, listener: tuple[str, int, int, int], session: int, found: str) -> None:
    assert whose(8081, session, proc(tmp_path, listener)) == found


def test_the_nearest_address_gets_the_connection(tmp_path: Path) -> None:
    both = proc(tmp_path, (ANY, 8081, os.geteuid(), 77), (LOOPBACK, 8081, 4711, 78))
    assert whose(8081, 5, both) == "stranger"


def test_one_for_both_families(tmp_path: Path) -> None:
    found = proc(tmp_path, ("0" * 32, 8081, os.geteuid(), 77), file="tcp6")
    assert whose(8081, 5, found) == "child"


def test_connections_are_no_listeners(tmp_path: Path) -> None:
    assert whose(8081, 5, proc(tmp_path, (LOOPBACK, 8081, 4711, 78), state="01")) == "unknown"


def test_a_system_that_does_not_tell(tmp_path: Path) -> None:
    assert whose(8081, 5, tmp_path / "none") == "unknown"
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(f"{HEAD}\nnonsense\n")
    assert whose(8081, 5, tmp_path) == "unknown"


def test_on_this_machine() -> None:
    port = free_port()
    assert not takes_connections(port)
    with socket.create_server(("127.0.0.1", port)):
        assert takes_connections(port)
        assert whose(port, os.getsid(0)) == "child"
        assert whose(port, -1) == "user"
