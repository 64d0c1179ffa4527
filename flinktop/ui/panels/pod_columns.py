"""The columns of a TaskManager's pod: its state, restarts, last end, node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from flinktop.facts.pods import is_bad, is_recent
from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.model import kubernetes_words
from flinktop.ui.panels.columns import MUTED, number, text
from flinktop.ui.widgets.celltext import fit
from flinktop.ui.widgets.columns import Column, Stripes

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.facts.processes import TaskManagerFacts
    from flinktop.model.kubernetes import Pod
    from flinktop.ui.widgets.columns import Cell

SHORT: Final = (
    "OOM (OOMKilled), Crash (CrashLoopBackOff), Image (it can't be pulled), Config (it can't be created), "
    "Pend(ing), Evict(ed), Start(ing), Unready"
)
"""The states of pods in short words, for the help."""
LEGEND: Final = (("POD", f"State of its pod. Short states: {SHORT}."),)
_TONES: Final = {"Running": "good", "Gone": "muted", "Starting": "info"}


def pod_tone(pod: Pod) -> str:
    """The style of a pod's state."""
    word = kubernetes_words.status(pod)
    return "bad" if is_bad(pod) and pod.gone is None else _TONES.get(word, "warn")


def short_status(words: str, width: int) -> str:
    """The state of a pod in at most `width` cells, if it has short words."""
    return words if cell_len(words) <= width else kubernetes_words.SHORT_STATUS.get(words, words)


def pod_columns(now: Callable[[], float]) -> tuple[Column[TaskManagerFacts], ...]:
    """The columns; `now` is this machine's time (s since 1970)."""

    def last_end(row: TaskManagerFacts) -> Cell:
        end = row.pod.ended if row.pod is not None else None
        if end is None:
            return MUTED
        age = f" {fmt.span(max(0.0, now() - end.at))}" if end.at is not None else ""
        return f"{clean(kubernetes_words.short_end(end))}{age}", "warn" if is_recent(end, now()) else "muted"

    def of_pod(row: TaskManagerFacts) -> Cell:
        return (clean(kubernetes_words.status(row.pod)), pod_tone(row.pod)) if row.pod is not None else MUTED

    def fitting(row: TaskManagerFacts, width: int) -> Stripes:
        words, tone = of_pod(row)
        return Stripes(((fit(short_status(words, width), width), tone),))

    return (
        Column(
            "pod",
            "POD",
            9,
            of_pod,
            sort=lambda row: of_pod(row)[0].casefold() if row.pod is not None else None,
            drop=1,
            stripes=fitting,
        ),
        number(
            "restarts",
            "RESTARTS",
            8,
            lambda row: row.pod.restarts if row.pod is not None else None,
            str,
            drop=2,
        ),
        Column(
            "last_end",
            "LAST END",
            14,
            last_end,
            sort=lambda row: row.pod.ended.at if row.pod is not None and row.pod.ended is not None else None,
            descending=True,
            drop=1,
        ),
        text(
            "node",
            "NODE",
            18,
            lambda row: clean(row.pod.node) if row.pod is not None else "",
            tone="muted",
            sort=True,
            drop=4,
            middle=True,
        ),
    )
