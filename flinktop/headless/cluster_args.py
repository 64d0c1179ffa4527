"""Arguments that say which clusters a command is about: named ones, all, those found in Kubernetes.

And those of the commands that are about several clusters and little else: `kubernetes`, `clusters`, `watch`.
"""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from flinktop.allowed import NotAllowed, shown
from flinktop.headless.args import add_command

if TYPE_CHECKING:
    from flinktop.kubernetes_config import KubernetesEntry

KUBERNETES: Final = "kubernetes"
CLUSTERS: Final = "clusters"
WATCH: Final = "watch"
LOOPBACK: Final = "127.0.0.1"
MOST_PORT: Final = 65535
_ADDRESS: Final = re.compile(r"(?:(\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+):)?([0-9]{1,5})")
OPTIONS: Final = {
    "kube_context": "--context",
    "kube_namespaces": "--namespace",
    "kube_every": "--all-namespaces",
    "kube_selector": "--selector",
}
"""The options, by the names that argparse keeps them under."""


@dataclass(frozen=True, slots=True)
class KubernetesArgs:
    """Where to search; unchecked."""

    names: tuple[str, ...] = ()  # of entries of the config; (): what the options say
    context: str | None = None  # None: kubectl's current one
    namespaces: tuple[str, ...] = ()
    every_namespace: bool = False
    selector: str | None = None

    def entries(self, configured: "tuple[KubernetesEntry, ...]") -> "tuple[KubernetesEntry, ...]":
        """What is searched: the named entries of the config, or one of the options alone.

        An option beats the config. Raises NotAllowed with a sentence.
        """
        # Read at every start, and seldom used.
        from flinktop.kubernetes_config import (  # noqa: PLC0415
            EVERY,
            KubernetesEntry,
            named,
            namespaces,
            selector,
        )

        found = named(self.names, configured) if self.names else (KubernetesEntry(),)
        if self.context is not None:
            found = tuple(_in_context(one, self.context) for one in found)
        if self.every_namespace:
            found = tuple(replace(one, namespaces=(EVERY,)) for one in found)
        elif self.namespaces:
            try:
                checked = namespaces(self.namespaces)
            except NotAllowed as error:
                raise NotAllowed(f"--namespace {error}") from None
            found = tuple(replace(one, namespaces=checked) for one in found)
        if self.selector is not None:
            try:
                found = tuple(replace(one, selector=selector(self.selector)) for one in found)
            except NotAllowed as error:
                raise NotAllowed(f"--selector {error}") from None
        return found


def _in_context(entry: "KubernetesEntry", context: str) -> "KubernetesEntry":
    """An entry in another context, to whose clusters its logins must not be sent."""
    logins = entry.logins if entry.context in (None, context) else ()
    return replace(entry, context=context, logins=logins)


@dataclass(frozen=True, slots=True)
class ClustersArgs:
    """The arguments of `flinktop clusters`."""

    ask: bool = True  # whether the clusters are asked if they answer
    names: bool = False  # the names alone
    json: bool = False
    kubernetes: KubernetesArgs | None = None  # those found in Kubernetes instead of those of the config


def add_clusters(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a command that looks at several clusters: TARGETs or --all."""
    parser.add_argument(
        "targets",
        nargs="*",
        metavar="TARGET",
        help="addresses or names of clusters (default: the one that flinktop would open)",
    )
    parser.add_argument("--all", dest="every", action="store_true", help="all clusters of the config file")


def clusters_args(given: dict[str, Any], *, kubernetes: bool = False) -> tuple[tuple[str, ...], bool]:
    """Remove the arguments of `add_clusters` from `given`: the targets, each once, and whether it is --all.

    `kubernetes`: whether there is --kubernetes. Raises ValueError with a sentence if they conflict.
    """
    targets, every = tuple(dict.fromkeys(given.pop("targets", ()))), given.pop("every", False)
    if kubernetes and (every or targets):
        other = "--all" if every else "a TARGET"
        raise ValueError(f"--kubernetes and {other} cannot be used together: keep one")
    if every and targets:
        raise ValueError("--all and a TARGET cannot be used together: keep one")
    return targets, every


def add_kubernetes(uses: Any, parents: Sequence[argparse.ArgumentParser]) -> None:
    """Add the parser of `kubernetes` to argparse's subparsers."""
    parser = add_command(
        uses,
        KUBERNETES,
        "open the Flink clusters of a Kubernetes context, found and reached by kubectl",
        parents,
        description="Find the Flink clusters of a Kubernetes context, open them on one screen, and follow "
        "what comes and goes: FlinkDeployments and FlinkSessionJobs of the Flink Kubernetes operator, and "
        "services that lead to a JobManager. They are reached through the API server by kubectl, with its "
        "login; nothing is to be forwarded by hand.",
        epilog="NAME is a [kubernetes.NAME] of the config. Without NAME it is the context of --context, else "
        "kubectl's current one, and its own namespace. At most 10 requests a second are sent to an API "
        "server, whatever number of clusters it has. Which rights are needed is in the README.",
    )
    parser.add_argument(
        "kube_names", nargs="*", metavar="NAME", help="entries [kubernetes.NAME] of the config"
    )
    _add_options(parser.add_argument_group("Kubernetes"))


THOSE_FOUND: Final = (
    "the Flink clusters found in Kubernetes, by [kubernetes.NAME] of the config or by these options "
    "(--all is only those of [clusters.NAME])"
)
ONE_FOUND: Final = (
    "the Flink cluster found in Kubernetes, by [kubernetes.NAME] of the config or by these options; where "
    "there are several, --target is the NAMESPACE/NAME of one"
)


def add_kubernetes_options(parser: argparse.ArgumentParser, words: str = THOSE_FOUND) -> None:
    """Add --kubernetes, with these words of help, and what goes with it to a command."""
    group = parser.add_argument_group("Kubernetes")
    group.add_argument("--kubernetes", dest="kube_names", nargs="*", metavar="NAME", help=words)
    _add_options(group)


def of_one_found() -> argparse.ArgumentParser:
    """The same as a parent parser, for the commands that are about one cluster."""
    parent = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS, allow_abbrev=False)
    add_kubernetes_options(parent, ONE_FOUND)
    return parent


