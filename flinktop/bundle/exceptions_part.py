"""Why the job failed: the exception history, its root causes, and what is known of them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flinktop.bundle.collection import merged, moment
from flinktop.bundle.contents import EXCEPTIONS_JSON, EXCEPTIONS_TEXT, Gap, Made
from flinktop.bundle.first_failure import first_failure
from flinktop.flink.errors import FlinkError
from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.known.recognise import of_trace
from flinktop.model import faults as judge
from flinktop.model import subtask_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flinktop.bundle.collection import Collection
    from flinktop.flink.exceptions import Fault, JobExceptions
    from flinktop.known.recognise import Known
    from flinktop.model.faults import FaultGroup

log = logging.getLogger(__name__)

MOST_TIMES = 20  # times of equal exceptions that are listed
TIMES_A_LINE = 4


async def make(collection: Collection) -> Made:
    """The files of the exceptions."""
    query = EXCEPTIONS(job=collection.subject.job)
    try:
        answered = await collection.asking.get(query)
    except FlinkError as error:
        return Made(gaps=(Gap("exceptions", error.reason),))
    return merged(
        await collection.text(EXCEPTIONS_TEXT, _lines(collection, answered.value)),
        await collection.json(EXCEPTIONS_JSON, {f"/{query.target}": answered.raw}),
    )


def _lines(collection: Collection, exceptions: JobExceptions) -> Iterator[str]:
    subject, faults = collection.subject, exceptions.faults
    yield f"Exceptions of {subject.name} ({subject.job})"
    if not faults:
        yield "Flink's history has no exceptions of this job."
        return
    yield f"{len(faults)} in Flink's history, the newest first; equal ones are listed together."
    if exceptions.truncated:
        yield "Flink has left out others."
    if (first := first_failure(faults, ())) is not None:
        yield f"The newest one belongs to a series that began at {moment(first.at)}."
    for number, group in enumerate(judge.groups(faults), 1):
        yield ""
        yield from _group(number, group)


def _group(number: int, group: FaultGroup) -> Iterator[str]:
    latest = group.latest
    yield f"{number}. {judge.reason(latest)}"
    yield from _facts(latest)
    yield from _times(group)
    yield from _explained(latest)
    for other in latest.concurrent_exceptions:
        yield f"   with it      {judge.reason(other)}"
        yield from (f"   {line}" for line in _facts(other))
    yield "   stack trace of the newest one:"
    yield from (f"     {line}" for line in latest.stacktrace.splitlines() or ("(none)",))


def _times(group: FaultGroup) -> Iterator[str]:
    times = [moment(one.timestamp) for one in group.kept[:MOST_TIMES]]
    for at in range(0, len(times), TIMES_A_LINE):
        yield f"   {'' if at else 'when':13}{', '.join(times[at : at + TIMES_A_LINE])}"
    if len(group.kept) > MOST_TIMES:
        yield f"   {'':13}and {len(group.kept) - MOST_TIMES} times before"


def _facts(fault: Fault) -> Iterator[str]:
    task = judge.task(fault.task_name)
    if task is None:
        yield "   task         none: a failure of the whole job, or Flink does not say which task"
    else:
        of = f", {subtask_names.named(task.subtask, task.of)}" if task.subtask is not None else ""
        yield f"   task         {task.name}{of}"
    if where := fault.task_manager_id or fault.where:
        yield f"   TaskManager  {where}"
    for name, value in sorted(fault.failure_labels.items()):
        yield f"   label        {name}={value}"


def _explained(fault: Fault) -> Iterator[str]:
    if (known := _known(fault)) is not None:
        yield f"   known as     {known.failure.name}"
        yield f"   means        {known.means}"
        yield f"   do first     {known.next}"


def _known(fault: Fault) -> Known | None:
    try:
        return of_trace(fault.stacktrace)
    except Exception:
        log.exception("an exception could not be looked up")
        return None
