"""A parallelism that is not decided yet is never shown as -1."""

from flinktop.flink.jobs import Job, JobVertex, Plan
from flinktop.model import scheduler
from flinktop.model.vertex_now import vertex_now
from flinktop.ui.panels import job_header, vertex_header

BATCH = Job(jid="j", state="RUNNING", plan=Plan(type="BATCH"))
SINK = JobVertex(id="b" * 32, name="Sink", parallelism=-1, max_parallelism=-1, status="CREATED")


def test_words() -> None:
    assert scheduler.parallelism_words(-1, BATCH) == "not decided yet"
    assert scheduler.parallelism_words(-1, Job(jid="j", plan=Plan(type="STREAMING"))) == "not reported"
    assert scheduler.parallelism_words(8, BATCH) == "8"


def test_no_header_says_minus_one() -> None:
    parts = vertex_header.state_line(BATCH, SINK, vertex_now(SINK, 0.0))
    vertex = "".join(text for text, _ in parts)
    assert "parallelism not decided yet" in vertex
    assert "-1" not in vertex
    job = Job(jid="j", state="RUNNING", plan=Plan(type="BATCH"), vertices=(SINK,))
    line = "".join(text for text, _ in job_header.state_line(job, 0, 0.0))
    assert "parallelism not decided yet for some vertices" in line
    assert "-1" not in line
