"""The 49 requests that flinktop was asked to cover, where a person makes each, and the test that made it.

What is asked of a real Flink by a walk through every screen is in `WALKED`: the walk itself looks whether it
was. The others have their tests named here.

`releases` are those on which the named test runs, 1.14.6 apart: live tests start it only where they may take
long. They are held against the test's source (tests/parity/releases.py), which does not tell on which of them
a test sends a request: where that is on fewer, `fewer` says why, and it is only seen to that the test runs on
them. That each is sent on all of its releases is looked at by the walk alone, while it runs.
"""

from dataclasses import dataclass

from tests.flink.catalogue import template
from tests.parity.web_ui import ENDS, FIXTURES, LIVE

_ACTS = "tests/live/test_acts.py::"
_COMMANDS = "tests/live/test_commands.py::test_a_job_from_its_jar_to_its_end"
_STOPPED = f"{_ACTS}test_a_job_is_stopped_and_run_again_from_its_savepoint"
_RESCALED = f"{_ACTS}test_the_parallelism_is_changed_where_the_release_can"
_REFUSED = "tests/flink/test_fixtures.py::test_refusals_become_errors_with_the_servers_sentence"
_JARS = f"{_ACTS}test_jars_come_and_go"
_DISPOSED = f"{_ACTS}test_a_savepoint_is_disposed_of"


@dataclass(frozen=True, slots=True)
class Request:
    """A request by verb and path, where a person makes it, and the test that has met Flink's own answer."""

    line: str
    where: str
    test: str = "tests/live/test_every_screen.py::test_every_screen_and_tab_tells_something"
    releases: tuple[str, ...] = ENDS
    fewer: str = ""
    """Why that is not every release that the test runs on."""


WALKED = (
    Request("GET /config", "frame: release, zone, interval; what is switched off"),
    Request("GET /overview", "overview, first line"),
    Request("GET /jobmanager/config", "JobManager ▸ Configuration"),
    Request("GET /jobmanager/metrics", "JobManager ▸ Memory, Charts, Metrics"),
    Request("GET /jobs/overview", "overview"),
    Request("GET /jobs/metrics", "overview, first line: restarts and checkpoints of all jobs"),
    Request("GET /jobs/:jobid", "job"),
    Request("GET /jobs/:jobid/accumulators", "job ▸ Accumulators"),
    Request("GET /jobs/:jobid/checkpoints", "checkpoints"),
    Request("GET /jobs/:jobid/checkpoints/config", "checkpoints ▸ Configuration"),
    Request("GET /jobs/:jobid/checkpoints/details/:checkpointid", "checkpoint"),
    Request("GET /jobs/:jobid/checkpoints/details/:checkpointid/subtasks/:vertexid", "checkpoint ▸ vertex"),
    Request("GET /jobs/:jobid/config", "job ▸ Configuration"),
    Request("GET /jobs/:jobid/exceptions", "job ▸ Exceptions"),
    Request("GET /jobs/:jobid/execution-result", "job that has ended, header"),
    Request("GET /jobs/:jobid/metrics", "job ▸ Charts, Metrics"),
    Request("GET /jobs/:jobid/plan", "vertex, i: what its operators do"),
    Request("GET /jobs/:jobid/vertices/:vertexid", "vertex ▸ Subtasks"),
    Request("GET /jobs/:jobid/vertices/:vertexid/accumulators", "vertex ▸ Accumulators"),
    Request("GET /jobs/:jobid/vertices/:vertexid/backpressure", "vertex ▸ Backpressure"),
    Request("GET /jobs/:jobid/vertices/:vertexid/metrics", "vertex ▸ Subtasks, Watermarks"),
    Request("GET /jobs/:jobid/vertices/:vertexid/subtasks/accumulators", "vertex ▸ Accumulators"),
    Request("GET /jobs/:jobid/vertices/:vertexid/subtasks/metrics", "job ▸ Graph, Vertices; vertex ▸ Charts"),
    Request("GET /jobs/:jobid/vertices/:vertexid/subtasks/:subtaskindex", "subtask ▸ Attempts"),
    Request(
        "GET /jobs/:jobid/vertices/:vertexid/subtasks/:subtaskindex/attempts/:attempt", "subtask ▸ Attempts"
    ),
    Request(
        "GET /jobs/:jobid/vertices/:vertexid/subtasks/:subtaskindex/attempts/:attempt/accumulators",
        "subtask ▸ Accumulators",
    ),
    Request("GET /jobs/:jobid/vertices/:vertexid/subtasks/:subtaskindex/metrics", "subtask ▸ Metrics"),
    Request("GET /jobs/:jobid/vertices/:vertexid/subtasktimes", "job ▸ Timeline, vertex ▸ Timeline"),
    Request("GET /jobs/:jobid/vertices/:vertexid/taskmanagers", "vertex ▸ TaskManagers"),
    Request("GET /taskmanagers", "TaskManagers"),
    Request("GET /taskmanagers/metrics", "overview, first line; TaskManagers"),
    Request("GET /taskmanagers/:taskmanagerid", "TaskManager ▸ Memory, Slots"),
    Request("GET /taskmanagers/:taskmanagerid/metrics", "TaskManager ▸ Charts, Metrics"),
    Request("GET /jars", "jars"),
)

OTHERS = (
    Request("DELETE /cluster", "overview, a ▸ shut down", f"{_ACTS}test_the_cluster_is_shut_down", LIVE),
    Request("GET /jobs", "what became of the job of an act", _STOPPED, LIVE),
    Request("POST /jobs", "flinktop submit --job-graph", f"{_ACTS}test_a_job_graph_is_submitted", LIVE),
    Request("PATCH /jobs/:jobid", "a ▸ cancel; flinktop cancel", _COMMANDS, LIVE),
    # Refused by every release: the act says so and sends nothing; the answers were recorded.
    Request(
        "PATCH /jobs/:jobid/rescaling",
        "a ▸ change parallelism, which says why not",
        _RESCALED,
        ("1.9.3",),
        "where another way exists the act goes that way",
    ),
    Request("GET /jobs/:jobid/rescaling/:triggerid", "a ▸ change parallelism, as above", _REFUSED, FIXTURES),
    Request(
        "POST /jobs/:jobid/savepoints",
        "a ▸ savepoint; flinktop savepoint",
        f"{_ACTS}test_savepoints_are_taken_and_told_by_flink_too",
        LIVE,
    ),
    Request("GET /jobs/:jobid/savepoints/:triggerid", "operations", _STOPPED, LIVE),
    Request("POST /jobs/:jobid/stop", "a ▸ stop with savepoint; flinktop stop", _STOPPED, LIVE),
    Request("POST /jars/upload", "jars, a ▸ upload; flinktop submit", _JARS, LIVE),
    Request("DELETE /jars/:jarid", "jars, a ▸ delete", _JARS, LIVE),
    Request("GET /jars/:jarid/plan", "jars, a ▸ plan", _JARS, ("1.9.3",), "from 1.10 on the same is a POST"),
    Request("POST /jars/:jarid/run", "jars, a ▸ run; flinktop submit", _COMMANDS, LIVE),
    Request("POST /savepoint-disposal", "a on a savepoint ▸ dispose", _DISPOSED, LIVE),
    Request("GET /savepoint-disposal/:triggerid", "operations", _DISPOSED, LIVE),
)
REQUESTS = (*WALKED, *OTHERS)


def walked() -> frozenset[str]:
    """The templates of the endpoints that a walk through every screen asks, on any release."""
    return frozenset(template(request.line.split()[1]) for request in WALKED)
