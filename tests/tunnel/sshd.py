"""A real sshd on a high port of loopback, run as an ordinary user, with keys that live as long as it does."""

import contextlib
import getpass
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from flinktop.tunnel.listener import free_port, takes_connections
from tests.tunnel.standing import wait_until

SSHD: Final = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
ORDINARY: Final = "games"
"""A user of every Debian without a password of its own: root does not run sshd itself."""
TOOLS: Final = ("ssh", "ssh-keygen")


def why_not() -> str:
    """Why there is no sshd for a test; "" if there is one."""
    if SSHD is None:
        return "no sshd: apt-get install openssh-server"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"no {missing[0]}" if missing else ""


class Sshd:
    """A server that forwards connections, for the holder of a key."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.port = free_port()
        self.user = ORDINARY if os.geteuid() == 0 else getpass.getuser()
        self.process: subprocess.Popen[bytes] | None = None
        self.log = directory / "log"
        for name in ("host", "key"):
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / name)]
            subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
        self._configuration = directory / "sshd_config"
        self._configuration.write_text(
            f"ListenAddress 127.0.0.1:{self.port}\nHostKey {directory}/host\nPidFile none\nUsePAM no\n"
            f"AuthorizedKeysFile {directory}/key.pub\nStrictModes no\nPasswordAuthentication no\n"
            "KbdInteractiveAuthentication no\nAllowTcpForwarding local\n"
        )
        if os.geteuid() == 0:
            directory.chmod(0o755)
            shutil.chown(directory / "host", self.user)

    def start(self) -> None:
        as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            as_user = {"user": self.user, "group": self.user, "extra_groups": []}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [SSHD or "", "-D", "-e", "-f", str(self._configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **as_user,
            )
        wait_until("sshd listens", lambda: takes_connections(self.port), 10.0)

    def stop(self) -> None:
        """End it with all connections, as a machine that is switched off."""
        if self.process is not None:
            for process in (self.process.pid, *_descendants(self.process.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def command(self, target: int, *options: str) -> tuple[str, ...]:
        """The command of a tunnel to a port of loopback, as README has it."""
        return (
            *("ssh", "-F", "none", "-N", "-L", f"{{port}}:127.0.0.1:{target}", "-p", str(self.port)),
            *("-i", str(self._directory / "key"), "-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes"),
            *("-o", "StrictHostKeyChecking=accept-new"),
            *("-o", f"UserKnownHostsFile={self._directory}/known", *options, f"{self.user}@127.0.0.1"),
        )


@contextmanager
def sshd() -> Iterator[Sshd]:
    """A server that runs."""
    # pytest's own directories are closed to other users.
    with tempfile.TemporaryDirectory(prefix="flinktop-sshd-", ignore_cleanup_errors=True) as directory:
        server = Sshd(Path(directory))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _descendants(process: int) -> list[int]:
    """The children of a process, and theirs."""
    found = []
    with contextlib.suppress(OSError):
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        for child in map(int, children):
            found += [child, *_descendants(child)]
    return found
