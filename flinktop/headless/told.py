"""An operation as text and as JSON."""

from typing import Any
from unicodedata import category, east_asian_width

from msgspec.structs import asdict

from flinktop.engine.operation import Operation
from flinktop.flink.text import clean
from flinktop.model import format as written

_JOINED = ("Mn", "Me", "Cf")
_FOLLOWED = "`flinktop operations` shows its outcome once a flinktop has this cluster open and follows it"
_REMEMBERED = (
    "remembers its result for five minutes after its end, unless rest.async.store-duration (Flink 1.15+) "
    "says otherwise"
)


def left(operation: Operation) -> str:
    """What is to be known of an operation that is left to itself.

    Flink keeps the result of what has a trigger alone: the end of a cancel or a run is seen by the job.
    """
    remembers = "" if operation.trigger is None else f", and {_REMEMBERED}"
    return f"accepted by Flink{remembers}; {_FOLLOWED}"


def as_object(operation: Operation) -> dict[str, Any]:
    """What `--json` prints of an operation; times in seconds since 1970. Without an id it was never one."""
    return {
        "id": operation.id or None,
        "kind": operation.kind,
        "state": str(operation.state),
        "subject": operation.subject,
        "job": operation.job,
        "cluster": operation.cluster,
        "cluster_name": operation.cluster_name,
        "by": operation.by,
        "planned": operation.planned or None,
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
        ("reason", operation.reason if operation.reason and operation.state.final else None),
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
    widths = [max(cells(row[column]) for row in rows) for column in range(5)]
    lines = []
    for number, row in enumerate(rows):
        padded = [cell + " " * (width - cells(cell)) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join((*padded, row[5])).rstrip())
        if number:
            lines += [f"{'':21}{line}" for line in came_of(operations[number - 1])]
    return lines


def cells(text: str) -> int:
    """Cells of a terminal that a text takes: two for a wide character, none for what joins the one before."""
    return sum(
        0 if category(letter) in _JOINED else 2 if east_asian_width(letter) in "WF" else 1 for letter in text
    )
