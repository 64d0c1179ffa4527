"""What all running jobs of a cluster come to together: restarts, and the slowest of their checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.engine.sweep import RESTART_IDS
from flinktop.flink.metrics import JOBS_METRICS
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.flink.endpoint import Query
    from flinktop.flink.metrics import Aggregated
    from flinktop.ui.panels.frame import Part

CHECKPOINT = "lastCheckpointDuration"


def query(known: Iterable[str]) -> Query[Aggregated] | None:
    """One request for both (`/jobs/metrics`), of the metrics that jobs have; None while they have none.

    It answers nothing at all when it is asked for one that no job has.
    """
    have = set(known)
    # One of the names for restarts is enough; the older is a gauge of the same.
    restarts = next((name for name in RESTART_IDS if name in have), None)
    ids = tuple(name for name in (restarts, CHECKPOINT) if name in have)
    return JOBS_METRICS(get=ids) if ids else None


def parts(metrics: Aggregated | None) -> list[list[Part]]:
    """How often they have restarted, all together, and what the slowest of their last checkpoints took."""
    found: list[list[Part]] = []
    told = {metric.id: metric for metric in metrics or ()}
    restarts = next((told[name].sum for name in RESTART_IDS if name in told), None)
    if restarts is not None:
        found.append([("restarts ", "muted"), (fmt.count(restarts), "warn" if restarts else "strong")])
    slowest = told[CHECKPOINT].max if CHECKPOINT in told else None
    # -1 before the first.
    if slowest is not None and slowest >= 0:
        found.append([("slowest checkpoint ", "muted"), (fmt.milliseconds(slowest), "strong")])
    return found
