"""An operation as text and as JSON."""

from dataclasses import asdict
from typing import Any

from flinktop.engine.operation import Operation
from flinktop.flink.text import clean
from flinktop.model import format as written

LEFT = (
    "Flink has taken it, and remembers the result for five minutes after its end; a flinktop that opens this "
    "cluster follows it"
)
"""What is to be known of an operation that is left to itself."""


def as_object(operation: Operation) -> dict[str, Any]:
    """What `--json` prints of an operation; times in seconds since 1970."""
    return {
        "id": operation.id,
        "kind": operation.kind,
        "state": str(operation.state),
        "subject": operation.subject,
        "job": operation.job,
        "cluster": operation.cluster,
        "cluster_name": operation.cluster_name,
        "by": operation.by,
        "planned": operation.planned,
        "sent": operation.sent,
        "ended": operation.ended,
        "trigger": operation.trigger,
        "result": asdict(operation.result),
        "reason": operation.reason,
    }


def headline(operation: Operation) -> str:
    """What was asked and how it is, on one line."""
    job = f" ({operation.job})" if operation.job is not None and operation.job != operation.subject else ""
    return clean(f"{operation.label} of {operation.subject}{job}: {operation.state}")


def came_of(operation: Operation) -> tuple[str, ...]:
    """What came of it, one thing a line."""
    result = operation.result
    told = (
        ("savepoint", result.savepoint),
        ("job", result.job),
        ("job state", result.job_state),
        ("jar", result.jar),
        ("application", result.application if result.application != result.job else None),
        ("checkpoint", result.checkpoint),
        *(("", fact) for fact in result.facts),
        ("reason", operation.reason or None),
        ("trigger", operation.trigger if not operation.state.final else None),
    )
    return tuple(f"{label:11}{clean(str(value))}".rstrip() for label, value in told if value is not None)


def table(operations: tuple[Operation, ...]) -> list[str]:
    """The ledger as a table, each operation with what came of it below."""
    rows = [("WHEN", "STATE", "WHAT", "ON", "CLUSTER", "BY")]
    for one in operations:
        when = written.moment(one.planned, None)
        row = (when, str(one.state), one.label, one.subject, one.cluster_name, one.by)
        rows.append(tuple(clean(cell) for cell in row))  # type: ignore[arg-type]  # six of them
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = []
    for number, row in enumerate(rows):
        cells = [f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join((*cells, row[5])).rstrip())
        if number:
            lines += [f"{'':21}{line}" for line in came_of(operations[number - 1])]
    return lines
