"""Job and task states: alive or not, and severity. Unknown states of newer releases are accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.flink.jobs import ENDED

if TYPE_CHECKING:
    from collections.abc import Mapping

TASK_STATES = (  # states of a subtask in the usual order
    "CREATED",
    "SCHEDULED",
    "DEPLOYING",
    "INITIALIZING",
    "RUNNING",
    "FINISHED",
    "CANCELING",
    "CANCELED",
    "FAILED",
    "RECONCILING",
)
_TONES = {
    "RUNNING": "good",
    **dict.fromkeys(("FINISHED", "CANCELED"), "muted"),
    **dict.fromkeys(("RESTARTING", "RECONCILING", "SUSPENDED"), "warn"),
    **dict.fromkeys(("FAILED", "FAILING"), "bad"),
}


def is_terminal(state: str) -> bool:
    """Whether a job in this state will never run again by itself."""
    return state in ENDED


def is_running(state: str) -> bool:
    """Whether records can flow."""
    return state == "RUNNING"


def severity(state: str) -> int:
    """How much attention a state needs: 3 bad, 2 warning, 1 in transition or unknown, 0 fine or ended."""
    return {"bad": 3, "warn": 2, "info": 1}.get(tone(state), 0)


def of_vertex(tasks: Mapping[str, int]) -> str:
    """The state of a vertex from the states of its subtasks, computed as in Flink."""
    for state in ("FAILED", "CANCELING", "CANCELED", "INITIALIZING", "RUNNING"):
        if tasks.get(state, 0) > 0:
            return state
    finished, whole = tasks.get("FINISHED", 0), sum(tasks.values())
    if finished > 0:
        return "FINISHED" if finished == whole else "RUNNING"
    # A state of a newer release is shown unchanged.
    return next((state for state in tasks if state not in TASK_STATES), "CREATED")


def tone(state: str) -> str:
    """The style name of a state: "good", "warn", "bad", "info" or "muted"."""
    return _TONES.get(state, "info")


def words(state: str, style: str = "") -> str:
    """The state with its mark, or with that of `style`; UNKNOWN if not reported."""
    return f"{mark(state, style)} {state or 'UNKNOWN'}"


def mark(state: str, style: str = "") -> str:
    """One cell whose shape shows the kind of state, or `style`, without colour."""
    return {"good": "●", "muted": "○", "bad": "✕", "warn": "▲", "info": "◐"}[style or tone(state)]
