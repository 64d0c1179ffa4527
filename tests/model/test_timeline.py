"""States as stretches of time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flinktop.flink.decode import decode
from flinktop.flink.jobs import Job, JobVertex
from flinktop.model import timeline
from flinktop.model.timeline import Interval

FIXTURES = Path(__file__).parent.parent / "fixtures"


def test_each_state_lasts_until_the_next_and_the_last_one_goes_on() -> None:
    entered = {"RUNNING": 300, "CREATED": 100, "FAILED": 0, "DEPLOYING": 200}
    assert timeline.intervals(entered) == (
        Interval("CREATED", 100, 200),
        Interval("DEPLOYING", 200, 300),
        Interval("RUNNING", 300, None),
    )


def test_an_end_is_a_moment() -> None:
    assert timeline.intervals({"RUNNING": 100, "FAILED": 400})[-1] == Interval("FAILED", 400, 400)


def test_states_of_one_millisecond_are_in_the_usual_order() -> None:
    found = timeline.intervals({"SCHEDULED": 5, "CREATED": 5, "DEPLOYING": 5})
    assert [one.state for one in found] == ["CREATED", "SCHEDULED", "DEPLOYING"]


def test_states_never_entered_are_left_out() -> None:
    assert timeline.intervals({"CREATED": 0, "RUNNING": 0}) == ()


def test_a_vertex_that_has_not_started_has_no_stretch() -> None:
    assert timeline.of_vertex(JobVertex("v", status="CREATED")) == ()
    assert timeline.of_vertex(JobVertex("v", status="RUNNING", start_time=5)) == (
        Interval("RUNNING", 5, None),
    )
    ended = JobVertex("v", status="FINISHED", start_time=5, duration=20)
    assert timeline.of_vertex(ended) == (Interval("FINISHED", 5, 25),)


@pytest.mark.parametrize("release", ["1.9.3", "1.14.6", "1.20.5", "2.3.0"])
def test_vertices_of_real_jobs_lie_within_their_job(release: str) -> None:
    body = (FIXTURES / release / "jobs.finished.json").read_bytes()
    job = decode(body, Job).value
    told = json.loads(body)
    whole = timeline.span(timeline.of_vertex(vertex) for vertex in job.vertices)
    assert whole is not None
    start, end = whole
    assert start == min(vertex["start-time"] for vertex in told["vertices"])
    assert end == max(vertex["end-time"] for vertex in told["vertices"])
    assert told["start-time"] <= start
    assert end <= told["end-time"]


def test_a_lasting_span_has_no_end() -> None:
    assert timeline.span([[Interval("A", 1, 2)], [Interval("B", 0, None)]]) == (0, None)
    assert timeline.span([]) is None
