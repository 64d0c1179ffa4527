"""What each act puts on the wire, for each release that differs."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from flinktop.flink import applications, checkpoints, cluster, jars, jobs, profiler, rescale, submit
from flinktop.flink.acts import Status
from flinktop.flink.connection import Connection
from flinktop.flink.decode import decode, read
from flinktop.flink.errors import BadReply, Refused
from flinktop.flink.features import Features
from flinktop.flink.http import Http

TRIGGER = "0" * 31 + "7"


def flink(version: str) -> Features:
    first, second, third = (int(part) for part in version.split("."))
    return Features(release=(first, second, third), version=version)


class Cluster:
    """Takes every request and gives one answer."""

    def __init__(self, answer: object = None, status: int = 202) -> None:
        self.lines: list[str] = []
        self.bodies: list[bytes] = []
        self._answer = {"request-id": TRIGGER} if answer is None else answer
        self._status = status
        self.http = Http(Connection("http://flink:8081"), transport=httpx.MockTransport(self._take))

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.lines.append(f"{request.method} {request.url.raw_path.decode()}")
        self.bodies.append(request.content)
        return httpx.Response(self._status, json=self._answer)

    @property
    def line(self) -> str:
        (line,) = self.lines
        return line

    @property
    def body(self) -> Any:
        (body,) = self.bodies
        return json.loads(body)


# -- savepoints --------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.9.3", "1.12.7"])
async def test_old_releases_get_the_mandatory_field_and_no_unknown_one(version: str) -> None:
    taken = Cluster()
    got = await checkpoints.trigger_savepoint(
        taken.http, flink(version), "j", form="NATIVE", trigger=TRIGGER, directory="s3://a"
    )
    assert got == TRIGGER
    assert taken.line == "POST /jobs/j/savepoints"
    assert taken.body == {"cancel-job": False, "target-directory": "s3://a"}
    stopped = Cluster()
    await checkpoints.stop(stopped.http, flink(version), "j", form="NATIVE", trigger=TRIGGER)
    assert stopped.line == "POST /jobs/j/stop"
    assert stopped.body == {"drain": False}


@pytest.mark.parametrize("version", ["1.15.0", "1.20.5", "2.3.0"])
async def test_newer_releases_get_the_format_and_an_own_trigger(version: str) -> None:
    taken = Cluster()
    await checkpoints.trigger_savepoint(
        taken.http, flink(version), "j", cancel=True, form="NATIVE", trigger=TRIGGER
    )
    assert taken.body == {"cancel-job": True, "formatType": "NATIVE", "triggerId": TRIGGER}
    stopped = Cluster()
    await checkpoints.stop(
        stopped.http, flink(version), "j", drain=True, directory="/sp", form="CANONICAL", trigger=TRIGGER
    )
    assert stopped.body == {
        "drain": True,
        "targetDirectory": "/sp",
        "formatType": "CANONICAL",
        "triggerId": TRIGGER,
    }


async def test_a_checkpoint_and_a_disposal() -> None:
    taken = Cluster()
    await checkpoints.trigger_checkpoint(taken.http, flink("1.20.5"), "j", kind="FULL", trigger=TRIGGER)
    assert (taken.line, taken.body) == (
        "POST /jobs/j/checkpoints",
        {"checkpointType": "FULL", "triggerId": TRIGGER},
    )
    disposed = Cluster(status=200)
    assert await checkpoints.dispose_savepoint(disposed.http, "s3://a/b") == TRIGGER
    assert (disposed.line, disposed.body) == ("POST /savepoint-disposal", {"savepoint-path": "s3://a/b"})


async def test_statuses_are_read() -> None:
    done = Cluster({"status": {"id": "COMPLETED"}, "operation": {"location": "s3://a"}}, 200)
    status = (await read(done.http, checkpoints.SAVEPOINT_STATUS(job="j", trigger=TRIGGER))).value
    assert (done.line, status.done, status.failure) == (f"GET /jobs/j/savepoints/{TRIGGER}", True, None)
    await read(done.http, checkpoints.CHECKPOINT_STATUS(job="j", trigger=TRIGGER))
    await read(done.http, checkpoints.DISPOSAL_STATUS(trigger=TRIGGER))
    assert done.lines[1:] == [f"GET /jobs/j/checkpoints/{TRIGGER}", f"GET /savepoint-disposal/{TRIGGER}"]


@pytest.mark.parametrize("key", ["failure-cause", "failureCause"])
def test_completed_is_not_success(key: str) -> None:
    trace = "java.util.concurrent.CompletionException: a.B: x\nCaused by: java.io.IOException: disk is full"
    operation = {key: {"class": "java.util.concurrent.CompletionException", "stack-trace": trace}}
    status = decode(
        json.dumps({"status": {"id": "COMPLETED"}, "operation": operation}).encode(), Status
    ).value
    assert status.done
    assert status.failure == "disk is full"
    bare = decode(json.dumps({"status": {"id": "COMPLETED"}, "operation": {key: {}}}).encode(), Status).value
    assert bare.failure == "failed"


def test_in_progress_is_neither() -> None:
    status = decode(b'{"status":{"id":"IN_PROGRESS"},"operation":null}', Status).value
    assert (status.done, status.failure) == (False, None)


async def test_an_unreadable_answer_is_a_bad_reply() -> None:
    with pytest.raises(BadReply):
        await checkpoints.dispose_savepoint(Cluster({"token": 1}).http, "x")


# -- jobs and cluster --------------------------------------------------------------------------------


async def test_cancelling_stopping_and_shutting_down() -> None:
    taken = Cluster({})
    await jobs.cancel(taken.http, "j")
    await jobs.cancel(taken.http, "j", "stop")
    await cluster.shutdown(taken.http)
    await applications.cancel_application(taken.http, "a")
    assert taken.lines == [
        "PATCH /jobs/j?mode=cancel",
        "PATCH /jobs/j?mode=stop",
        "DELETE /cluster",
        "POST /applications/a/cancel",
    ]


async def test_deleting_a_dataset_gives_its_trigger() -> None:
    taken = Cluster()
    assert await cluster.delete_dataset(taken.http, "d/1") == TRIGGER
    assert taken.line == "DELETE /datasets/d%2F1"


async def test_rescaling_old_and_new() -> None:
    taken = Cluster()
    assert await rescale.rescale(taken.http, "j", 4) == TRIGGER
    assert taken.line == "PATCH /jobs/j/rescaling?parallelism=4"
    stored = Cluster({}, 200)
    await rescale.require_resources(stored.http, "j", {"v": rescale.Bounds(1, 8)})
    assert stored.line == "PUT /jobs/j/resource-requirements"
    assert stored.body == {"v": {"parallelism": {"lowerBound": 1, "upperBound": 8}}}


async def test_profiling_on_either_side() -> None:
    taken = Cluster({"status": "RUNNING", "mode": "WALL", "triggerTime": 5}, 200)
    run = await profiler.profile(taken.http, seconds=30, mode="WALL")
    await profiler.profile(taken.http, seconds=30, taskmanager="host:1-a")
    assert (run.status, run.trigger_time) == ("RUNNING", 5)
    assert taken.lines == ["POST /jobmanager/profiler", "POST /taskmanagers/host:1-a/profiler"]
    assert json.loads(taken.bodies[1]) == {"mode": "CPU", "duration": 30}


# -- jars --------------------------------------------------------------------------------------------

ALL = jars.RunOptions(
    entry_class="a.Main",
    arguments=("--in", "a,b"),
    parallelism=2,
    job_id="f" * 32,
    savepoint="s3://sp",
    allow_non_restored_state=True,
    claim_mode="CLAIM",
    configuration={"k": "v"},
)
SINCE_1_9 = {
    "entryClass": "a.Main",
    "programArgsList": ["--in", "a,b"],
    "parallelism": 2,
    "jobId": "f" * 32,
    "savepointPath": "s3://sp",
    "allowNonRestoredState": True,
}


@pytest.mark.parametrize(
    ("version", "more"),
    [
        ("1.9.3", {}),
        ("1.14.6", {}),
        ("1.15.4", {"restoreMode": "CLAIM"}),
        ("1.17.0", {"restoreMode": "CLAIM", "flinkConfiguration": {"k": "v"}}),
        ("1.19.0", {"restoreMode": "CLAIM", "flinkConfiguration": {"k": "v"}}),
        ("1.20.5", {"claimMode": "CLAIM", "flinkConfiguration": {"k": "v"}}),
        ("2.3.0", {"claimMode": "CLAIM", "flinkConfiguration": {"k": "v"}}),
    ],
)
async def test_running_a_jar_on_each_release(version: str, more: dict[str, Any]) -> None:
    taken = Cluster({"jobid": "j"}, 200)
    run = await jars.run(taken.http, flink(version), "a b.jar", ALL)
    assert run.jobid == "j"
    assert taken.line == "POST /jars/a%20b.jar/run"
    assert taken.body == SINCE_1_9 | more


async def test_a_run_without_options_sends_none() -> None:
    taken = Cluster({"jobid": "j", "applicationId": "a"}, 200)
    assert (await jars.run(taken.http, flink("2.3.0"), "x", jars.RunOptions())).application_id == "a"
    assert taken.body == {}


async def test_an_application_run() -> None:
    taken = Cluster({"applicationid": "app"})
    assert await jars.run_application(taken.http, flink("2.3.0"), "x", jars.RunOptions(), "f" * 32) == "app"
    assert (taken.line, taken.body) == ("POST /jars/x/run-application", {"applicationId": "f" * 32})


async def test_a_plan_is_a_post_but_in_1_9() -> None:
    taken = Cluster({"plan": {"name": "n", "nodes": [{"id": "a", "description": "x &lt; y"}]}}, 200)
    plan = await jars.plan(taken.http, flink("1.10.0"), "x", ALL)
    assert plan.nodes[0].description == "x < y"
    assert taken.line == "POST /jars/x/plan"
    assert "savepointPath" not in taken.body
    old = Cluster({"plan": {"name": "n"}}, 200)
    options = jars.RunOptions(entry_class="a.Main", arguments=("--in", "a b"), parallelism=2)
    await jars.plan(old.http, flink("1.9.3"), "x", options)
    assert old.line == "GET /jars/x/plan?entry-class=a.Main&programArg=--in,a%20b&parallelism=2"
    with pytest.raises(Refused, match="comma"):
        await jars.plan(old.http, flink("1.9.3"), "x", ALL)


async def test_deleting_a_jar() -> None:
    taken = Cluster({}, 200)
    await jars.delete(taken.http, "../x.jar")
    assert taken.line == "DELETE /jars/..%2Fx.jar"


async def test_an_upload_reports_its_progress(tmp_path: Path) -> None:
    jar = tmp_path / "job.jar"
    jar.write_bytes(b"PK" * 150_000)
    told: list[tuple[int, int]] = []
    taken = Cluster({"filename": "/tmp/flink-web-upload/1234_job.jar", "status": "success"}, 200)
    got = await jars.upload(taken.http, jar, lambda read, size: told.append((read, size)))
    assert got == "1234_job.jar"
    assert taken.line == "POST /jars/upload"
    assert b'name="jarfile"; filename="job.jar"' in taken.bodies[0]
    assert taken.bodies[0].count(b"PK" * 150_000) == 1
    assert told[-1] == (300_000, 300_000)
    assert len(told) > 2


@pytest.mark.parametrize(
    ("version", "name"), [("1.9.3", "jobGraphFileName"), ("2.3.0", "executionPlanFileName")]
)
async def test_a_job_graph_goes_as_files_with_their_list(tmp_path: Path, version: str, name: str) -> None:
    for file in ("job.graph", "a.jar", "b.jar", "words.txt"):
        (tmp_path / file).write_text(f"inside {file}")
    taken = Cluster({"jobUrl": "/jobs/abc"})
    got = await submit.submit(
        taken.http,
        flink(version),
        tmp_path / "job.graph",
        jars=[tmp_path / "a.jar", tmp_path / "b.jar"],
        artifacts=[("dictionary", tmp_path / "words.txt")],
    )
    assert got == "abc"
    assert taken.line == "POST /jobs"
    (body,) = taken.bodies
    request = re.search(
        rb'name="request"\r\nContent-Type: application/json\r\n\r\n(.*?)\r\n--', body, re.DOTALL
    )
    assert request is not None, "a file name would make the server take the request for a file"
    told = json.loads(request[1])
    assert told == {
        name: "0-job.graph",
        "jobJarFileNames": ["1-a.jar", "2-b.jar"],
        "jobArtifactFileNames": [{"entryName": "dictionary", "fileName": "3-words.txt"}],
    }
    for file in ("0-job.graph", "1-a.jar", "2-b.jar", "3-words.txt"):
        assert f'filename="{file}"'.encode() in body
        assert f"inside {file[2:]}".encode() in body
