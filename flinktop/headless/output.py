"""Operations as text and as JSON, and `flinktop operations`, which prints the ledger."""

# ruff: noqa: T201 -- this module prints

import sys
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import asdict

from flinktop.engine.ledger import Ledger, LedgerError
from flinktop.engine.operation import Operation
from flinktop.facts.operations import explanation_of
from flinktop.flink.text import clean
from flinktop.headless.args import DONE, FAILED
from flinktop.headless.cells import cells
from flinktop.model import format as written

MOST = 10_000  # maximum number of operations printed

_PRINTED = (
    "id", "kind", "state", "subject", "job", "cluster", "cluster_name", "by", "planned", "sent", "ended",
    "trigger", "result", "reason",
)  # fmt: skip
_FOLLOWED = "`flinktop operations` shows its outcome once a flinktop has this cluster open and follows it"
_REMEMBERED = (
    "remembers its result for five minutes after its end, unless rest.async.store-duration (Flink 1.15+) "
    "says otherwise"
)


def print_operations(path: Path, *, json: bool) -> int:
    """Print the ledger, newest first, as a table or as a JSON array; returns the exit code."""
    ledger = Ledger(path)
    try:
        operations = ledger.operations(MOST)
    except LedgerError as error:
        print(f"flinktop: {error}", file=sys.stderr)
        return FAILED
    finally:
        ledger.close()
        for notice in ledger.take_notices():
            print(f"flinktop: {notice}", file=sys.stderr)
    if json:
        print(msgspec.json.encode([as_object(one) for one in operations]).decode())
    elif operations:
        print("\n".join(table(operations)))
    else:
        print("No operations from this flinktop yet.")
    return DONE


def unfinished_text(operation: Operation) -> str:
    """The sentence about an operation that has not ended and is not followed any more.

    Flink keeps results only for operations with a trigger: the end of a cancel or a run is seen at the job.
    """
    remembers = "" if operation.trigger is None else f", and {_REMEMBERED}"
    return f"accepted by Flink{remembers}; {_FOLLOWED}"


def as_object(operation: Operation) -> dict[str, Any]:
    """The JSON of an operation; times in s since 1970.

    `id` is null if it was never submitted, `failure` unless it failed for a well-known reason.
    """
    known = operation.explanation if explanation_of(operation) else None
    return {name: getattr(operation, name) for name in _PRINTED} | {
        "id": operation.id or None,
        "state": str(operation.state),
        "planned": operation.planned or None,
        "result": asdict(operation.result),
        "failure": asdict(known) if known is not None else None,
    }


def headline(operation: Operation) -> str:
    """Act, subject and state on one line."""
    job = f" ({operation.job})" if operation.job is not None and operation.job != operation.subject else ""
    return clean(f"{operation.label} of {operation.subject}{job}: {operation.state}")


def result_lines(operation: Operation) -> tuple[str, ...]:
    """The results of an operation, one per line."""
    result = operation.result
    shown = (
        ("savepoint", result.savepoint),
        ("job", result.job),
        ("job state", result.job_state),
        ("jar", result.jar),
        ("application", result.application if result.application != result.job else None),
        ("checkpoint", result.checkpoint),
        *(("", fact) for fact in result.facts),
        ("reason", operation.reason if operation.reason and operation.state.final else None),
        *explanation_of(operation),
        ("trigger", operation.trigger if not operation.state.final else None),
    )
    return tuple(f"{label:11}{clean(str(value))}".rstrip() for label, value in shown if value is not None)


def table(operations: tuple[Operation, ...]) -> list[str]:
    """The ledger as a table, each operation followed by its results."""
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
            lines += [f"{'':21}{line}" for line in result_lines(operations[number - 1])]
    return lines
