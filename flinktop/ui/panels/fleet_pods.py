"""The columns of the clusters of a fleet that run on Kubernetes: their pods, and the operator's state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.facts.pods import is_bad, is_recent
from flinktop.flink.text import clean
from flinktop.model import kubernetes_words
from flinktop.ui.panels.columns import MUTED
from flinktop.ui.widgets.columns import Column, Stripes

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.facts.fleet import ClusterFacts
    from flinktop.model.kubernetes import KubernetesState, OperatorState, Pod
    from flinktop.ui.widgets.columns import Cell

PODS, OPERATOR = 11, 10  # cells
_AT_LEAST: Final = 2  # parts of the pods' cell that are shown, if cut
_TONES: Final = {"STABLE": "good", "DEPLOYED": "good", "SUSPENDED": "muted", "FAILED": "bad"}


def columns(now: Callable[[], float]) -> tuple[Column[ClusterFacts], ...]:
    """The columns; `now` is this machine's time (s since 1970), by which a restart is recent."""

    def pods(row: ClusterFacts) -> Cell:
        found = pod_parts(row.kubernetes, now())
        return (" ".join(words for words, _ in found), found[0][1]) if found else MUTED

    def stripes(row: ClusterFacts, width: int) -> Stripes:
        found = pod_parts(row.kubernetes, now())
        while len(found) > _AT_LEAST and sum(len(words) + 1 for words, _ in found) - 1 > width:
            found.pop()
        shown = tuple((f"{' ' if at else ''}{words}", tone) for at, (words, tone) in enumerate(found))
        return Stripes(shown or (MUTED,))

    return (
        Column(
            "pods",
            "PODS",
            PODS,
            pods,
            sort=lambda row: _missing(row.kubernetes),
            descending=True,
            stripes=stripes,
        ),
        Column("operator", "OPERATOR", OPERATOR, operator_cell, sort=lambda row: operator_cell(row)[0]),
    )


def pod_parts(state: KubernetesState | None, now: float) -> list[Cell]:
    """Pods that are ready of all, what is wrong with the worst, and restarts: `4/5`, `Pending`, `⟳3`."""
    found = _counted(state)
    if not found:
        return []
    ready = sum(pod.ready for pod in found)
    worst = min(
        (pod for pod in found if not pod.ready), key=lambda pod: (not is_bad(pod), pod.name), default=None
    )
    parts: list[Cell] = [(f"{ready}/{len(found)}", "" if worst is None else "warn")]
    if worst is not None:
        parts.append((clean(kubernetes_words.status(worst)), "bad" if is_bad(worst) else "warn"))
    restarts = sum(pod.restarts for pod in found)
    if restarts:
        ends = [pod.ended for pod in found if pod.ended is not None]
        parts.append((f"⟳{restarts}", "warn" if any(is_recent(end, now) for end in ends) else "muted"))
    return parts


def _counted(state: KubernetesState | None) -> list[Pod]:
    return [pod for pod in state.pods if kubernetes_words.is_counted(pod)] if state is not None else []


def _missing(state: KubernetesState | None) -> int | None:
    """Pods that are not ready; None without any."""
    found = _counted(state)
    return sum(not pod.ready for pod in found) if found else None


def operator_cell(row: ClusterFacts) -> Cell:
    """The lifecycle of the deployment, or that the operator reports an error of it or of a session job."""
    state = row.kubernetes
    if state is None or (state.operator is None and not state.session_jobs):
        return MUTED
    known: list[OperatorState] = [one for one in (state.operator, *state.session_jobs) if one is not None]
    if any(one.error for one in known):
        return "error", "bad"
    shown = next((one for one in known if one.is_wrong), known[0])
    words = clean(kubernetes_words.lifecycle(shown))
    return words, _TONES.get(words, "warn")
