"""The state of a vertex, from two answers that came at different times."""

import pytest

from flinktop.flink.jobs import JobVertex
from flinktop.flink.vertices import Attempt, Vertex
from flinktop.model import states
from flinktop.model.vertex_now import VertexNow, of_subtasks, vertex_now

RUNNING = JobVertex(id="v", status="RUNNING", duration=0, tasks={"FAILED": 0, "RUNNING": 2})


def failed(now: int = 9000) -> Vertex:
    one = Attempt(subtask=0, status="FAILED", start_time=1000, end_time=4000)
    return Vertex(
        id="v", now=now, subtasks=(one, Attempt(subtask=1, status="CANCELED", start_time=2000, end_time=3000))
    )


def test_the_newer_answer_has_the_state() -> None:
    told = VertexNow("FAILED", {"CANCELED": 1, "FAILED": 1}, 3.0)
    assert vertex_now(RUNNING, 10.0, failed(), 10.0) == told
    assert vertex_now(RUNNING, 10.0, failed(), 12.0) == told
    assert list(told.tasks) == list(vertex_now(RUNNING, 10.0, failed(), 12.0).tasks)
    by_job = VertexNow("RUNNING", {"RUNNING": 2}, 0.0)
    assert vertex_now(RUNNING, 10.0) == by_job
    assert vertex_now(RUNNING, 10.0, Vertex(id="v"), 12.0) == by_job


def test_an_older_answer_with_another_state_has_its_age() -> None:
    assert vertex_now(RUNNING, 10.0, failed(), 8.5) == VertexNow("RUNNING", {"RUNNING": 2}, 0.0, behind=1.5)
    same = Vertex(id="v", now=9000, subtasks=(Attempt(subtask=0, status="RUNNING", start_time=1000),))
    assert vertex_now(RUNNING, 10.0, same, 8.5).behind == 0.0


def test_a_running_vertex_lasts_until_now() -> None:
    told = Vertex(
        id="v",
        now=9000,
        subtasks=(
            Attempt(subtask=0, status="RUNNING", start_time=2000),
            Attempt(subtask=1, status="DEPLOYING", start_time=-1),
        ),
    )
    assert of_subtasks(told) == VertexNow("RUNNING", {"DEPLOYING": 1, "RUNNING": 1}, 7.0)
    # Deployed to nowhere yet, and a HistoryServer's clock that is not told.
    assert of_subtasks(Vertex(id="v", subtasks=(Attempt(subtask=0, status="CREATED"),))).seconds is None


@pytest.mark.parametrize(
    ("tasks", "state"),
    [
        ({"RUNNING": 3, "FAILED": 1}, "FAILED"),
        ({"RUNNING": 3, "CANCELING": 1}, "CANCELING"),
        ({"CANCELED": 3, "FINISHED": 1}, "CANCELED"),
        ({"RUNNING": 3, "INITIALIZING": 1}, "INITIALIZING"),
        ({"RUNNING": 1, "DEPLOYING": 3}, "RUNNING"),
        ({"FINISHED": 1, "SCHEDULED": 3}, "RUNNING"),
        ({"FINISHED": 4}, "FINISHED"),
        ({"DEPLOYING": 4}, "CREATED"),
        ({"SCHEDULED": 2, "CREATED": 2}, "CREATED"),
        ({}, "CREATED"),
        ({"PONDERING": 4}, "PONDERING"),
    ],
)
def test_a_vertex_state_is_combined_as_in_flink(tasks: dict[str, int], state: str) -> None:
    assert states.of_vertex(tasks) == state
