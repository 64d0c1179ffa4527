"""Records that could not be read or sent, and records that came too late for their window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.judgement import operator_figures
from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity
from flinktop.judgement.holds import Sign
from flinktop.judgement.trails import Note, risen, trail
from flinktop.judgement.wording import short
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flinktop.judgement.trails import Trail
    from flinktop.model.look import VertexLook

_ERRORS_IN, _ERRORS_OUT, _LATE = "errors in", "errors out", "late"
_COUNTERS: Final = {_ERRORS_IN: "numRecordsInErrors", _ERRORS_OUT: "numRecordsSendErrors"}
_COUNTED: Final = (
    (_ERRORS_IN, (operator_figures.ERRORS_IN,)),
    (_ERRORS_OUT, operator_figures.ERRORS_OUT),
    (_LATE, (operator_figures.LATE,)),
)


def notes(one: VertexLook) -> Iterator[Note]:
    """The counters of a vertex."""
    for name, metrics in _COUNTED:
        found = [operator_figures.total(one, metric) for metric in metrics]
        known = next((each for each in found if each is not None), None)
        if known is not None:
            yield Note(f"{name} {one.id}", known[0], known[1])


def signs(trails: Mapping[str, Trail], one: VertexLook) -> Iterator[Sign]:
    """What has become more since the fetch before."""
    errors = {name: risen(trails, f"{name} {one.id}") or 0.0 for name in (_ERRORS_IN, _ERRORS_OUT)}
    if any(errors.values()):
        does = " and ".join(
            verb for name, verb in ((_ERRORS_IN, "read"), (_ERRORS_OUT, "sent")) if errors[name] > 0
        )
        yield Sign(
            finding=Finding(
                kind=Kind.RECORD_ERRORS,
                severity=Severity.WARNING,
                words=f"record-errors: {fmt.count(sum(errors.values()))} more records of {short(one.name)}"
                f" could not be {does} since the last fetch",
                next="look for the errors in the logs of its TaskManagers",
                culprit=Culprit(vertex=one.id, vertex_name=one.name),
                evidence=tuple(
                    Evidence(_COUNTERS[name], _last(trails, name, one))
                    for name, more in errors.items()
                    if more > 0
                ),
            ),
            fetched=_at(trails, _ERRORS_IN if errors[_ERRORS_IN] else _ERRORS_OUT, one),
        )
    late = risen(trails, f"{_LATE} {one.id}")
    if late:
        yield Sign(
            finding=Finding(
                kind=Kind.LATE_RECORDS,
                severity=Severity.INFO,
                words=f"late-records: {short(one.name)} has dropped {fmt.count(late)} more late records",
                next="compare the watermark's delay with how late records come, or allow some lateness",
                culprit=Culprit(vertex=one.id, vertex_name=one.name),
                evidence=(
                    Evidence("late records dropped, newly", late),
                    Evidence("late records dropped, so far", _last(trails, _LATE, one)),
                ),
            ),
            fetched=_at(trails, _LATE, one),
        )


def _last(trails: Mapping[str, Trail], name: str, one: VertexLook) -> float | None:
    found = trail(trails, f"{name} {one.id}")
    return found[-1].value if found else None


def _at(trails: Mapping[str, Trail], name: str, one: VertexLook) -> float:
    found = trail(trails, f"{name} {one.id}")
    return found[-1].at if found else 0.0
