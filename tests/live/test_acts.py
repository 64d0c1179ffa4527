"""Every act for real, on every release that has it; Flink's own state is looked at afterwards."""

from __future__ import annotations

import subprocess
import time
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flinktop.engine.acts.cluster_acts import CancelApplication, Dispose, Shutdown
from flinktop.engine.acts.jar_files import DeleteJar, UploadJar
from flinktop.engine.acts.job_acts import Cancel, Checkpoint, Savepoint, SavepointAndCancel, Stop
from flinktop.engine.acts.rescale import Rescale
from flinktop.engine.acts.run_jar import PlanJar, RunJar, SubmitGraph
from flinktop.engine.operation import State
from flinktop.flink.checkpoints import Format
from flinktop.flink.cluster import OVERVIEW
from flinktop.flink.jars import RunOptions
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.local import processes
from tests.live.acting import Actor, acting, run_steady
from tests.live.cluster import Cluster, running
from tests.live.conftest import RELEASES
from tests.live.cutting_proxy import CuttingProxy
from tests.live.releases import parse_release
from tests.live.submission import JOBS, job_jar, uploaded, wait_for, wait_for_state, words

pytestmark = pytest.mark.live

MAIN = JOBS / "test-main.jar"
LIMIT = 1_000_000
"""Bytes that these clusters take in one request."""


@pytest.fixture(scope="module", params=RELEASES)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A cluster to act on, with the adaptive scheduler where there is one."""
    text = str(request.param)
    extra = {"rest.server.max-content-length": str(LIMIT)}
    if parse_release(text) >= (1, 18):
        extra["jobmanager.scheduler"] = "adaptive"
        # What the scheduler waits for before it rescales, in 1.x and 2.x.
        extra["jobmanager.adaptive-scheduler.scaling-interval.min"] = "1 s"
        extra["jobmanager.adaptive-scheduler.executing.cooldown-after-rescaling"] = "1 s"
        extra["jobmanager.adaptive-scheduler.executing.resource-stabilization-timeout"] = "1 s"
    with running(text, extra=extra) as cluster:
        yield cluster


@pytest.fixture
def actor(cluster: Cluster, tmp_path: Path) -> Iterator[Actor]:
    with acting(cluster.url, tmp_path / "operations.db") as actor:
        yield actor


def state_of(cluster: Cluster, job: str) -> str:
    """By the list of jobs, which no cache of Flink's delays."""
    return next(str(one["state"]) for one in cluster.get("jobs/overview")["jobs"] if one["jid"] == job)


def is_there(cluster: Cluster, path: str) -> bool:
    return cluster.ask("GET", path).status == 200


def is_savepoint(path: str | None) -> bool:
    """Whether there is a savepoint at a path on this machine."""
    return path is not None and (Path(urlsplit(path).path) / "_metadata").is_file()


def test_savepoints_are_taken_and_told_by_flink_too(cluster: Cluster, actor: Actor, tmp_path: Path) -> None:
    job = run_steady(actor, cluster, "to be saved")
    made = actor.did(Savepoint(job, "to be saved"))
    form: Format | None = "NATIVE" if cluster.release >= (1, 15) else None
    mine = actor.did(Savepoint(job, "to be saved", (tmp_path / "mine").as_uri(), form))
    assert is_savepoint(made.result.savepoint)
    assert is_savepoint(mine.result.savepoint)
    assert str(tmp_path / "mine") in str(mine.result.savepoint)
    (tmp_path / "file").write_text("no directory")
    failed = actor.done(Savepoint(job, "to be saved", (tmp_path / "file" / "x").as_uri()))
    assert (failed.state, failed.result.savepoint) == (State.FAILED, None)
    assert "\tat" not in failed.reason
    assert "CompletionException" not in failed.reason

    def told() -> bool:
        history = cluster.get(f"jobs/{job}/checkpoints")["history"]
        told = [
            one["external_path"] for one in history if one["is_savepoint"] and one["status"] == "COMPLETED"
        ]
        return told == [mine.result.savepoint, made.result.savepoint]

    # Flink answers from a cache of three seconds.
    wait_for("both savepoints in the history", told)
    actor.did(Cancel(job, "to be saved"))
    assert state_of(cluster, job) == "CANCELED"


