"""Every act: when it is off and why, what it says beforehand, and how it ends on a JobManager that acts."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from flinktop.engine.acts.act import Act
from flinktop.engine.acts.cluster_acts import CancelApplication, DeleteDataset, Dispose, Shutdown
from flinktop.engine.acts.form import Line
from flinktop.engine.acts.jar_files import DeleteJar, UploadJar
from flinktop.engine.acts.job_acts import Cancel, Checkpoint, Savepoint, SavepointAndCancel, Stop
from flinktop.engine.acts.kinds import ACTS, KINDS
from flinktop.engine.acts.profile import Profile
from flinktop.engine.acts.rescale import Rescale
from flinktop.engine.acts.run_jar import PlanJar, RunJar, SubmitGraph
from flinktop.engine.acts.target import Target, TargetJob, target_job
from flinktop.engine.ledger import Ledger
from flinktop.engine.operation import Operation, State
from flinktop.flink.checkpoints import CheckpointStats
from flinktop.flink.decode import decode
from flinktop.flink.features import Features
from flinktop.flink.jars import RunOptions
from flinktop.flink.jobs import JobVertex, Plan
from flinktop.model.kubernetes import KubernetesState, OperatorState
from tests.engine.acting import JOB, URL, Desk, JobManager, desk, process
from tests.manual_clock import ManualClock

ID = "1" * 32
ALL: tuple[Act, ...] = (
    Stop(JOB), Savepoint(JOB), SavepointAndCancel(JOB), Checkpoint(JOB), Cancel(JOB),
    Rescale(JOB, bounds={"v1": (1, 4)}), UploadJar("x.jar"), RunJar("x"), DeleteJar("x"), SubmitGraph("x"),
    Dispose("s3://a/b"), CancelApplication("a"), Shutdown("prod"), Profile("tm-1"),
    DeleteDataset("d"),
)  # fmt: skip


def flink(version: str = "2.3.0", **flags: bool) -> Features:
    numbers = tuple(int(part) for part in version.split("."))
    known: dict[str, Any] = {"web_rescale": True, **flags}
    return Features(release=(numbers[0], numbers[1], numbers[2]), version=version, **known)


def target(features: Features | None = None, **changes: Any) -> Target:
    job = TargetJob(
        JOB,
        "orders [v1]",
        "RUNNING",
        {"RUNNING": 4},
        scheduler="Adaptive",
        vertices=(JobVertex("v1", "Map", parallelism=2, max_parallelism=8),),
        checkpointing=True,
        last_good=20.0,
    )
    base = Target("prod", URL, features or flink(), job=job, slots_free=3, running=2)
    return replace(base, **changes)


def job(**changes: Any) -> Target:
    known = target()
    assert known.job is not None
    return replace(known, job=replace(known.job, **changes))


# -- managed by the operator ---------------------------------------------------------------------------


def managed(operator: OperatorState, *session_jobs: OperatorState, **changes: Any) -> Target:
    known = KubernetesState(context="c", namespace="shop", operator=operator, session_jobs=session_jobs)
    return target(kubernetes=known, **changes)


WITH_JOB = OperatorState(kind="FlinkDeployment", name="orders", wanted="running", job_id=JOB)
SESSION = OperatorState(kind="FlinkDeployment", name="session")
OF_SESSION = OperatorState(kind="FlinkSessionJob", name="clicks", wanted="running", job_id=JOB)


@pytest.mark.parametrize("act", ALL, ids=lambda act: act.kind)
def test_an_act_that_the_operator_would_undo_is_refused(act: Act) -> None:
    fights = {"stop", "savepoint-cancel", "cancel", "rescale", "cancel-application", "shutdown"}
    reason = act.why_not(managed(WITH_JOB))
    assert (reason is not None) == (act.kind in fights)
    assert act.unavailable(managed(WITH_JOB)) == reason
    assert act.why_not(managed(WITH_JOB, allow_managed=True)) is None
    assert act.why_not(managed(SESSION)) is None or act.kind == "shutdown"
    assert act.why_not(target(kubernetes=KubernetesState(context="c", namespace="n"))) is None


def test_the_refusal_names_the_resource_and_what_to_do() -> None:
    assert Stop(JOB).why_not(managed(WITH_JOB)) == (
        "job orders [v1] is managed by FlinkDeployment shop/orders: the operator would undo it; "
        "set spec.job.state: suspended there, or allow_managed = true in the config"
    )
    assert "by FlinkSessionJob shop/clicks: " in (Cancel(JOB).why_not(managed(SESSION, OF_SESSION)) or "")
    reason = Rescale(JOB, bounds={"v1": (1, 4)}).why_not(managed(WITH_JOB))
    assert "set spec.job.parallelism there" in (reason or "")
    reason = Shutdown("prod").why_not(managed(SESSION))
    assert "the cluster is managed by FlinkDeployment shop/session" in (reason or "")


def test_the_dialog_says_that_the_job_is_managed() -> None:
    line = Line("managed by", "FlinkDeployment shop/orders")
    assert line in Savepoint(JOB).consequence(managed(WITH_JOB))
    line = Line("managed by", "FlinkDeployment shop/orders: the operator may undo this", "warn")
    assert line in Stop(JOB).consequence(managed(WITH_JOB, allow_managed=True))
    assert not [one for one in Stop(JOB).consequence(target()) if one.label == "managed by"]


# -- why not -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ALL, ids=lambda act: act.kind)
def test_every_act_can_be_done_and_can_be_off(act: Act) -> None:
    assert act.why_not(target()) is None
    assert act.why_not(target(read_only=True)) == "this cluster is opened read-only"
    assert "HistoryServer" in (act.why_not(target(flink(history_server=True))) or "")
    assert act.why_not(target(ledger_error="the disk is full")) == (
        "every action is recorded in the ledger first, and the disk is full"
    )
    assert act.must_be_typed(target(protected=True))
    assert act.must_be_typed(target()) == (act.kind in {"dispose", "shutdown"})


def test_every_kind_is_covered() -> None:
    assert {act.kind for act in ALL} == set(KINDS)
    assert len(KINDS) == len(ACTS)


@pytest.mark.parametrize(
    ("act", "known", "said"),
    [
        (Checkpoint(JOB), target(flink("1.16.3")), "needs Flink 1.17 or later (this cluster runs 1.16.3)"),
        (CancelApplication("a"), target(flink("2.2.0")), "needs Flink 2.3 or later"),
        (CancelApplication("a", status="FINISHED"), target(), "the application has ended (FINISHED)"),
        (Savepoint(JOB), target(job=None), "not known yet"),
        (Savepoint(JOB), target(job=None, job_missing=True), "does not know this job any more"),
        (Savepoint(JOB), job(state="FINISHED"), "the job has ended (FINISHED)"),
        (Savepoint(JOB), job(state="RESTARTING"), "the job is RESTARTING: it must be RUNNING"),
        (Stop(JOB), job(tasks={"RUNNING": 6, "INITIALIZING": 2}), "2 of 8 subtasks are not running yet"),
        (Stop(JOB), job(batch=True), "a batch job has no state to save"),
        (Stop(JOB), target(under_way=("savepoint",)), "savepoint of this job is in progress"),
        (Checkpoint(JOB), job(checkpointing=False), "checkpointing is off for this job"),
        (Savepoint(JOB, form="NATIVE"), target(flink("1.14.6")), "a format needs Flink 1.15 or later"),
        (Stop(JOB, form="NATIVE"), target(flink("1.14.6")), "a format needs Flink 1.15 or later"),
        (Cancel(JOB), target(flink(web_cancel=False)), "switched cancelling off"),
        (Stop(JOB), target(flink(web_cancel=False)), "switched cancelling off"),
        (SavepointAndCancel(JOB), target(flink(web_cancel=False)), "switched cancelling off"),
        (CancelApplication("a"), target(flink(web_cancel=False)), "switched cancelling off"),
        (Cancel(JOB), job(state="CANCELLING"), "being cancelled already"),
        (Cancel(JOB), job(state="FAILED"), "the job has ended (FAILED)"),
        (Rescale(JOB), target(flink("1.14.6")), "FLINK-12312"),
        (Rescale(JOB, bounds={"v1": (1, 4)}), target(flink(web_rescale=False)), "adaptive scheduler"),
        (
            Rescale(JOB, bounds={"v1": (1, 4)}),
            job(scheduler="Default"),
            "needs jobmanager.scheduler: adaptive",
        ),
        (
            Rescale(JOB, bounds={"v1": (1, 4)}),
            replace(job(scheduler="Adaptive"), features=flink(web_rescale=False)),
            "rescaling is disabled",
        ),
        (Rescale(JOB), target(), "no parallelism was changed"),
        (Rescale(JOB, bounds={"v1": (0, 4)}), target(), "is not a range"),
        (Rescale(JOB, bounds={"v1": (5, 4)}), target(), "is not a range"),
        (Rescale(JOB, bounds={"v9": (1, 4)}), target(), "has no vertex v9"),
        (Rescale(JOB, bounds={"v1": (1, 9)}), target(), "Map has a max parallelism of 8"),
        (RunJar("x"), target(flink(web_submit=False)), "takes no jars"),
        (UploadJar("x.jar"), target(flink(web_submit=False)), "takes no jars"),
        (DeleteJar("x"), target(flink(web_submit=False)), "takes no jars"),
        (RunJar("x", options=RunOptions(parallelism=0)), target(), "a parallelism of 0"),
        (
            RunJar("x", options=RunOptions(configuration={"a": "b"})),
            target(flink("1.16.0")),
            "needs Flink 1.17",
        ),
        (
            RunJar("x", options=RunOptions(savepoint="s", claim_mode="CLAIM")),
            target(flink("1.14.6")),
            "restore modes need Flink 1.15 or later",
        ),
        (RunJar("x", options=RunOptions(claim_mode="CLAIM")), target(), "a restore mode needs a savepoint"),
        (RunJar("x", options=RunOptions(allow_non_restored_state=True)), target(), "give its path"),
        (RunJar("x", options=RunOptions(arguments=("--token", "******"))), target(), "give it anew"),
        (Dispose(" / "), target(), "the path of the savepoint is missing"),
    ],
)
def test_why_an_act_is_off(act: Act, known: Target, said: str) -> None:
    assert said in (act.why_not(known) or "nothing")


def test_a_cancel_goes_through_whatever_else_is_under_way() -> None:
    assert Cancel(JOB).why_not(target(under_way=("savepoint",))) is None
    assert Cancel(JOB).why_not(job(state="RESTARTING")) is None


# -- what it says --------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ALL, ids=lambda act: act.kind)
def test_every_act_describes_its_effect_and_target(act: Act) -> None:
    lines = act.consequence(target())
    labels = [line.label for line in lines]
    assert lines[0].text.startswith("prod")
    assert "afterwards" in labels
    assert "data loss" in labels or act.kind in {"run-jar", "submit-graph"}
    if act.job_id is not None:
        told = {line.label: line.text for line in lines}
        assert (told["job"], told["id"], told["state"]) == ("orders [v1]", JOB, "RUNNING")
        assert told["last checkpoint"] == "20 s ago"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"last_good": 3600.0}, Line("last checkpoint", "1 h ago", "warn")),
        ({"last_good": 5.0, "last_good_is_savepoint": True}, Line("last savepoint", "5 s ago")),
        ({"last_good": None}, Line("last checkpoint", "none so far", "bad")),
        (
            {"last_good": None, "checkpointing": False},
            Line("last checkpoint", "none: checkpointing is off for this job", "bad"),
        ),
        ({"last_good": None, "checkpointing": None}, Line("last checkpoint", "…")),
    ],
)
def test_a_cancel_names_the_last_checkpoint(changes: dict[str, Any], line: Line) -> None:
    assert line in Cancel(JOB).consequence(job(**changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"retained": True}, "which is retained"),
        ({"retained": False}, "its checkpoints are deleted with it"),
        ({}, "unless it is retained"),
        ({"last_good": None, "checkpointing": False}, "all of its state"),
    ],
)
def test_a_cancel_names_the_data_loss(changes: dict[str, Any], said: str) -> None:
    assert said in next(
        line.text for line in Cancel(JOB).consequence(job(**changes)) if line.label == "data loss"
    )


def test_a_run_shows_its_options_without_secrets() -> None:
    options = RunOptions(
        arguments=("--title", "a, b", "--password", "hunter2"),
        parallelism=3,
        savepoint="file:/s",
        claim_mode="CLAIM",
        configuration={"a.b": "c", "s3.secret-key": "hunter2"},
    )
    lines = RunJar("x", options=options).consequence(target())
    for line in (
        Line("arguments", "--title 'a, b' --password '******'"),
        Line("parallelism", "3"),
        Line("setting", "a.b: c"),
        Line("setting", "s3.secret-key: ******"),
        Line("restores", "file:/s"),
        Line("restore mode", "CLAIM"),
    ):
        assert line in lines
    long = RunJar("x", options=RunOptions(arguments=("x" * 9000, "y"))).consequence(target())
    [said] = [line.text for line in long if line.label == "arguments"]
    assert len(said) < 350
    assert said.endswith("(2 in all)")


def test_the_name_to_type() -> None:
    assert Cancel(JOB).name_to_type(target()) == "orders [v1]"
    assert Shutdown("prod").name_to_type(target()) == "prod"
    assert Dispose("s3://a/savepoint-1/").name_to_type(target()) == "savepoint-1"


@pytest.mark.parametrize("name", ["", " ", "\u200b", "\u2800\u3164"])
def test_for_an_invisible_name_the_id_is_typed(name: str) -> None:
    for act in (Cancel(JOB, name), Stop(JOB, name), Rescale(JOB, name)):
        assert act.name_to_type(target(job=TargetJob(JOB, name, "RUNNING"))) == JOB
        assert act.name_to_type(target(job=None)) == JOB
    assert Dispose(f"s3://a/{name}").name_to_type(target()) in (f"s3://a/{name}", "a")


def test_the_last_good_checkpoint_is_the_newest_completed_one() -> None:
    stats = decode(
        b'{"latest": {"completed": {"id": 1, "status": "COMPLETED", "trigger_timestamp": 1000},'
        b'"savepoint": {"id": 2, "status": "COMPLETED", "is_savepoint": true, "trigger_timestamp": 5000,'
        b'"external_path": "s3://a"}}, "history": [{"id": 3, "status": "FAILED", "trigger_timestamp": 90}]}',
        CheckpointStats,
    ).value
    known = target_job(JOB, None, None, stats, now=10.0)
    assert (known.last_good, known.last_good_is_savepoint) == (5.0, True)


# -- how it ends ---------------------------------------------------------------------------------------


async def done(
    tmp_path: Path,
    act: Act,
    jobmanager: JobManager | None = None,
    *,
    typed: str | None = None,
    fault: tuple[str, str] = ("", ""),
) -> Operation:
    """Do an act to its end; the first request of a verb has a fault."""
    jobmanager = jobmanager or JobManager(ManualClock(), "2.3.0")
    left = [fault[1]]
    jobmanager.fault = lambda method, _path: left.pop() if left and method == fault[0] else ""
    at: Desk = desk(jobmanager, Ledger(tmp_path / "operations.db", process(1)))
    try:
        await at.do(act, ID, typed)
        return await at.until_ended()
    finally:
        await at.operations.stop()


async def test_a_checkpoint_has_a_number(tmp_path: Path) -> None:
    ended = await done(tmp_path, Checkpoint(JOB, full=True))
    assert (ended.state, ended.result.checkpoint) == (State.DONE, 7)
    found = await done(tmp_path / "2", Checkpoint(JOB), fault=("POST", "cut after"))
    assert (found.state, found.result.checkpoint) == (State.DONE, 7)
    lost = await done(tmp_path / "3", Checkpoint(JOB), fault=("POST", "cut before"))
    assert (lost.state, "periodic ones" in lost.reason) == (State.LOST, True)


async def test_a_savepoint_is_disposed_of(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    path = (await done(tmp_path, Savepoint(JOB), jobmanager)).result.savepoint
    assert path == "file:/savepoints/savepoint-1"
    refused = await done(tmp_path / "2", Dispose(path), jobmanager)
    assert (refused.state, refused.reason) == (State.REFUSED, "the name savepoint-1 has to be typed for this")
    assert (await done(tmp_path / "3", Dispose(path), jobmanager, typed="savepoint-1")).state is State.DONE
    again = await done(tmp_path / "4", Dispose(path), jobmanager, typed="savepoint-1")
    assert (again.state, again.reason) == (
        State.FAILED,
        "Could not dispose savepoint: no such file",
    )
    lost = await done(
        tmp_path / "5", Dispose(path), jobmanager, typed="savepoint-1", fault=("POST", "cut after")
    )
    assert (lost.state, "can't be checked" in lost.reason) == (State.LOST, True)


@pytest.mark.parametrize(
    ("fault", "state"), [("", State.DONE), ("cut after", State.DONE), ("cut before", State.FAILED)]
)
async def test_a_dataset_is_deleted(tmp_path: Path, fault: str, state: State) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.datasets = ["d1", "d2"]
    ended = await done(tmp_path, DeleteDataset("d1"), jobmanager, fault=("DELETE", fault))
    assert ended.state is state, ended
    assert jobmanager.datasets == (["d1", "d2"] if fault == "cut before" else ["d2"])
    if fault == "cut before":
        assert ended.reason == "the dataset is still on the cluster"


async def test_a_dataset_that_is_not_there(tmp_path: Path) -> None:
    failed = await done(tmp_path, DeleteDataset("none"), JobManager(ManualClock()))
    assert (failed.state, failed.reason) == (State.FAILED, "no such dataset")
    old = await done(tmp_path / "2", DeleteDataset("d1"), JobManager(ManualClock(), "1.9.3"))
    assert (old.state, "needs Flink 1.11 or later" in old.reason) == (State.REFUSED, True)


@pytest.mark.deep
@pytest.mark.parametrize("fault", ["", "cut after"])
async def test_the_parallelism_is_changed(tmp_path: Path, fault: str) -> None:
    jobmanager = JobManager(ManualClock(), "2.3.0")
    jobmanager.flags = {"web-rescale": True}
    at = desk(jobmanager, Ledger(tmp_path / "operations.db", process(1)))
    left = [fault]
    jobmanager.fault = lambda method, _path: left.pop() if left and method == "PUT" else ""
    await at.do(Rescale(JOB, bounds={"v1": (1, 4)}))
    await at.advance(10.0)
    assert not at.operation(ID).state.final
    jobmanager.jobs[JOB].parallelism = 4
    ended = await at.until_ended()
    assert (ended.state, ended.result.facts) == (State.DONE, ("Map: 2 -> 4",))
    await at.do(Rescale(JOB, bounds={"v1": (2, 8)}), "2" * 32)
    kept = await at.until_ended("2" * 32)
    assert kept.state is State.DONE
    assert "has not followed them yet" in kept.result.facts[0]
    await at.operations.stop()


@pytest.mark.deep
async def test_the_cluster_is_shut_down(tmp_path: Path) -> None:
    ended = await done(tmp_path, Shutdown("prod"), typed="prod")
    assert (ended.state, "does not answer any more" in ended.result.facts[0]) == (State.DONE, True)
    lost = await done(tmp_path / "2", Shutdown("prod"), typed="prod", fault=("DELETE", "cut after"))
    assert lost.state is State.LOST
    assert lost.reason.startswith(
        "it is not known whether the cluster accepted it, and it does not answer now"
    )
    failed = await done(tmp_path / "3", Shutdown("prod"), typed="prod", fault=("DELETE", "cut before"))
    assert (failed.state, failed.reason) == (State.FAILED, "the cluster still answers")


@pytest.mark.parametrize("fault", ["", "cut after", "cut before"])
async def test_an_application_is_cancelled(tmp_path: Path, fault: str) -> None:
    jobmanager = JobManager(ManualClock(), "2.3.0")
    jobmanager.applications["app"] = "RUNNING"
    ended = await done(tmp_path, CancelApplication("app", "x"), jobmanager, fault=("POST", fault))
    assert ended.state is (State.FAILED if fault == "cut before" else State.DONE)


def jar_at(path: Path) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/Main.class", "x" * 1000)
    return str(path)


@pytest.mark.parametrize("fault", ["", "cut after", "cut before"])
async def test_a_jar_is_uploaded(tmp_path: Path, fault: str) -> None:
    jobmanager = JobManager(ManualClock(), "1.9.3")
    ended = await done(tmp_path, UploadJar(jar_at(tmp_path / "job.jar")), jobmanager, fault=("POST", fault))
    if fault == "cut before":
        assert (ended.state, "the upload was incomplete" in ended.reason) == (State.FAILED, True)
    else:
        assert (ended.state, ended.result.jar) == (State.DONE, "0_job.jar")


async def test_a_jar_that_a_proxy_finds_too_large_has_failed(tmp_path: Path) -> None:
    failed = await done(tmp_path, UploadJar(jar_at(tmp_path / "job.jar")), fault=("POST", "413"))
    assert (failed.state, failed.reason.startswith("413 ")) == (State.FAILED, True)


async def test_a_file_that_is_no_jar_is_not_sent(tmp_path: Path) -> None:
    (tmp_path / "text.jar").write_text("no jar")
    (tmp_path / "jar.txt").write_text("no jar")
    for name, said in (
        ("text.jar", "text.jar is not a jar: it is not a zip archive; nothing was sent"),
        ("jar.txt", "jar.txt is not a .jar file; nothing was sent"),
        ("none.jar", f"{tmp_path}/none.jar can't be read: No such file or directory"),
    ):
        jobmanager = JobManager(ManualClock())
        refused = await done(tmp_path / "d", UploadJar(str(tmp_path / name)), jobmanager)
        assert (refused.state, refused.reason) == (State.REFUSED, said)
        assert jobmanager.acts() == []


@pytest.mark.parametrize("fault", ["", "cut after", "cut before"])
async def test_a_jar_is_deleted(tmp_path: Path, fault: str) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.jars["0_job.jar"] = "job.jar"
    ended = await done(tmp_path, DeleteJar("0_job.jar", "job.jar"), jobmanager, fault=("DELETE", fault))
    assert ended.state is (State.FAILED if fault == "cut before" else State.DONE)


@pytest.mark.parametrize("release", ["1.9.3", "2.3.0"])
@pytest.mark.parametrize("fault", ["", "cut after"])
async def test_a_run_is_known_by_our_own_id(tmp_path: Path, release: str, fault: str) -> None:
    jobmanager = JobManager(ManualClock(), release)
    options = RunOptions(arguments=("--name", "a, b"))
    ended = await done(tmp_path, RunJar("x", options=options), jobmanager, fault=("POST", fault))
    assert (ended.state, ended.result.job, ended.result.job_state) == (State.DONE, ID, "RUNNING")
    assert len(jobmanager.jobs) == 2


async def test_a_main_that_throws_reports_its_message(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.main_throws = "no topic orders"
    failed = await done(tmp_path, RunJar("x"), jobmanager)
    assert failed.state is State.FAILED
    assert failed.reason.endswith("no topic orders")
    assert "\tat" not in failed.reason


async def test_a_job_that_fails_at_once_is_a_run_that_failed(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.starts_as = "FAILED"
    failed = await done(tmp_path, RunJar("x"), jobmanager)
    assert (failed.state, failed.reason) == (State.FAILED, "no space left on device")
    assert (failed.result.job, failed.result.job_state) == (ID, "FAILED")


async def test_a_job_that_waits_for_slots_has_been_started(tmp_path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    jobmanager.starts_as = "CREATED"
    ended = await done(tmp_path, RunJar("x"), jobmanager)
    assert (ended.state, ended.result.facts) == (State.DONE, ("the job is there and CREATED",))


async def test_a_job_graph_is_submitted(tmp_path: Path) -> None:
    graph = tmp_path / "job.graph"
    graph.write_bytes(b"x")
    ended = await done(tmp_path, SubmitGraph(str(graph)))
    assert (ended.state, ended.result.job) == (State.DONE, "b" * 32)
    lost = await done(tmp_path / "2", SubmitGraph(str(graph)), fault=("POST", "cut after"))
    assert lost.state is State.LOST
    assert f"submitted ({'b' * 32})" in lost.reason
    gone = await done(tmp_path / "3", SubmitGraph(str(tmp_path / "none")))
    assert (gone.state, "No such file" in gone.reason) == (State.REFUSED, True)


async def test_a_server_without_an_overview_is_a_history_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobmanager = JobManager(ManualClock(), "1.14.6")
    at = desk(jobmanager, Ledger(tmp_path / "operations.db", process(1)))
    answer = jobmanager._answer

    def archive(method: str, path: str, body: bytes) -> tuple[int, Any]:
        missing = path == "overview"
        return (404, {"errors": ["File not found."]}) if missing else answer(method, path, body)

    monkeypatch.setattr(jobmanager, "_answer", archive)
    refused = await at.do(Cancel(JOB))
    assert (refused.state, "HistoryServer" in refused.reason) == (State.REFUSED, True)
    await at.operations.stop()


async def test_a_plan_is_a_question_but_not_in_read_only() -> None:
    jobmanager = JobManager(ManualClock())
    for read_only in (False, True):
        at = desk(jobmanager, None, read_only=read_only)
        at.operations.ask(PlanJar("x"), "q")
        assert at.operations.answers["q"].pending
        await at.quiet()
        answer = at.operations.answers["q"]
        if read_only:
            assert answer.reason.startswith("this cluster is opened read-only")
        else:
            assert isinstance(answer.value, Plan)
        await at.operations.stop()
    assert jobmanager.acts() == ["POST jars/x/plan"]


async def test_a_plan_of_a_protected_cluster_wants_its_name() -> None:
    jobmanager = JobManager(ManualClock())
    at = desk(jobmanager, None, protected=True)
    for typed, number in ((None, "none"), ("prod-2", "wrong"), ("prod", "right")):
        at.operations.ask(PlanJar("x"), number, typed)
    await at.quiet()
    for number in ("none", "wrong"):
        assert at.operations.answers[number].reason == "the name prod has to be typed for this"
    assert isinstance(at.operations.answers["right"].value, Plan)
    await at.operations.stop()
    assert jobmanager.acts() == ["POST jars/x/plan"]
