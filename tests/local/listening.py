"""The TCP ports that processes listen on, as the kernel lists them."""

from collections.abc import Iterable
from pathlib import Path

LISTENING = "0A"


def sockets(process: int) -> set[str]:
    """The inodes of a process's sockets."""
    found = set()
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        try:
            opened = str(descriptor.readlink())
        except FileNotFoundError:  # closed meanwhile
            continue
        if opened.startswith("socket:["):
            found.add(opened.removeprefix("socket:[").removesuffix("]"))
    return found


def ports(processes: Iterable[int]) -> dict[int, str]:
    """The ports, and the local address of each in the kernel's own form: hexadecimal words."""
    theirs = set().union(*map(sockets, processes))
    found = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            address, _, port = local.partition(":")
            if state == LISTENING and inode in theirs:
                found[int(port, 16)] = address
    return found
