"""The columns of the clusters of a fleet that run on Kubernetes: their pods, and the operator's state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from flinktop.facts.pods import is_bad, is_recent
from flinktop.flink.text import clean
from flinktop.model import kubernetes_words
from flinktop.ui.panels.columns import MUTED
from flinktop.ui.panels.pod_columns import SHORT
from flinktop.ui.widgets.celltext import fit
from flinktop.ui.widgets.columns import Column, Stripes

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.facts.fleet import ClusterFacts
    from flinktop.model.kubernetes import KubernetesState, OperatorState, Pod
    from flinktop.ui.widgets.columns import Cell

PODS = 11  # cells
OPERATOR, LONG_OPERATOR = 8, 10  # cells at least, and where there is room
_PODS_MEAN: Final = (
    f"Ready pods of all, the state of the worst other one, restarts (⟳). Short states: {SHORT}."
)
_OPERATOR_MEANS: Final = (
    "Lifecycle state by the Flink Kubernetes operator, or error; UPGRADE, SUSPEND, ROLLING and "
    "ROLLED are short for UPGRADING, SUSPENDED, ROLLING_BACK and ROLLED_BACK."
)
LEGEND: Final = (("PODS", _PODS_MEAN), ("OPERATOR", _OPERATOR_MEANS))
"""What the columns mean, for the help."""
RESTARTS: Final = "⟳"
_TONES: Final = {"STABLE": "good", "DEPLOYED": "good", "SUSPENDED": "muted", "FAILED": "bad"}


def columns(now: Callable[[], float], *, operator: bool) -> tuple[Column[ClusterFacts], ...]:
    """The columns; `now` is this machine's time (s since 1970), by which a restart is recent.

    That of the operator only if `operator`: many clusters have none.
    """

    def pods(row: ClusterFacts) -> Cell:
        found = pod_parts(row.kubernetes, now())
        return (" ".join(words for words, _ in found), found[0][1]) if found else MUTED

    def stripes(row: ClusterFacts, width: int) -> Stripes:
        found = _fitting(pod_parts(row.kubernetes, now()), width)
        shown = tuple((f"{' ' if at else ''}{words}", tone) for at, (words, tone) in enumerate(found))
        return Stripes(shown or (MUTED,))

    of_pods: Column[ClusterFacts] = Column(
        "pods",
        "PODS",
        PODS,
        pods,
        sort=lambda row: _missing(row.kubernetes),
        descending=True,
        stripes=stripes,
    )
    of_operator: Column[ClusterFacts] = Column(
        "operator",
        "OPERATOR",
        OPERATOR,
        operator_cell,
        sort=lambda row: operator_cell(row)[0],
        flex=True,
        comfort=LONG_OPERATOR,
        weight=0,
        stripes=_operator_stripes,
    )
    return (of_pods, of_operator) if operator else (of_pods,)


def has_operator(row: ClusterFacts) -> bool:
    """Whether the Flink Kubernetes operator manages the cluster or a job on it."""
    state = row.kubernetes
    return state is not None and (state.operator is not None or bool(state.session_jobs))


def _fitting(parts: list[Cell], width: int) -> list[Cell]:
    """The parts in `width` cells: states in short words, then without the restarts."""

    def fits(given: list[Cell]) -> bool:
        return sum(cell_len(words) + 1 for words, _ in given) - 1 <= width

    if fits(parts):
        return parts
    short = [(kubernetes_words.SHORT_STATUS.get(words, words), tone) for words, tone in parts]
    if fits(short):
        return short
    bare = [part for part in parts if not part[0].startswith(RESTARTS)]
    return bare if fits(bare) else [part for part in short if not part[0].startswith(RESTARTS)]


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
        parts.append(
            (f"{RESTARTS}{restarts}", "warn" if any(is_recent(end, now) for end in ends) else "muted")
        )
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
    if state is None or not has_operator(row):
        return MUTED
    known: list[OperatorState] = [one for one in (state.operator, *state.session_jobs) if one is not None]
    if any(one.error for one in known):
        return "error", "bad"
    shown = next((one for one in known if one.is_wrong), known[0])
    words = clean(kubernetes_words.lifecycle(shown))
    return words, _TONES.get(words, "warn")


def _operator_stripes(row: ClusterFacts, width: int) -> Stripes:
    """The same in `width` cells."""
    words, tone = operator_cell(row)
    if cell_len(words) > width:
        words = kubernetes_words.SHORT_LIFECYCLE.get(words, words)
    return Stripes(((fit(words, width), tone),))
