"""Job and task states: which are alive, how bad each is. Unknown ones, which newer releases bring, pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.flink.jobs import ENDED

if TYPE_CHECKING:
    from collections.abc import Mapping

TASK_STATES = (  # states of a subtask in the order in which it comes to them
    *("CREATED", "SCHEDULED", "DEPLOYING", "INITIALIZING", "RUNNING", "FINISHED"),
    *("CANCELING", "CANCELED", "FAILED", "RECONCILING"),
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
    """How much a state asks for attention: 3 bad, 2 troubled, 1 under way or unknown, 0 fine or over."""
    return {"bad": 3, "warn": 2, "info": 1}.get(tone(state), 0)


def of_vertex(tasks: Mapping[str, int]) -> str:
    """The state of a vertex by how many of its subtasks are in which, as Flink reckons it."""
    for state in ("FAILED", "CANCELING", "CANCELED", "INITIALIZING", "RUNNING"):
        if tasks.get(state, 0) > 0:
            return state
    finished, whole = tasks.get("FINISHED", 0), sum(tasks.values())
    if finished > 0:
        return "FINISHED" if finished == whole else "RUNNING"
    # A state that a newer release brings is told as it is.
    return next((state for state in tasks if state not in TASK_STATES), "CREATED")


def tone(state: str) -> str:
    """The style name of a state: "good", "warn", "bad", "info" or "muted"."""
    return _TONES.get(state, "info")


def words(state: str, style: str = "") -> str:
    """The state with its mark, or with that of `style`; UNKNOWN for one that is not reported."""
    return f"{mark(state, style)} {state or 'UNKNOWN'}"


def mark(state: str, style: str = "") -> str:
    """One cell whose shape tells the kind of state, or of `style`, without colour."""
    return {"good": "●", "muted": "○", "bad": "✕", "warn": "▲", "info": "◐"}[style or tone(state)]
