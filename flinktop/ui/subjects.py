"""What an event or an alert is about, as the place to go to; or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.engine.journal.event import EventKind
from flinktop.facts.culprits import JOBMANAGER
from flinktop.facts.events import (
    OF_CHECKPOINTS,
    OF_FINDINGS,
    OF_TASKMANAGERS,
    Held,
    checkpoint_seen,
    fault_seen,
)
from flinktop.flink.text import clean
from flinktop.judgement.finding import OF_CLUSTER, Kind
from flinktop.ui.places import (
    CheckpointPlace,
    CheckpointsPlace,
    EventPlace,
    FaultPlace,
    JobManagerPlace,
    JobPlace,
    OperationPlace,
    OperationsPlace,
    Place,
    TaskManagerPlace,
    TaskManagersPlace,
    TimelinePlace,
    WhyPlace,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.engine.alerts.alert import Alert
    from flinktop.engine.host import Port
    from flinktop.engine.journal.event import Event
    from flinktop.ui.live_app import LiveApp

SAME_OPERATION: Final = 5.0
"""Seconds within which an operation has ended that an event is about: clocks differ."""
HISTORY: Final = "history"
"""The tab of a job with its events: what is known of one that Flink no longer has."""
_TABS: Final[Mapping[EventKind, str]] = {
    EventKind.RESTARTED: "exceptions",
    EventKind.FAILURE: "exceptions",
    EventKind.RESCALED: "timeline",
    EventKind.JOB_CHANGED: "configuration",
    EventKind.SUMMARY: HISTORY,
}
"""The tab of the job that shows events of a kind."""


def go_to(app: LiveApp, subject: Place | str) -> None:
    """Go to a subject, or say why there is none."""
    if isinstance(subject, Place):
        app.go(subject)
    else:
        app.notify(subject, markup=False)


def of_event(port: Port, event: Event) -> Place | str:
    """The place of what an event is about; what Flink no longer has is shown from the journal."""
    held = Held(port)
    if event.kind in OF_TASKMANAGERS:
        # Of many at once their names are kept.
        return _taskmanager(event.taskmanager, held) if not event.details else EventPlace(event)
    if event.kind is EventKind.OPERATION:
        return _operation(port, event)
    if event.kind in (EventKind.CLUSTER_LOST, EventKind.CLUSTER_BACK):
        return JobManagerPlace()
    if event.kind is EventKind.FAILURE:
        fault = None if held.lacks(event) else fault_seen(port, event)
        return FaultPlace(event.job, *fault) if fault is not None else EventPlace(event)
    return _of_its_job(port, event, held)


def _of_its_job(port: Port, event: Event, held: Held) -> Place | str:
    """The place of an event that is about a job, or about nothing but the event itself."""
    if event.kind in OF_CHECKPOINTS and event.checkpoint is not None:
        # One that has failed can be read after Flink has dropped it.
        seen = checkpoint_seen(port, event)
        if seen is not None or not held.lacks(event):
            number = seen.checkpoint.id if seen is not None else event.checkpoint
            return CheckpointPlace(event.job, number)
    if _is_found(port, event):
        return WhyPlace(event.job, cluster=not event.job)
    if event.details or event.kind is EventKind.GAP:
        return EventPlace(event)
    return subject_of(port, event)


def _is_found(port: Port, event: Event) -> bool:
    """Whether the finding of an event is one now."""
    verdict, judged = port.verdict(event.job), port.judged
    of_job = verdict.findings if verdict is not None else ()
    of_cluster = judged.findings if judged is not None and not event.job else ()
    return any(one.kind == event.finding for one in (*of_job, *of_cluster))


def subject_of(port: Port, event: Event) -> Place:
    """The place of the job or cluster that an event is of."""
    held = Held(port)
    if not event.job:
        return WhyPlace("", cluster=True)
    if held.jobs is not None and event.job not in held.jobs:
        return JobPlace(event.job, HISTORY)
    if event.kind in OF_CHECKPOINTS:
        return CheckpointsPlace(event.job)
    return (
        WhyPlace(event.job) if event.kind in OF_FINDINGS else JobPlace(event.job, _TABS.get(event.kind, ""))
    )


def _taskmanager(taskmanager: str | None, held: Held) -> Place | str:
    if not taskmanager:
        return JobManagerPlace() if taskmanager == JOBMANAGER else TaskManagersPlace()
    if held.taskmanagers is not None and taskmanager not in held.taskmanagers:
        return f"The TaskManager {clean(taskmanager)} is gone: the cluster no longer lists it."
    return TaskManagerPlace(taskmanager)


def _operation(port: Port, event: Event) -> Place:
    """The operation of this job that ended closest to the event, else the event with what is kept of it."""
    at = event.at / 1000.0 - port.cluster_time() + port.clock.wall()
    found = [one for one in port.operations() if one.job == (event.job or None) and one.ended is not None]
    nearest = min(found, key=lambda one: abs((one.ended or 0.0) - at), default=None)
    if nearest is not None and abs((nearest.ended or 0.0) - at) < SAME_OPERATION:
        return OperationPlace(nearest.id)
    return EventPlace(event) if event.details else OperationsPlace()


def of_alert(port: Port, alert: Alert) -> Place | str:
    """The place of what an alert is about."""
    held, kind, taskmanager = Held(port), alert.finding.kind, alert.finding.culprit.taskmanager
    if alert.job:
        known = held.jobs is None or alert.job in held.jobs
        return WhyPlace(alert.job) if known and alert.is_open else JobPlace(alert.job, HISTORY)
    if alert.job_name:
        return TimelinePlace(" ".join(f"job:{word}" for word in clean(alert.job_name).split()))
    if kind is Kind.CLUSTER_LOST:
        return JobManagerPlace()
    if kind in OF_CLUSTER and taskmanager is not None:
        return _taskmanager(taskmanager, held)
    if kind in (Kind.TASKMANAGER_LOST, Kind.TASKMANAGER_FLAPPING):
        return TaskManagersPlace()
    return WhyPlace("", cluster=True)
