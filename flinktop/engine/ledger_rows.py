"""Converts operations to rows of the ledger and back; keeps what is readable of a malformed row."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import Struct, field
from msgspec.structs import asdict, replace

from flinktop.engine.acts.verdict import Explanation, Result
from flinktop.engine.operation import Operation, State

COLUMNS = (
    "id", "cluster", "cluster_name", "kind", "act", "subject", "job", "by", "state", "planned", "sent",
    "ended", "trigger_id", "notes", "result", "reason", "owner", "beat",
)  # fmt: skip
EXPLANATION = "explanation"  # key in the notes on the disk
LATEST = 253_402_300_799.0  # the last second of the year 9999: no time of an operation is later
_TIME = Annotated[float, msgspec.Meta(ge=0, le=LATEST)] | None


def values(operation: Operation) -> tuple[Any, ...]:
    """The columns of an operation, without owner and heartbeat."""
    # This imports all acts: not needed at the start of a monitor.
    from flinktop.engine.acts.kinds import as_json  # noqa: PLC0415 - see above

    columns = asdict(operation) | {
        "act": as_json(operation.act) if operation.act is not None else "{}",
        "state": str(operation.state),
        "trigger_id": operation.trigger,
        "notes": msgspec.json.encode(_notes_of(operation)).decode(),
        "result": msgspec.json.encode(asdict(operation.result)).decode(),
    }
    return tuple(columns[name] for name in COLUMNS[:-2])


def _notes_of(operation: Operation) -> dict[str, Any]:
    """The notes with the explanation among them: flinktops that know of none leave them as they are."""
    known = operation.explanation
    return operation.notes | ({EXPLANATION: asdict(known)} if known is not None else {})


def operation_of(cells: Sequence[Any], number: int, owner: str) -> Operation:
    """The operation in a row.

    If a part of the row can't be read and its end is not known, it is UNKNOWN: nobody can follow it. `number`
    is the row's number, used where the id is missing; `owner` is the reading flinktop.
    """
    from flinktop.engine.acts.kinds import KINDS, from_json  # noqa: PLC0415 - as in `values`

    row = _Row(dict(zip(COLUMNS, cells, strict=True)))
    kind = row.text("kind")
    act = from_json(kind, row.text("act"))
    if act is None and kind in KINDS:
        row.odd.append("act")
    state = row.state()
    notes, result = row.json("notes"), row.result()
    explanation = _explanation(notes.pop(EXPLANATION, None))
    operation = Operation(
        id=row.text("id") or f"row {number}",
        cluster=row.text("cluster"),
        cluster_name=row.text("cluster_name"),
        kind=kind,
        act=act,
        subject=row.text("subject"),
        job=row.text_or_none("job"),
        by=row.text("by"),
        planned=row.time("planned") or 0.0,
        sent=row.time("sent"),
        ended=row.time("ended"),
        trigger=row.text_or_none("trigger_id"),
        notes=notes,
        result=result,
        reason=row.text("reason"),
        explanation=explanation,
        state=state,
        ours=row.columns["owner"] == owner,
    )
    if row.columns["planned"] is None:
        row.odd.append("planned")
    if not row.odd:
        return operation
    unread = f"part of its record can't be read: {', '.join(dict.fromkeys(row.odd))}"
    reason = f"{operation.reason}; {unread}" if operation.reason else unread
    return replace(operation, state=state if state.final else State.UNKNOWN, reason=reason, ours=False)


def _explanation(of: Any) -> Explanation | None:
    """The explanation in the notes; None if there is none that can be read, which says nothing wrong."""
    with suppress(msgspec.ValidationError):
        return msgspec.convert(of, Explanation)
    return None


def result_of(text: Any) -> Result:
    """The readable part of an operation's result."""
    return _Row({"result": text}).result()


class _Row(Struct):
    """The columns of a row; each may hold anything."""

    columns: dict[str, Any]
    odd: list[str] = field(default_factory=list)  # names of malformed columns

    def get(self, name: str, kind: Any, default: Any) -> Any:
        """The value of a column if it has this type, else `default`."""
        try:
            return msgspec.convert(self.columns[name], kind)
        except msgspec.ValidationError:
            self.odd.append(name)
            return default

    def text(self, name: str) -> str:
        """Text; "" for anything else."""
        return str(self.get(name, str, ""))

    def text_or_none(self, name: str) -> str | None:
        return self.get(name, str | None, None) or None

    def time(self, name: str) -> float | None:
        """Seconds since 1970; None if missing."""
        seconds: float | None = self.get(name, _TIME, None)
        return seconds

    def state(self) -> State:
        """The state; UNKNOWN for one that only a newer flinktop knows."""
        name = self.columns["state"]
        try:
            return State(name)
        except ValueError:
            self.odd.append(f"state {name!r}")
            return State.UNKNOWN

    def result(self) -> Result:
        values = self.json("result")
        kept: dict[str, Any] = {}
        for name, kind in _RESULT.items():
            if name in values:
                try:
                    kept[name] = msgspec.convert(values[name], kind)
                except msgspec.ValidationError:
                    self.odd.append(f"result {name}")
        return Result(**kept)

    def json(self, name: str) -> dict[str, Any]:
        try:
            return msgspec.json.decode(self.columns[name], type=dict[str, Any])
        except (msgspec.DecodeError, TypeError, UnicodeDecodeError, RecursionError):
            self.odd.append(name)
            return {}


_RESULT = get_type_hints(Result)
