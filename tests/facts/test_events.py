"""Events as rows: every kind has its look, the filter, and what Flink still has."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len

from flinktop.engine.journal.event import Event, EventKind
from flinktop.engine.seen_checkpoints import SeenCheckpoint
from flinktop.facts.events import LOOKS, EventFilter, Held, checkpoint_seen, fault_seen, look, newest
from flinktop.flink.checkpoints import CHECKPOINTS, Checkpoint, CheckpointStats
from flinktop.flink.exceptions import EXCEPTIONS, Fault, FaultHistory, JobExceptions
from flinktop.flink.jobs import JOBS_OVERVIEW, JobOverview, JobsOverview
from flinktop.flink.taskmanagers import TASKMANAGERS, TaskManager, TaskManagers
from flinktop.judgement.finding import Severity
from flinktop.model.faults import FaultGroup
from tests.facts.given import Given

JOB, GONE = "a" * 32, "b" * 32


def event(kind: EventKind, **rest: Any) -> Event:
    usual: dict[str, Any] = {"at": 1000.0, "cluster": "http://c", "words": "words", "key": "", "job": JOB}
    return Event(kind=kind, **(usual | rest))


def test_every_kind_has_a_look_of_its_own_that_fits_its_column() -> None:
    assert set(LOOKS) == set(EventKind)
    looks = [(look(event(kind)).text, look(event(kind)).tone) for kind in EventKind]
    assert len(set(looks)) == len(looks)
    assert max(cell_len(text) for text, _ in looks) <= 12


def test_a_finding_has_the_shape_of_its_severity() -> None:
    critical = look(event(EventKind.RAISED, severity=Severity.CRITICAL))
    warning = look(event(EventKind.RAISED, severity=Severity.WARNING))
    assert (critical.text, critical.tone) == ("✕ raised", "bad")
    assert (warning.text, warning.tone) == ("▲ raised", "warn")
    # What is over is not marked as bad, however bad it was.
    assert look(event(EventKind.CLEARED, severity=Severity.CRITICAL)).tone == "muted"


def test_repeats_happened_last_at_their_newest() -> None:
    assert newest(event(EventKind.FAILURE, at=5.0, last=9.0)) == 9.0
    assert newest(event(EventKind.FAILURE, at=5.0, last=0.0)) == 5.0


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("DISK", True),
        ("disk full", True),
        ("disk empty", False),
        ("kind:failure", True),
        ("kind:fail", True),
        ("kind:savepoint", False),
        ("job:orders", True),
        ("job:aaaa", True),
        ("job:billing", False),
        ("finding:failed", False),
        ("kind:failure job:orders disk", True),
        ("nothing:failure", False),
        ("http://x", False),
    ],
)
def test_the_filter(text: str, matches: bool) -> None:  # noqa: FBT001 -- a table
    one = event(EventKind.FAILURE, words="Disk full", job_name="Orders")
    assert EventFilter(text).matches(one, "disk full\norders\nfailure") is matches


@pytest.mark.parametrize(
    ("text", "kinds", "words"),
    [
        ("", (), ""),
        ("disk fuller", (), "fuller"),
        ("kind:savepoint disk", (EventKind.SAVEPOINT,), "disk"),
        ("kind:taskmanager", (EventKind.TASKMANAGER_CAME, EventKind.TASKMANAGER_GONE), ""),
        # What may be found in the column of the kind, or is of a job, is looked for when it is read.
        ("failure", (), ""),
        ("job:orders", (), ""),
    ],
)
def test_what_of_the_filter_the_journal_can_look_for(
    text: str, kinds: tuple[EventKind, ...], words: str
) -> None:
    wanted = EventFilter(text)
    assert (wanted.kinds, wanted.text, wanted.nothing) == (kinds, words, False)


def test_a_kind_that_does_not_exist_passes_nothing() -> None:
    wanted = EventFilter("kind:birthday")
    assert wanted.nothing
    assert not any(wanted.matches(event(kind), "") for kind in EventKind)


def listed(known: Given, *jobs: str) -> None:
    known.answer(
        JOBS_OVERVIEW(),
        JobsOverview(jobs=tuple(JobOverview(jid=job, name="n", state="RUNNING") for job in jobs)),
    )


def test_nothing_is_said_to_be_gone_before_flink_has_answered() -> None:
    known = Given()
    assert not any(Held(known).lacks(event(kind, checkpoint=1, taskmanager="t")) for kind in EventKind)
    listed(known, JOB)
    assert not any(Held(known).lacks(event(kind, checkpoint=1, taskmanager="t")) for kind in EventKind)


def test_all_of_a_job_that_is_not_listed_is_remembered() -> None:
    known = Given()
    listed(known, JOB)
    held = Held(known)
    assert held.lacks(event(EventKind.JOB_STARTED, job=GONE))
    assert held.lacks(event(EventKind.RAISED, job=GONE))
    assert not held.lacks(event(EventKind.JOB_STARTED))
    assert not held.lacks(event(EventKind.CLUSTER_LOST, job=""))


def test_a_failure_is_remembered_once_it_has_left_the_history() -> None:
    known = Given()
    listed(known, JOB)
    history = FaultHistory(entries=(Fault(timestamp=2000),))
    known.answer(EXCEPTIONS(job=JOB), JobExceptions(history=history))
    held = Held(known)
    assert not held.lacks(event(EventKind.FAILURE, at=1000.0, last=2000.0))
    assert not held.lacks(event(EventKind.FAILURE, at=2000.0))
    assert held.lacks(event(EventKind.FAILURE, at=1000.0))
    # Flink may have sent only some of them.
    cut = JobExceptions(history=FaultHistory(entries=history.entries, truncated=True))
    known.answer(EXCEPTIONS(job=JOB), cut)
    assert not Held(known).lacks(event(EventKind.FAILURE, at=1000.0))


def test_a_checkpoint_is_remembered_once_it_has_left_the_history() -> None:
    seen = tuple(SeenCheckpoint(Checkpoint(id=number), dropped=number < 2) for number in (2, 1))
    known = Given(seen=seen)
    listed(known, JOB)
    assert Held(known).lacks(event(EventKind.CHECKPOINT_FAILED, checkpoint=1))
    assert not Held(known).lacks(event(EventKind.CHECKPOINT_FAILED, checkpoint=2))
    assert not Held(known).lacks(event(EventKind.CHECKPOINT_FAILED, checkpoint=0))
    known.answer(CHECKPOINTS(job=JOB), CheckpointStats())
    assert Held(known).lacks(event(EventKind.CHECKPOINT_FAILED, checkpoint=0))


def test_of_repeated_checkpoints_the_newest_counts() -> None:
    newest_one = Checkpoint(id=9, status="FAILED", failure_timestamp=9000)
    known = Given(seen=(SeenCheckpoint(newest_one), SeenCheckpoint(Checkpoint(id=1), dropped=True)))
    listed(known, JOB)
    repeated = event(EventKind.CHECKPOINT_FAILED, checkpoint=1, last=9000.0, count=3)
    assert not Held(known).lacks(repeated)
    seen = checkpoint_seen(known, repeated)
    assert seen is not None
    assert seen.checkpoint.id == 9


def test_a_taskmanager_is_remembered_once_it_is_gone() -> None:
    known = Given()
    known.answer(TASKMANAGERS(), TaskManagers(taskmanagers=(TaskManager(id="tm-1"),)))
    held = Held(known)
    assert not held.lacks(event(EventKind.TASKMANAGER_CAME, job="", taskmanager="tm-1"))
    assert held.lacks(event(EventKind.TASKMANAGER_GONE, job="", taskmanager="tm-2"))


def test_a_failure_that_was_seen_is_found_by_its_times() -> None:
    fault = Fault(timestamp=2000)
    group = FaultGroup(key="g", latest=fault, first=fault, count=1, kept=(fault,))
    known = Given(groups=(group,))
    assert fault_seen(known, event(EventKind.FAILURE, at=1000.0, last=2000.0)) == ("g", 2000)
    assert fault_seen(known, event(EventKind.FAILURE, at=1000.0)) is None
