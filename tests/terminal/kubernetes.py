"""flinktop in a terminal on what it finds in Kubernetes, by the real kubectl, and what is left of that."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.fixture_server import FixtureServer
from tests.kubernetes import kubectl, pods
from tests.kubernetes.apiserver.server import ApiServer
from tests.terminal.monitor import monitor
from tests.terminal.pty import Pty

NAMESPACE = "flink"


def put_cluster(
    server: ApiServer, name: str, url: str, namespace: str = NAMESPACE, *, managed: bool = True
) -> None:
    """A healthy cluster whose service leads to a Flink at `url`."""
    server.store.put(*pods.flink_cluster(name, namespace, managed=managed))
    server.network.lead(namespace, f"{name}-rest", url)


@contextlib.contextmanager
def apiserver(directory: Path, flink: FixtureServer, *names: str) -> Iterator[ApiServer]:
    """An API server with managed clusters of these names, which all are the same Flink."""
    directory.mkdir(parents=True, exist_ok=True)
    with ApiServer(directory) as server:
        for name in names:
            put_cluster(server, name, flink.url)
        yield server


def kubeconfig(server: ApiServer) -> Path:
    """A kubeconfig of the user `dev`, whose namespace is the one of the clusters."""
    return server.kubeconfig(server.context(namespace=NAMESPACE))


def environment(config: Path, version: str = kubectl.NEWEST) -> dict[str, str]:
    """One version of kubectl before any other, and its configuration."""
    path = f"{kubectl.program(version).parent}:{os.environ['PATH']}"
    return {"PATH": path, "KUBECONFIG": str(config), "XDG_RUNTIME_DIR": str(config.parent)}


@contextlib.contextmanager
def searching(
    home: Path,
    config: Path,
    *words: str,
    columns: int = 80,
    rows: int = 24,
    version: str = kubectl.NEWEST,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Pty]:
    """`flinktop kubernetes` with these words."""
    around = {**environment(config, version), **(environ or {})}
    with monitor(home, "kubernetes", *words, columns=columns, rows=rows, environ=around) as pty:
        yield pty


def says(sentence: str) -> Callable[[str], bool]:
    """Whether the screen has these words, wherever its lines are broken, also in a frame."""
    wanted = " ".join(sentence.split())
    return lambda text: wanted in " ".join(text.replace("│", " ").split())


def of_kubeconfig(config: Path) -> dict[int, str]:
    """All that runs with this kubeconfig: the command lines by the numbers of the processes."""
    wanted, found = f"KUBECONFIG={config}", {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            ended = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[0] in "ZX"
            if not ended and wanted in (process / "environ").read_text(errors="replace").split("\0"):
                words = (process / "cmdline").read_text(errors="replace").split("\0")
                found[int(process.name)] = " ".join(words).strip()
    return found


def kubectls(config: Path, verb: str = "") -> list[int]:
    """The kubectl that run with this kubeconfig, of one verb or all."""
    return [
        number
        for number, words in of_kubeconfig(config).items()
        if words.split(" ")[0].rpartition("/")[2] == "kubectl" and (not verb or verb in words.split(" "))
    ]
