"""What is known last of a job: kept up to date, and not written more often than is of use."""

from __future__ import annotations

from typing import Any

from flinktop.engine.journal.jobs import Listed
from flinktop.engine.journal.known_jobs import MOST_NAMES, MOST_SEEN, SEEN_MS, WRITE_MS, KnownJobs
from flinktop.flink.checkpoints import Checkpoint, CheckpointStats, LatestCheckpoints
from flinktop.flink.jobs import Job, JobVertex
from flinktop.judgement.finding import Severity
from flinktop.judgement.verdict import Verdict
from tests.engine.journal.given import known

ID = "a" * 32
NOW = 1_700_000_000_000.0


def row(state: str = "RUNNING", name: str = "orders", start: float = NOW, end: float = -1.0) -> Listed:
    return Listed(name, state, start, end, old=False)


def watched(**rows: Listed) -> KnownJobs:
    found = KnownJobs("http://prod:8081", "prod")
    found.listed(rows, NOW, "2.3.0")
    return found


def told(words: str = "bottleneck: Map", job: str = ID) -> Verdict:
    return Verdict(
        job=job, name="orders", state="RUNNING", severity=Severity.WARNING, kind="bottleneck", words=words
    )


def test_it_has_all_that_was_answered() -> None:
    jobs = watched(**{ID: row()})
    jobs.detailed(Job(jid=ID, vertices=(JobVertex(id="v", name="Map", parallelism=4),)))
    done = Checkpoint(id=3, external_path="s3://k:secret@b/chk-3", latest_ack_timestamp=int(NOW))
    jobs.checkpointed(ID, CheckpointStats(latest=LatestCheckpoints(completed=done)))
    jobs.restarted(ID, 7)
    jobs.configured(ID, {"restart strategy": "none"})
    jobs.judged(told())
    [job] = jobs.due({ID}, (), NOW)
    assert (job.cluster, job.cluster_name, job.job, job.name) == ("http://prod:8081", "prod", ID, "orders")
    assert (job.state, job.start, job.end, job.seen, job.release) == ("RUNNING", NOW, -1.0, NOW, "2.3.0")
    assert (job.vertices, job.parallelism, job.restarts) == (("Map",), 4, 7)
    assert (job.checkpoint, job.checkpointed) == ("s3://******@b/chk-3", NOW)
    assert (job.words, job.severity) == ("bottleneck: Map", Severity.WARNING)
    assert job.configuration == {"restart strategy": "none"}


def test_a_checkpoint_in_memory_alone_is_none_to_restore_from() -> None:
    jobs = watched(**{ID: row()})
    done = Checkpoint(id=3, external_path="<checkpoint-not-externally-addressable>", latest_ack_timestamp=1)
    jobs.checkpointed(ID, CheckpointStats(latest=LatestCheckpoints(completed=done)))
    [job] = jobs.due({ID}, (), NOW)
    assert job.checkpoint == ""


def test_the_newer_of_checkpoint_and_savepoint_counts() -> None:
    jobs = watched(**{ID: row()})
    checkpoint = Checkpoint(id=3, external_path="s3://b/chk-3", latest_ack_timestamp=1)
    savepoint = Checkpoint(id=4, external_path="s3://b/sp-4", latest_ack_timestamp=2, is_savepoint=True)
    latest = LatestCheckpoints(completed=checkpoint, savepoint=savepoint)
    jobs.checkpointed(ID, CheckpointStats(latest=latest))
    assert jobs.due({ID}, (), NOW)[0].checkpoint == "s3://b/sp-4"


def test_a_state_is_written_at_once_and_the_rest_every_half_a_minute() -> None:
    jobs = watched(**{ID: row()})
    urgent = [jobs.is_urgent]
    assert len(jobs.due({ID}, (), NOW)) == 1
    urgent.append(jobs.is_urgent)
    jobs.judged(told())
    assert jobs.due({ID}, (), NOW + WRITE_MS - 1) == []
    assert len(jobs.due({ID}, (), NOW + WRITE_MS)) == 1
    jobs.listed({ID: row("RESTARTING")}, NOW + WRITE_MS + 1, "2.3.0")
    assert [*urgent, jobs.is_urgent] == [True, False, True]
    [job] = jobs.due({ID}, (), NOW + WRITE_MS + 1)
    assert (job.state, job.seen) == ("RESTARTING", NOW + WRITE_MS + 1)


