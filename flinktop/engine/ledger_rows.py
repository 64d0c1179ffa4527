"""Rows of the ledger as operations; of a row that can't be read whole, what can be read of it."""

import math
from collections.abc import Sequence
from typing import Any, get_type_hints

import msgspec
from msgspec import Struct, field
from msgspec.structs import asdict, replace

from flinktop.engine.acts.verdict import Result
from flinktop.engine.operation import Operation, State

COLUMNS = (
    "id", "cluster", "cluster_name", "kind", "act", "subject", "job", "by", "state", "planned", "sent",
    "ended", "trigger_id", "notes", "result", "reason", "owner", "beat",
)  # fmt: skip
LATEST = 253_402_300_799.0
"""The last second of the year 9999: no time of an operation is later."""


def values(operation: Operation) -> tuple[Any, ...]:
    """The columns of an operation but for owner and sign of life."""
    # All acts: whoever only watches does not wait for them at the start.
    from flinktop.engine.acts.kinds import as_json  # noqa: PLC0415 - see above

    return (
        operation.id,
        operation.cluster,
        operation.cluster_name,
        operation.kind,
        as_json(operation.act) if operation.act is not None else "{}",
        operation.subject,
        operation.job,
        operation.by,
        str(operation.state),
        operation.planned,
        operation.sent,
        operation.ended,
        operation.trigger,
        msgspec.json.encode(operation.notes).decode(),
        msgspec.json.encode(asdict(operation.result)).decode(),
        operation.reason,
    )


def operation_of(row: Sequence[Any], number: int, owner: str) -> Operation:
    """The operation in a row.

    One whose row can't be read whole is UNKNOWN, unless its end is known: nobody can follow it.

    Args:
        row: the columns.
        number: the row's number in the table, for one without an id.
        owner: who reads it.
    """
    from flinktop.engine.acts.kinds import KINDS, from_json  # noqa: PLC0415 - as in `values`

    told = _Row(dict(zip(COLUMNS, row, strict=True)))
    kind = told.text("kind")
    act = from_json(kind, told.text("act"))
    if act is None and kind in KINDS:
        told.odd.append("act")
    state = told.state()
    notes, result = told.notes(), told.result()
    operation = Operation(
        id=told.text("id") or f"row {number}",
        cluster=told.text("cluster"),
        cluster_name=told.text("cluster_name"),
        kind=kind,
        act=act,
        subject=told.text("subject"),
        job=told.text_or_none("job"),
        by=told.text("by"),
        planned=told.time("planned") or 0.0,
        sent=told.time("sent"),
        ended=told.time("ended"),
        trigger=told.text_or_none("trigger_id"),
        notes=notes,
        result=result,
        reason=told.text("reason"),
        state=state,
        ours=told.columns["owner"] == owner,
    )
    if told.columns["planned"] is None:
        told.odd.append("planned")
    if not told.odd:
        return operation
    unread = f"part of its record can't be read: {', '.join(dict.fromkeys(told.odd))}"
    reason = f"{operation.reason}; {unread}" if operation.reason else unread
    return replace(operation, state=state if state.final else State.UNKNOWN, reason=reason, ours=False)


def result_of(text: Any) -> Result:
    """What came of an operation, as far as it can be read."""
    return _Row({"result": text}).result()


class _Row(Struct):
    """The columns of a row, each of which may hold anything."""

    columns: dict[str, Any]
    odd: list[str] = field(default_factory=list)
    """Names of those that don't hold what they should."""

    def text(self, name: str) -> str:
        """A text; "" for anything else."""
        told = self.columns[name]
        if isinstance(told, str):
            return told
        self.odd.append(name)
        return ""

    def text_or_none(self, name: str) -> str | None:
        return None if self.columns[name] is None else self.text(name) or None

    def time(self, name: str) -> float | None:
        """Seconds since 1970; None where there is none."""
        told = self.columns[name]
        if told is None:
            return None
        if isinstance(told, int | float) and math.isfinite(told) and 0 <= told <= LATEST:
            return float(told)
        self.odd.append(name)
        return None

    def state(self) -> State:
        """How far it has come; UNKNOWN for what a newer flinktop calls otherwise."""
        told = self.columns["state"]
        try:
            return State(told)
        except ValueError:
            self.odd.append(f"state {told!r}")
            return State.UNKNOWN

    def notes(self) -> dict[str, Any]:
        told = self._json("notes")
        return told if told is not None else {}

    def result(self) -> Result:
        told = self._json("result") or {}
        kept: dict[str, Any] = {}
        for name, kind in _RESULT.items():
            if name in told:
                try:
                    kept[name] = msgspec.convert(told[name], kind)
                except msgspec.ValidationError:
                    self.odd.append(f"result {name}")
        return Result(**kept)

    def _json(self, name: str) -> dict[str, Any] | None:
        told = self.columns[name]
        try:
            return msgspec.json.decode(told, type=dict[str, Any])
        except (msgspec.DecodeError, TypeError, UnicodeDecodeError, RecursionError):
            self.odd.append(name)
            return None


_RESULT = get_type_hints(Result)
