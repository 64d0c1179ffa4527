"""Tasks of a job: how many run, and when that is not as it should be."""

import pytest

from flinktop.flink.jobs import Job, JobVertex
from flinktop.model import tasks
from flinktop.model.tasks import Tasks

NO_SLOTS = {"total": 6, "scheduled": 6, "running": 0}


def found(**counts: int) -> Tasks:
    known = tasks.tasks(counts)
    assert known is not None
    return known


def test_tasks_are_counted_however_the_answer_spells_their_states() -> None:
    assert found(total=6, running=4, finished=2, canceled=0).words == "4/6"
    vertices = (
        JobVertex(id="a", tasks={"RUNNING": 2, "SCHEDULED": 1}),
        JobVertex(id="b", tasks={"RUNNING": 3, "FAILED": 0}),
    )
    of_job = tasks.tasks_of(Job(jid="j", vertices=vertices))
    assert of_job is not None
    assert (of_job.words, of_job.waiting) == ("5/6", (("SCHEDULED", 1),))


@pytest.mark.parametrize("counts", [{}, {"total": 0}, {"total": 0, "running": 0}])
def test_a_job_without_tasks_has_none(counts: dict[str, int]) -> None:
    assert tasks.tasks(counts) is None
    assert tasks.tasks_of(Job(jid="j")) is None
    assert tasks.tone("RUNNING", None) == ""


@pytest.mark.parametrize(
    ("state", "counts", "batch", "tone", "stalled"),
    [
        ("RUNNING", NO_SLOTS, False, "bad", True),
        ("RUNNING", NO_SLOTS, True, "bad", True),
        ("RUNNING", {"initializing": 6}, False, "warn", True),
        ("RUNNING", {"running": 4, "scheduled": 2}, False, "warn", False),
        ("RUNNING", {"running": 6}, False, "", False),
        ("RUNNING", {"running": 4, "finished": 2}, False, "", False),
        ("RUNNING", {"finished": 6}, False, "", False),
        # Stages of a batch job come one after the other.
        ("RUNNING", {"running": 4, "scheduled": 2}, True, "", False),
        ("RUNNING", {"running": 4, "created": 8}, False, "", False),
        ("RUNNING", {"running": 4, "scheduled": 1, "finished": 8}, False, "", False),
        ("RESTARTING", NO_SLOTS, False, "", False),
        ("CREATED", NO_SLOTS, False, "", False),
    ],
)
def test_tasks_that_wait(
    state: str,
    counts: dict[str, int],
    batch: bool,  # noqa: FBT001 -- a table
    tone: str,
    stalled: bool,  # noqa: FBT001 -- a table
) -> None:
    assert tasks.tone(state, found(**counts), batch=batch) == tone
    assert tasks.is_stalled(state, found(**counts)) == stalled
    assert (tasks.state_tone(state, found(**counts)) == "warn") == (stalled or state == "RESTARTING")