def test_of_a_job_that_stays_as_it_is_it_is_written_now_and_then_that_it_was_seen() -> None:
    jobs = watched(**{ID: row()})
    jobs.due({ID}, (), NOW)
    jobs.seen(NOW + SEEN_MS)
    assert jobs.due({ID}, (), NOW + SEEN_MS - 1) == []
    [job] = jobs.due({ID}, (), NOW + SEEN_MS)
    assert job.seen == NOW + SEEN_MS


def test_of_a_thousand_of_them_not_all_at_once() -> None:
    rows = {f"{number:032x}": row(name=f"job {number}") for number in range(1000)}
    jobs = watched(**rows)
    assert len(jobs.due(rows, (), NOW)) == 1000
    assert len(jobs.due(rows, (), NOW + SEEN_MS)) == MOST_SEEN
    assert len(jobs.due(rows, (), NOW + SEEN_MS + 1)) == MOST_SEEN


def test_one_that_is_gone_stays_as_it_was_seen_last() -> None:
    jobs = watched(**{ID: row()})
    jobs.due({ID}, (), NOW)
    jobs.judged(told())
    jobs.listed({}, NOW + 10_000, "2.3.0")
    assert jobs.due((), {ID}, NOW + WRITE_MS) == [], "it may be listed again"
    [job] = jobs.due((), (), NOW + WRITE_MS)
    assert (job.state, job.words, job.seen) == ("RUNNING", "bottleneck: Map", NOW)
    assert jobs.get(ID) is None


def test_one_that_the_journal_knows_goes_on() -> None:
    kept = known(ID, start=NOW, end=-1.0, configuration={"restart strategy": "x"}, restarts=5)
    jobs = KnownJobs("http://prod:8081", "prod", [kept])
    jobs.listed({ID: row()}, NOW + 1000, "")
    found = jobs.get(ID)
    assert found is not None
    assert (found.configuration, found.restarts) == ({"restart strategy": "x"}, 5)


def test_another_run_under_the_same_id_begins_anew() -> None:
    jobs = KnownJobs("http://prod:8081", "prod", [known(ID, start=NOW, restarts=5)])
    jobs.listed({ID: row(start=NOW + 9)}, NOW + 1000, "")
    found = jobs.get(ID)
    assert found is not None
    assert found.restarts is None


# -- the job of its name before it ---------------------------------------------------------------------


def before(jobs: KnownJobs, job: str) -> str | None:
    found = jobs.get(job)
    assert found is not None
    earlier = jobs.before(found)
    return earlier.job if earlier is not None else None


def test_the_job_of_its_name_that_ended_is_before_it() -> None:
    jobs = watched(a=row("FAILED", end=NOW + 5))
    jobs.due({"a"}, (), NOW)
    jobs.listed({"a": row("FAILED", end=NOW + 5), "b": row(start=NOW + 10)}, NOW + 10, "")
    assert before(jobs, "b") == "a"


def test_one_that_runs_beside_it_is_not() -> None:
    jobs = KnownJobs("", "", [known("a", start=NOW)])
    jobs.listed({"a": row(), "b": row(start=NOW + 10)}, NOW + 10, "")
    assert before(jobs, "b") is None


def test_one_of_another_name_or_a_later_one_is_not() -> None:
    jobs = KnownJobs("", "", [known("a", name="billing"), known("c", start=NOW + 99)])
    jobs.listed({"b": row(start=NOW + 10)}, NOW + 10, "")
    assert before(jobs, "b") is None


def test_of_several_it_is_the_newest_and_one_of_the_journal_counts() -> None:
    jobs = KnownJobs("", "", [known("a", start=NOW - 20), known("b", start=NOW - 10)])
    jobs.listed({"c": row()}, NOW, "")
    assert before(jobs, "c") == "b"


def test_of_very_many_names_the_newest_are_remembered() -> None:
    many: list[Any] = [known(f"{n}", name=f"job {n}", start=NOW - 9999 + n) for n in range(MOST_NAMES + 5)]
    jobs = KnownJobs("", "", many)
    jobs.listed({"x": row(name="job 0"), "y": row(name=f"job {MOST_NAMES}")}, NOW + 1, "")
    assert before(jobs, "x") is None
    assert before(jobs, "y") == f"{MOST_NAMES}"