def test_a_job_is_stopped_and_run_again_from_its_savepoint(cluster: Cluster, actor: Actor) -> None:
    job = run_steady(actor, cluster, "to be stopped")
    stopped = actor.did(Stop(job, "to be stopped"))
    assert (stopped.result.job_state, is_savepoint(stopped.result.savepoint)) == ("FINISHED", True)
    assert state_of(cluster, job) == "FINISHED"
    again = run_steady(actor, cluster, "to be stopped", savepoint=stopped.result.savepoint)
    restored = cluster.get(f"jobs/{again}/checkpoints")["latest"]["restored"]
    assert (restored["is_savepoint"], restored["external_path"]) == (True, stopped.result.savepoint)
    ended = actor.did(SavepointAndCancel(again, "to be stopped"))
    assert (ended.result.job_state, is_savepoint(ended.result.savepoint)) == ("CANCELED", True)
    assert state_of(cluster, again) == "CANCELED"
    refused = actor.done(Stop(again, "to be stopped"))
    assert (refused.state, refused.reason) == (State.REFUSED, "the job has ended (CANCELED)")


def test_a_drained_job_ends(cluster: Cluster, actor: Actor) -> None:
    job = run_steady(actor, cluster, "to be drained")
    drained = actor.did(Stop(job, "to be drained", drain=True))
    assert (drained.result.job_state, is_savepoint(drained.result.savepoint)) == ("FINISHED", True)


def test_a_savepoint_is_disposed_of(cluster: Cluster, actor: Actor) -> None:
    job = run_steady(actor, cluster, "to be disposed of")
    path = actor.did(SavepointAndCancel(job, "to be disposed of")).result.savepoint
    assert path is not None
    name = path.rpartition("/")[2]
    assert actor.done(Dispose(path)).state is State.REFUSED
    actor.did(Dispose(path), name)
    assert not is_savepoint(path)
    failed = actor.done(Dispose(path), name)
    assert failed.state is State.FAILED
    assert "Cannot find" in failed.reason or "FileNotFound" in failed.reason or "exist" in failed.reason


def test_a_checkpoint_is_triggered_where_the_release_can(cluster: Cluster, actor: Actor) -> None:
    job = run_steady(actor, cluster, "to be checkpointed")
    for full in (False, True):
        operation = actor.done(Checkpoint(job, "to be checkpointed", full))
        if cluster.release < (1, 17):
            assert (operation.state, "needs Flink 1.17" in operation.reason) == (State.REFUSED, True)
            continue
        assert operation.state is State.DONE, operation
        details = f"jobs/{job}/checkpoints/details/{operation.result.checkpoint}"
        wait_for("the checkpoint", partial(is_there, cluster, details))
    actor.did(Cancel(job, "to be checkpointed"))


def test_the_parallelism_is_changed_where_the_release_can(cluster: Cluster, actor: Actor) -> None:
    job = run_steady(actor, cluster, "to be rescaled")
    vertices = [vertex["id"] for vertex in cluster.get(f"jobs/{job}")["vertices"]]
    operation = actor.done(Rescale(job, "to be rescaled", {vertices[0]: (1, 2)}))
    if cluster.release < (1, 18):
        assert (operation.state, "FLINK-12312" in operation.reason) == (State.REFUSED, True)
        assert cluster.ask("PATCH", f"jobs/{job}/rescaling?parallelism=2").status == 503
    else:
        assert operation.state is State.DONE, operation
        kept = cluster.get(f"jobs/{job}/resource-requirements")
        assert kept[vertices[0]]["parallelism"]["upperBound"] == 2
        assert kept.keys() == set(vertices)
        now = {vertex["id"]: vertex["parallelism"] for vertex in cluster.get(f"jobs/{job}")["vertices"]}
        assert now[vertices[0]] == 2, operation
    actor.did(Cancel(job, "to be rescaled"))


def test_jars_come_and_go(cluster: Cluster, actor: Actor, tmp_path: Path) -> None:
    jar = actor.did(UploadJar(str(job_jar(cluster)))).result.jar
    assert jar in {file["id"] for file in cluster.get("jars")["files"]}
    assert jar is not None
    # In 1.9 an argument of a plan holds no comma.
    arguments = words(cluster, "steady", {}) if cluster.release >= (1, 10) else ["--kind", "steady"]
    question = actor.port.ask(PlanJar(jar, RunOptions(arguments=tuple(arguments))))
    wait_for("a plan", lambda: (answer := actor.port.answer(question)) is not None and not answer.pending)
    answer = actor.port.answer(question)
    assert answer is not None
    assert answer.reason == ""
    assert len(answer.value.nodes) >= 2
    actor.did(DeleteJar(jar))
    assert jar not in {file["id"] for file in cluster.get("jars")["files"]}
    assert actor.done(DeleteJar(jar)).state is State.FAILED
    (tmp_path / "text.jar").write_text("no jar")
    assert "is not a jar" in actor.done(UploadJar(str(tmp_path / "text.jar"))).reason