def _add_options(group: Any) -> None:
    add = group.add_argument
    add("--context", dest="kube_context", metavar="CONTEXT", help="context of kubectl (default: its current)")
    add(
        "-n",
        "--namespace",
        dest="kube_namespaces",
        metavar="NAMESPACE",
        action="append",
        help="search in this namespace; may be given several times (default: that of the context)",
    )
    add("-A", "--all-namespaces", dest="kube_every", action="store_true", help="search in all namespaces")
    add(
        "-l",
        "--selector",
        dest="kube_selector",
        metavar="SELECTOR",
        help="only clusters with these labels, as kubectl takes them: team=payments",
    )


def kubernetes_args(given: dict[str, Any], *, needs: str = "--kubernetes") -> KubernetesArgs | None:
    """Remove these arguments from `given`; None if Kubernetes is not asked for.

    `needs` is the option without which the others may not stand; "" for none. Raises ValueError with a
    sentence.
    """
    names = given.pop("kube_names", None if needs else ())
    used = [option for key, option in OPTIONS.items() if given.get(key)]
    context, found = given.pop("kube_context", None), tuple(given.pop("kube_namespaces", ()))
    every, labels = given.pop("kube_every", False), given.pop("kube_selector", None)
    if names is None:
        if used:
            raise ValueError(f"{used[0]} goes with {needs}")
        return None
    if every and found:
        raise ValueError("--all-namespaces and --namespace cannot be used together: keep one")
    if len(names) > 1 and context is not None:
        raise ValueError("--context goes with one NAME: each of several has a context of its own")
    for option, text in (("--context", context), ("--selector", labels)):
        if text is not None and not (text.strip() and text.isprintable()):
            raise ValueError(f"{option} must be one line of text, not empty")
    return KubernetesArgs(tuple(names), context, found, every, labels)


def add_clusters_list(uses: Any, parents: Sequence[argparse.ArgumentParser]) -> None:
    """Add the parser of `clusters` to argparse's subparsers."""
    parser = add_command(
        uses,
        CLUSTERS,
        "list the configured clusters, how each is reached and whether it answers",
        parents,
        description="List the clusters of the config, how each is reached and whether it answers, then what "
        "should run and what is alerted, and the paths of files and log. Up to 32 clusters are asked at a "
        "time, each for at most 3 s.",
        epilog="Exit codes: 0 listed, whether or not the clusters answer; 2 usage error or a wrong config; 3 "
        "with --kubernetes: it could not be searched.",
    )
    add = parser.add_argument
    add("--no-ask", dest="ask", action="store_false", help="list without asking the clusters")
    add("--names", action="store_true", help="only the names, one a line; asks no cluster")
    add("--json", action="store_true", help="as one JSON document")
    add_kubernetes_options(parser)


def clusters_list_args(given: dict[str, Any]) -> ClustersArgs:
    """Remove the arguments of `clusters` from `given`. Raises ValueError with a sentence if they conflict."""
    args = ClustersArgs(
        ask=given.pop("ask", True),
        names=given.pop("names", False),
        json=given.pop("json", False),
        kubernetes=kubernetes_args(given),
    )
    if args.names and args.json:
        raise ValueError("--names and --json cannot be used together: keep one")
    return args


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
