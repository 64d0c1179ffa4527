"""What the Flink Kubernetes operator says of a FlinkDeployment or a FlinkSessionJob."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from flinktop.kubernetes.objects import name_of, read, sentence
from flinktop.model.kubernetes import OperatorState

if TYPE_CHECKING:
    from flinktop.kubernetes.objects import FlinkObject, JobStatus

_NO_SAVEPOINT: Final = "KUBERNETES_OPERATOR_LAST_STATE"
"""A path the operator writes where the job is to start from its last checkpoint, whichever that is."""
_CLASS: Final = re.compile(r"(?:[a-z_$][\w$]{0,60}\.){1,12}[A-Z][\w$]{0,100}: ")


class OperatorError(Struct, frozen=True, rename="camel"):
    """`status.error`: an exception as JSON text, from operator 1.3 on; before, its message alone."""

    type: str | None = None
    message: str | None = None
    additional_metadata: dict[str, Any] | None = None
    throwable_list: tuple[OperatorError, ...] = ()  # its causes; the last one is the root


def state_of(kind: str, given: FlinkObject) -> OperatorState:
    """What the operator says of an object of a kind (FlinkDeployment, FlinkSessionJob)."""
    status, job = given.status, given.spec.job
    job_status = status.job_status if status is not None else None
    path, at = _own_savepoint(job_status)
    lifecycle = ""
    if status is not None:
        reconciled = status.reconciliation_status
        lifecycle = status.lifecycle_state or (reconciled.state if reconciled is not None else "") or ""
    return OperatorState(
        kind=kind,
        name=name_of(given.metadata.name),
        lifecycle=name_of(lifecycle),
        job_status=name_of(job_status.state) if job_status is not None else "",
        job_id=name_of(job_status.job_id) if job_status is not None else "",
        job_name=name_of(job_status.job_name) if job_status is not None else "",
        error=error_text(status.error) if status is not None else "",
        wanted=name_of(job.state) if job is not None else "",
        upgrade_mode=name_of(job.upgrade_mode) if job is not None else "",
        savepoint=path,
        savepoint_at=at,
        deleting=given.metadata.deletion_timestamp is not None,
    )


def _own_savepoint(status: JobStatus | None) -> tuple[str, float | None]:
    """The last savepoint in the status of a job, and when it was taken (s since 1970).

    From operator 1.10 on savepoints are FlinkStateSnapshots, and only the path of the last upgrade's is here.
    """
    if status is None:
        return "", None
    last = status.savepoint_info.last_savepoint if status.savepoint_info is not None else None
    upgrade = status.upgrade_savepoint_path or ""
    if last is not None and last.location:
        at = last.time_stamp / 1000 if last.time_stamp is not None and last.time_stamp > 0 else None
        return sentence(last.location), at
    return (sentence(upgrade) if upgrade != _NO_SAVEPOINT else ""), None


# -- its error -----------------------------------------------------------------------------------------


def error_text(given: str | None) -> str:
    """The message of `status.error`, with its reason and its root cause if the message has neither."""
    if not given or not given.strip():
        return ""
    error = read(given.encode(errors="replace"), OperatorError) if given.lstrip().startswith("{") else None
    if error is None or not (error.type or error.message or error.throwable_list):
        return _without_class(sentence(given))
    words = _message(error)
    reason = (error.additional_metadata or {}).get("reason")
    if isinstance(reason, str) and reason and reason not in words:
        words = f"{name_of(reason)}: {words}" if words else name_of(reason)
    root = _message(error.throwable_list[-1]) if error.throwable_list else ""
    if root and root not in words:
        words = f"{words}; cause: {root}" if words else root
    return words or name_of((error.type or "").rpartition(".")[2])


def _message(error: OperatorError) -> str:
    return _without_class(sentence(error.message))


def _without_class(words: str) -> str:
    """A message without the exception classes in front of it, which Java adds for each cause."""
    at = 0
    while (found := _CLASS.match(words, at)) is not None:
        at = found.end()
    return words[at:] or words