def test_the_limit_of_requests_is_none_of_uploads(cluster: Cluster, actor: Actor, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "large.jar", "w") as archive:
        archive.writestr("filler", bytes(20 * LIMIT))
    jar = actor.did(UploadJar(str(tmp_path / "large.jar"))).result.jar
    assert jar in {file["id"] for file in cluster.get("jars")["files"]}
    assert jar is not None
    failed = actor.done(RunJar(jar, "large.jar", RunOptions(arguments=("x" * (LIMIT + 1),))))
    assert (failed.state, "rest.server.max-content-length" in failed.reason) == (State.FAILED, True)
    actor.did(DeleteJar(jar))


@pytest.mark.parametrize("sleep", [15, pytest.param(60, marks=pytest.mark.long)])
def test_a_main_that_throws_says_so_and_holds_up_nothing(actor: Actor, sleep: int) -> None:
    jar = actor.did(UploadJar(str(MAIN))).result.jar
    assert jar is not None
    for query in (JOBS_OVERVIEW(), OVERVIEW()):
        actor.port.watch(query)
    began = time.monotonic()
    number = actor.port.submit(RunJar(jar, MAIN.name, RunOptions(arguments=("sleep", str(sleep)))))
    polled = set()
    while (operation := actor.port.operation(number)) is None or not operation.state.final:
        reading = actor.port.reading(JOBS_OVERVIEW())
        if reading is not None and reading.at is not None and 3 < time.monotonic() - began < sleep - 1:
            polled.add(reading.at)
        assert time.monotonic() - began < sleep + 100
        time.sleep(0.2)
    assert time.monotonic() - began > sleep
    assert operation.state is State.FAILED
    assert operation.reason.endswith(f"it slept for {sleep} s, and has no job [red]")
    # Every three seconds, were the machine idle; a slow answer is asked for more rarely.
    assert len(polled) >= (sleep - 4) // 5, polled


def test_arguments_with_commas_and_spaces_arrive(cluster: Cluster, actor: Actor) -> None:
    job = run_steady(actor, cluster, "a, b  'c' \"d\"")
    assert cluster.get(f"jobs/{job}")["name"] == "a, b  'c' \"d\""
    actor.did(Cancel(job))


def test_a_job_graph_is_submitted(cluster: Cluster, actor: Actor, tmp_path: Path) -> None:
    graph = tmp_path / "job.graph"
    java = processes.java_words(cluster.home, cluster.directory / "conf", tmp_path / "graph.log")
    class_path = processes.class_path(cluster.home, MAIN)
    subprocess.run(
        [*java, "-cp", class_path, "TestMain", "graph", str(graph)], check=True, capture_output=True
    )
    operation = actor.did(SubmitGraph(str(graph)))
    job = operation.result.job
    assert job is not None
    assert cluster.get(f"jobs/{job}")["name"] == "from a graph [v1]"
    wait_for_state(cluster, job, "FINISHED")


def test_an_application_is_cancelled_where_there_are_any(cluster: Cluster, actor: Actor) -> None:
    job = run_steady(actor, cluster, "an application")
    # A job that was run by itself is an application of its own, of the same id.
    operation = actor.done(CancelApplication(job, "an application"))
    if cluster.release < (2, 3):
        assert (operation.state, "needs Flink 2.3" in operation.reason) == (State.REFUSED, True)
        actor.did(Cancel(job, "an application"))
    else:
        assert operation.state is State.DONE, operation
        assert cluster.get(f"applications/{job}")["status"] == "CANCELED"
    wait_for_state(cluster, job, "CANCELED")


def test_read_only_sends_nothing_that_acts(cluster: Cluster, tmp_path: Path) -> None:
    with CuttingProxy(cluster.url) as proxy, acting(proxy.url, tmp_path / "l.db", read_only=True) as actor:
        jar = uploaded(cluster)
        for act in (
            Cancel("a" * 32), Stop("a" * 32), Savepoint("a" * 32), SavepointAndCancel("a" * 32),
            Checkpoint("a" * 32), Rescale("a" * 32, bounds={"v": (1, 2)}), UploadJar(str(MAIN)),
            RunJar(jar), DeleteJar(jar), SubmitGraph(str(MAIN)), Dispose("file:/x/y"), Shutdown("live"),
            CancelApplication("a" * 32),
        ):  # fmt: skip
            refused = actor.done(act, act.subject)
            assert (refused.state, "read-only" in refused.reason) == (State.REFUSED, True)
        number = actor.port.ask(PlanJar(jar))
        wait_for("no plan", lambda: (answer := actor.port.answer(number)) is not None and bool(answer.reason))
        assert proxy.acts == []


def test_the_cluster_is_shut_down(cluster: Cluster, actor: Actor) -> None:
    """The last test of a release: there is no cluster after it."""
    actor.did(Shutdown("live"), "live")
    cluster.jobmanager.wait(60)
