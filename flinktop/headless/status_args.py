"""Arguments and exit codes of `flinktop status`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flinktop.headless.args import (
    USUAL_WAIT,
    add_command,
    add_job_filter,
    job_filter,
    seconds,
)
from flinktop.headless.cluster_args import (
    KubernetesArgs,
    add_clusters,
    add_kubernetes_options,
    clusters_args,
    kubernetes_args,
)

STATUS: Final = "status"
OK: Final = 0
WARNING: Final = 1
CRITICAL: Final = 2
UNKNOWN: Final = 3
"""A cluster that could not be asked, a job that is unknown, a usage error, an error of flinktop itself."""
FORMATS: Final = ("text", "json", "prometheus")


@dataclass(frozen=True, slots=True)
class StatusArgs:
    """The arguments of `flinktop status`."""

    targets: tuple[str, ...] = ()
    every: bool = False  # all clusters of the config
    kubernetes: KubernetesArgs | None = None  # those found in Kubernetes instead
    job: str | None = None
    form: str = "text"
    explain: bool = False
    wait: float = USUAL_WAIT  # seconds


def add_status(uses: Any, parents: Sequence[argparse.ArgumentParser]) -> None:
    """Add the parser of `status` to argparse's subparsers."""
    parser = add_command(
        uses,
        STATUS,
        "print once what is wrong, for scripts and alerts; the exit code says how bad it is",
        parents,
        description="Print once what is wrong with clusters and their jobs, the most severe first.",
        epilog="It looks for about 21 s, as rates and trends need three fetches of Flink's metrics, which "
        "come every 10 s. With --wait under 21 it looks once, and judges only what one answer shows. "
        "Exit codes: 2 if anything is critical; else 3 if a cluster could not be asked, a job is unknown, "
        "--job names no job, --kubernetes finds no cluster, the command line or the config is wrong, or "
        "flinktop itself failed; else 1 if a "
        "warning is the worst; else 0.",
    )
    add_clusters(parser)
    add_kubernetes_options(parser)
    add_job_filter(parser)
    add = parser.add_argument
    add("--json", dest="form", action="store_const", const="json", help="as one JSON document")
    add(
        "--format",
        dest="named_form",
        choices=FORMATS,
        help="text (the default), json, or Prometheus' text format, for a file that node_exporter reads",
    )
    add("--explain", action="store_true", help="with the evidence and what to look at next")
    add(
        "--wait",
        metavar="SECONDS",
        type=seconds,
        help=f"look for at most so many seconds (default: {USUAL_WAIT:g})",
    )


def status_args(given: dict[str, Any]) -> StatusArgs:
    """Remove the arguments of `status` from `given`. Raises ValueError with a sentence if they conflict."""
    named, form = given.pop("named_form", None), given.pop("form", None)
    if form is not None and named not in (None, form):
        raise ValueError(f"--json and --format {named} cannot be used together: keep one")
    kubernetes = kubernetes_args(given)
    targets, every = clusters_args(given, kubernetes=kubernetes is not None)
    return StatusArgs(
        kubernetes=kubernetes,
        targets=targets,
        every=every,
        job=job_filter(given),
        form=form or named or FORMATS[0],
        explain=given.pop("explain", False),
        wait=given.pop("wait", USUAL_WAIT),
    )
