"""Arguments of `flinktop watch`."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flinktop.allowed import shown
from flinktop.headless.args import add_command
from flinktop.headless.cluster_args import (
    KubernetesArgs,
    add_clusters,
    add_kubernetes_options,
    clusters_args,
    kubernetes_args,
)

WATCH: Final = "watch"
LOOPBACK: Final = "127.0.0.1"
MOST_PORT: Final = 65535
_ADDRESS: Final = re.compile(r"(?:(\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+):)?([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the watcher listens; port 0 is any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class WatchArgs:
    """The arguments of `flinktop watch`."""

    targets: tuple[str, ...] = ()
    every: bool = False  # all clusters of the config
    kubernetes: KubernetesArgs | None = None  # those found in Kubernetes instead
    json: bool = False
    ready_file: str | None = None
    prometheus: Address | None = None


def add_watch(uses: Any, parents: Sequence[argparse.ArgumentParser]) -> None:
    """Add the parser of `watch` to argparse's subparsers."""
    parser = add_command(
        uses,
        WATCH,
        "watch clusters without a terminal: alerts, hooks and journal, for systemd and containers",
        parents,
        description="Watch clusters without a terminal until a signal ends it: alerts, hooks and journal as "
        "in the monitor, and a line on stdout for each finding that is raised, escalated or cleared and for "
        "each cluster that is lost or back.",
        epilog="SIGTERM, SIGINT and SIGHUP end it. Exit codes: 0 it was ended by a signal, 1 flinktop itself "
        "failed, 2 the command line or the config is wrong, or a file or port can't be used.",
    )
    add_clusters(parser)
    add_kubernetes_options(parser)
    add = parser.add_argument
    add("--json", action="store_true", help="each line as a JSON document")
    add(
        "--ready-file",
        metavar="FILE",
        help="write FILE once each cluster was asked for the first time; it is removed at the end",
    )
    add(
        "--prometheus",
        metavar="[HOST:]PORT",
        type=_address,
        help=f"serve the metrics of `status --format prometheus` over HTTP at /metrics, and /-/healthy; "
        f"without HOST on {LOOPBACK} only, and port 0 is any free one",
    )


def watch_args(given: dict[str, Any]) -> WatchArgs:
    """Remove the arguments of `watch` from `given`. Raises ValueError with a sentence if they conflict."""
    kubernetes = kubernetes_args(given)
    targets, every = clusters_args(given, kubernetes=kubernetes is not None)
    args = WatchArgs(
        kubernetes=kubernetes,
        targets=targets,
        every=every,
        json=given.pop("json", False),
        ready_file=given.pop("ready_file", None),
        prometheus=given.pop("prometheus", None),
    )
    if args.ready_file is not None and not args.ready_file.strip():
        raise ValueError("--ready-file must not be empty: it is the path of a file")
    return args


def _address(text: str) -> Address:
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found[2]) > MOST_PORT:
        raise argparse.ArgumentTypeError(
            f"'{shown(text)}' must be PORT or HOST:PORT, such as 9250, 0.0.0.0:9250 or [::]:9250"
        )
    host = found[1] or LOOPBACK
    return Address(host.removeprefix("[").removesuffix("]"), int(found[2]))
