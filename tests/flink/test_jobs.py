"""Lists of jobs as old releases, odd servers and jobs without a name answer them."""

import json
from typing import Any

import pytest

from flinktop.flink.applications import Application, ApplicationsOverview
from flinktop.flink.decode import decode
from flinktop.flink.jobs import Job, JobIds, JobsOverview
from flinktop.headless.find_act import find_job

JID = "77777777777777777777777777777777"
RUNNING = {"jid": JID, "name": "steady clicks", "state": "RUNNING", "tasks": {"total": 6, "running": 6}}
SUSPENDED = {**RUNNING, "state": "SUSPENDED", "tasks": {"total": 0}}


def listed(*jobs: Any) -> JobsOverview:
    return decode(json.dumps({"jobs": jobs}).encode(), JobsOverview).value


@pytest.mark.parametrize("jobs", [(SUSPENDED, RUNNING), (RUNNING, SUSPENDED)])
def test_a_job_that_another_jobmanager_has_taken_over_is_one_job_and_runs(jobs: Any) -> None:
    (job,) = listed(*jobs).jobs
    assert (job.state, job.tasks["running"]) == ("RUNNING", 6)
    assert find_job(listed(*jobs).jobs, JID).state == "RUNNING"
    ids = [{"id": JID, "status": one["state"]} for one in jobs]
    (state,) = decode(json.dumps({"jobs": ids}).encode(), JobIds).value.jobs
    assert state.status == "RUNNING"


def test_of_a_job_that_has_ended_twice_the_newest_entry_counts_and_others_keep_their_place() -> None:
    old, new = (
        {**SUSPENDED, "state": state, "last-modification": at}
        for state, at in (("SUSPENDED", 1), ("FAILED", 2))
    )
    other = {**RUNNING, "jid": "8" * 32}
    for jobs in ((new, other, old), (old, other, new)):
        assert [(job.jid, job.state) for job in listed(*jobs).jobs] == [
            (JID, "FAILED"),
            ("8" * 32, "RUNNING"),
        ]


def test_entries_that_are_no_jobs_are_dropped_and_counted() -> None:
    odd = {"jid": "zz", "name": 5, "state": 7, "start-time": "soon", "duration": {}, "tasks": []}
    decoded = decode(json.dumps({"jobs": [RUNNING, None, "x", odd]}).encode(), JobsOverview)
    assert [job.jid for job in decoded.value.jobs] == [JID]
    assert "jobs[]: got object" in decoded.drift


def test_a_job_with_an_unreadable_state_is_kept() -> None:
    (job,) = listed({**RUNNING, "state": 7}).jobs
    assert (job.jid, job.name, job.state) == (JID, "steady clicks", "")


@pytest.mark.parametrize("name", ["", "  ", None])
def test_the_id_replaces_a_missing_name(name: str | None) -> None:
    assert listed({**RUNNING, "name": name}).jobs[0].name == JID
    vertex = {"id": "b" * 32, "name": name}
    job = decode(json.dumps({"jid": JID, "name": name, "vertices": [vertex]}).encode(), Job).value
    assert (job.name, job.vertices[0].name) == (JID, "b" * 32)
    application = {"id": JID, "name": name}
    assert decode(json.dumps(application).encode(), Application).value.name == JID
    body = json.dumps({"applications": [application]}).encode()
    assert decode(body, ApplicationsOverview).value.applications[0].name == JID
