"""Every endpoint that flinktop was asked to cover has a value or a function."""

import inspect

import pytest

from flinktop.flink import checkpoints, cluster, jars, jobs, rescale, submit
from tests.flink.catalogue import endpoints, template

READS = [
    "/config",
    "/overview",
    "/jobmanager/config",
    "/jobmanager/metrics",
    "/jobs",
    "/jobs/overview",
    "/jobs/metrics",
    "/jobs/:jobid",
    "/jobs/:jobid/accumulators",
    "/jobs/:jobid/checkpoints",
    "/jobs/:jobid/checkpoints/config",
    "/jobs/:jobid/checkpoints/details/:checkpointid",
    "/jobs/:jobid/checkpoints/details/:checkpointid/subtasks/:vertexid",
    "/jobs/:jobid/config",
    "/jobs/:jobid/exceptions",
    "/jobs/:jobid/execution-result",
    "/jobs/:jobid/metrics",
    "/jobs/:jobid/plan",
    "/jobs/:jobid/rescaling/:triggerid",
    "/jobs/:jobid/savepoints/:triggerid",
    "/jobs/:jobid/vertices/:vertexid",
    "/jobs/:jobid/vertices/:vertexid/accumulators",
    "/jobs/:jobid/vertices/:vertexid/backpressure",
    "/jobs/:jobid/vertices/:vertexid/metrics",
    "/jobs/:jobid/vertices/:vertexid/subtasks/accumulators",
    "/jobs/:jobid/vertices/:vertexid/subtasks/metrics",
    "/jobs/:jobid/vertices/:vertexid/subtasks/:subtaskindex",
    "/jobs/:jobid/vertices/:vertexid/subtasks/:subtaskindex/attempts/:attempt",
    "/jobs/:jobid/vertices/:vertexid/subtasks/:subtaskindex/attempts/:attempt/accumulators",
    "/jobs/:jobid/vertices/:vertexid/subtasks/:subtaskindex/metrics",
    "/jobs/:jobid/vertices/:vertexid/subtasktimes",
    "/jobs/:jobid/vertices/:vertexid/taskmanagers",
    "/taskmanagers",
    "/taskmanagers/metrics",
    "/taskmanagers/:taskmanagerid",
    "/taskmanagers/:taskmanagerid/metrics",
    "/jars",
    "/savepoint-disposal/:triggerid",
]

WRITES = {
    "DELETE /cluster": cluster.shutdown,
    "POST /jobs": submit.submit,
    "PATCH /jobs/:jobid": jobs.cancel,
    "PATCH /jobs/:jobid/rescaling": rescale.rescale,
    "POST /jobs/:jobid/savepoints": checkpoints.trigger_savepoint,
    "POST /jobs/:jobid/stop": checkpoints.stop,
    "POST /jars/upload": jars.upload,
    "DELETE /jars/:jarid": jars.delete,
    "GET /jars/:jarid/plan": jars.plan,
    "POST /jars/:jarid/run": jars.run,
    "POST /savepoint-disposal": checkpoints.dispose_savepoint,
}

LATER = {
    "/jobs/:jobid/vertices/:vertexid/watermarks": (1, 10),
    "/jobmanager/logs": (1, 11),
    "/jobmanager/logs/:filename": (1, 11),
    "/taskmanagers/:taskmanagerid/logs": (1, 11),
    "/taskmanagers/:taskmanagerid/logs/:filename": (1, 11),
    "/taskmanagers/:taskmanagerid/thread-dump": (1, 11),
    "/jobmanager/thread-dump": (1, 15),
    "/datasets": (1, 11),
    "/datasets/delete/:triggerid": (1, 11),
    "/jobs/:jobid/vertices/:vertexid/flamegraph": (1, 13),
    "/jobmanager/environment": (1, 16),
    "/jobs/:jobid/status": (1, 16),
    "/jobs/:jobid/checkpoints/:triggerid": (1, 17),
    "/jobs/:jobid/resource-requirements": (1, 18),
    "/jobmanager/profiler": (1, 19),
    "/taskmanagers/:taskmanagerid/profiler": (1, 19),
    "/jobs/:jobid/vertices/:vertexid/jm-operator-metrics": (1, 20),
    "/applications/overview": (2, 3),
    "/applications/:applicationid": (2, 3),
    "/jobs/:jobid/rescales/config": (2, 3),
    "/jobs/:jobid/rescales/overview": (2, 3),
    "/jobs/:jobid/rescales/history": (2, 3),
    "/jobs/:jobid/rescales/summary": (2, 3),
    "/jobs/:jobid/rescales/details/:rescaleuuid": (2, 3),
}


def test_the_list_is_whole() -> None:
    assert len(set(READS)) + len(WRITES) == 49


@pytest.mark.parametrize("path", READS)
def test_each_read_is_an_endpoint_value_of_the_first_release(path: str) -> None:
    _, endpoint = endpoints()[template(path)]
    assert endpoint.since == (1, 9)


@pytest.mark.parametrize("request_line", WRITES)
def test_each_write_is_a_function_that_names_its_endpoint(request_line: str) -> None:
    act = WRITES[request_line]
    assert inspect.iscoroutinefunction(act)
    assert next(iter(inspect.signature(act).parameters)) == "http"
    assert request_line.split()[1].removeprefix("/").split(":")[0] in (act.__doc__ or "")


@pytest.mark.parametrize("path", LATER)
def test_later_endpoints_have_their_release(path: str) -> None:
    assert endpoints()[template(path)][1].since == LATER[path]
