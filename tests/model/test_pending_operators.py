"""A batch job of which only the first stage is planned: what is still to come, and what feeds it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flinktop.flink.decode import decode
from flinktop.flink.jobs import Job
from flinktop.model import pending_operators, rates
from flinktop.model.graph import Edge, graph_of

FIRST_STAGE = Path(__file__).parents[1] / "inputs" / "batch-stage-job.json"
VERTEX = "f362c87ffabe89c8a91fa7d0a523ba6c"


def job(**changed: Any) -> Job:
    """The job, with some of its fields changed."""
    document = json.loads(FIRST_STAGE.read_bytes()) | changed
    return decode(json.dumps(document).encode(), Job).value


def test_operators_without_a_vertex_are_pending_and_follow_it_in_the_graph() -> None:
    found = job()
    assert [one.operator for one in pending_operators.pending_operators(found)] == [
        "count per page",
        "Sink: report: Writer",
    ]
    assert graph_of(found).nodes == (VERTEX, "pending 154", "pending 159")
    assert graph_of(found).edges == (
        Edge(VERTEX, "pending 154", "HASH"),
        Edge("pending 154", "pending 159", "REBALANCE"),
    )


def test_a_stage_whose_records_go_to_pending_operators_is_no_sink() -> None:
    assert rates.ends(job()) == rates.Ends((VERTEX,), ())
    assert not rates.ends(job()).chained


def test_without_pending_operators_the_plan_is_all_there_is() -> None:
    for done in (job(**{"pending-operators": 0}), job(**{"stream-graph": None})):
        assert pending_operators.pending_operators(done) == ()
        assert graph_of(done).nodes == (VERTEX,)
        assert rates.ends(done).sinks == (VERTEX,)


def test_an_operator_whose_vertex_is_not_among_the_jobs_is_pending() -> None:
    # The stream graph may be newer than the list of vertices.
    graph = json.loads(FIRST_STAGE.read_bytes())["stream-graph"]
    graph["nodes"][2]["job_vertex_id"] = "0" * 32
    assert len(pending_operators.pending_operators(job(**{"stream-graph": graph}))) == 2
