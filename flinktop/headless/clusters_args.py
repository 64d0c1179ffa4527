"""Arguments of `flinktop clusters`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flinktop.headless.args import add_command
from flinktop.headless.kubernetes_args import KubernetesArgs, add_kubernetes_options, kubernetes_args

CLUSTERS: Final = "clusters"


@dataclass(frozen=True, slots=True)
class ClustersArgs:
    """The arguments of `flinktop clusters`."""

    ask: bool = True  # whether the clusters are asked if they answer
    names: bool = False  # the names alone
    json: bool = False
    kubernetes: KubernetesArgs | None = None  # those found in Kubernetes instead of those of the config


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
