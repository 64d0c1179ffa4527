"""What is said of an exception wherever it is shown: where and when it happened, how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from flinktop.model import faults, subtask_names

if TYPE_CHECKING:
    from flinktop.flink.exceptions import Fault
    from flinktop.ui.panels.frame import Part

GAP: Part = ("   ", "")


def place_lines(fault: Fault, room: int, unnamed: str) -> list[list[Part]]:
    """The task, its subtask and attempt, and the TaskManager: on two lines where `room` cells are few.

    Then the first has the task alone, which may be long, so that the TaskManager is not what is cut.
    `unnamed` stands for the task where Flink sends none.
    """
    task = faults.task(fault.task_name)
    named: list[Part] = [("in ", "muted"), (task.name, "")] if task is not None else [(unnamed, "")]
    rest: list[Part] = []
    if task is not None and task.subtask is not None:
        rest += [("subtask ", "muted"), (subtask_names.numbered(task.subtask, task.of), "")]
    if task is not None and task.attempt is not None:
        rest += [*_apart(rest), ("attempt ", "muted"), (f"{task.attempt}", "")]
    if machine := _machine_parts(fault):
        rest += [*_apart(rest), *machine]
    whole = [*named, *_apart(rest), *rest]
    if not rest or sum(cell_len(text) for text, _ in whole) <= room:
        return [whole]
    return [named, rest]


def _apart(before: list[Part]) -> list[Part]:
    return [GAP] if before else []


def _machine_parts(fault: Fault) -> list[Part]:
    parts: list[Part] = []
    if fault.task_manager_id and not fault.task_manager_id.startswith("(unassigned"):
        parts += [("on ", "muted"), (fault.task_manager_id, "")]
        if fault.where:
            parts.append((f" ({fault.where})", "muted"))
    elif fault.where:
        parts += [("on ", "muted"), (fault.where, "")]
    return parts
