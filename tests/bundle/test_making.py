"""Whole bundles: of each release, of clusters that fail in parts, with secrets in them, and of great size."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from flinktop.bundle.contents import FILES, Part
from flinktop.bundle.making import State
from flinktop.engine.journal.event import Event, EventKind, KnownJob
from flinktop.engine.journal.journal import Journal
from flinktop.flink.connection import Connection, Secret
from flinktop.judgement.finding import Severity
from tests.bundle.made import URL, Made, made
from tests.demo_cluster import DemoCluster
from tests.fixture_cluster import Answer, FixtureCluster
from tests.manual_clock import ManualClock

ALL = {one.name for one in FILES}
JOURNAL = {"journal.txt", "journal.json"}
LOOP = "inventory-sync"
"""A job that fails again and again, in the demo."""


async def demo(scenario: str, release: str, job: str, directory: Path, **more: Any) -> Made:
    clock = ManualClock()
    return await made(DemoCluster(scenario, release, clock), job, directory, clock, **more)


# -- what is in it --------------------------------------------------------------------------------------


@pytest.mark.deep
@pytest.mark.parametrize("release", ["2.3.0", "1.20.5", "1.14.6", "1.9.3"])
async def test_of_each_release_it_has_what_that_release_has(release: str, tmp_path: Path) -> None:
    found = await demo("restart-loop", release, LOOP, tmp_path)
    missing = {"checkpoint-failed.json", *JOURNAL}
    if release == "1.9.3":
        missing |= {"flamegraph.txt", "flamegraph.json", "threads.txt", "threads.json"}
        assert "flame graph: needs Flink 1.13 or later (this cluster runs 1.9.3)" in found.gaps
        assert "thread dump: needs Flink 1.11 or later (this cluster runs 1.9.3)" in found.gaps
    assert set(found.files) == ALL - missing
    assert (found.making.state, found.making.size > 0) == (State.DONE, True)
    assert f"Flink {release}" in found.readme
    assert all(name in found.readme for name in found.files)
    assert "journal: no flinktop of this user has kept one yet" in found.gaps
    assert "There is no checkpoint-failed.json: Flink's history has none." in found.readme


async def test_each_file_says_what_it_is_to_say(tmp_path: Path) -> None:
    found = await demo("restart-loop", "2.3.0", LOOP, tmp_path)
    job = found.making.subject.job
    assert found.text("verdict.txt").startswith(f"{LOOP} ")
    assert "restart-loop: failed" in found.text("verdict.txt")
    (cluster,) = found.json("verdict.json")["clusters"]
    assert [(one["id"], one["kind"]) for one in cluster["jobs"]] == [(job, "restart-loop")]
    exceptions = found.text("exceptions.txt")
    assert "1. NumberFormatException: Character , is neither a decimal digit" in exceptions
    assert "at com.example.inventory.StockParser.amount(StockParser.java:88)" in exceptions
    assert found.json("exceptions.json")[f"/jobs/{job}/exceptions"]["exceptionHistory"]["entries"]
    assert found.json("job.json")[f"/jobs/{job}"]["jid"] == job
    assert set(found.json("cluster.json")) == {"/config", "/overview", "/taskmanagers"}
    checkpoints = found.text("checkpoints.txt")
    assert re.search(r"SUBTASK +TOTAL +START +ALIGN +SYNC +ASYNC +WRITTEN", checkpoints)
    completed = found.json("checkpoint-completed.json")
    assert sum("/subtasks/" in path for path in completed) == len(
        found.json("job.json")[f"/jobs/{job}"]["vertices"]
    )
    assert "Parse stock -> Key by warehouse" in found.text("flamegraph.txt")
    first_thread = found.text("threads.txt").split("\n\n")[1]
    assert first_thread.startswith('"Parse stock -> Key by warehouse (')
    assert "restart strategy" in found.text("configuration.txt")
    assert "-XX:MaxMetaspaceSize" in found.text("configuration.txt")
    assert " INFO " in found.text("taskmanager.log")
    assert " INFO " in found.text("jobmanager.log")
    assert "first failure" in found.readme
    assert "TaskManager" in found.readme


async def test_a_checkpoint_that_failed_is_there_with_its_late_subtasks(tmp_path: Path) -> None:
    found = await demo("failing-checkpoints", "1.20.5", "profiles-shadow", tmp_path)
    assert set(found.files) >= {"checkpoint-failed.json"}
    text = found.text("checkpoints.txt")
    assert "FAILED" in text
    assert "not acknowledged" in text
    assert "checkpoint expired" in text.lower()


@pytest.mark.parametrize(
    "scenario",
    ["skew", *(pytest.param(one, marks=pytest.mark.deep) for one in ("healthy", "stuck-watermark"))],
)
async def test_a_job_that_has_not_failed_has_a_bundle_as_well(scenario: str, tmp_path: Path) -> None:
    clock = ManualClock()
    cluster = DemoCluster(scenario, "2.3.0", clock)
    job = cluster.document("jobs/overview")["jobs"][0]["jid"]
    found = await made(cluster, job, tmp_path, clock)
    assert {"verdict.txt", "threads.txt", "flamegraph.txt", "taskmanager.log"} <= set(found.files)
    assert "taskmanager.log (" in found.readme
    assert ", as the job has not failed lately." in found.readme


async def test_three_looks_make_the_whole_verdict(tmp_path: Path) -> None:
    clock = ManualClock()
    began = clock.now()
    cluster = DemoCluster("skew", "2.3.0", clock)
    found = await made(cluster, cluster.job("profiles-by-country"), tmp_path, clock, wait=25.0)
    assert found.json("verdict.json")["clusters"][0]["look"] == "close"
    assert 20 < clock.now() - began < 60


@pytest.mark.parametrize("release", ["2.3.0", "1.20.5", "1.14.6", "1.9.3"])
@pytest.mark.parametrize("job", ["failing", pytest.param("steady", marks=pytest.mark.deep), "batch"])
async def test_recorded_clusters(release: str, job: str, tmp_path: Path) -> None:
    cluster = FixtureCluster(release)
    found = await made(cluster, cluster.job(job), tmp_path)
    assert found.making.state is State.DONE
    assert {"README.txt", "verdict.txt", "job.json", "exceptions.txt", "configuration.txt"} <= set(
        found.files
    )
    assert "flinktop failed" not in found.readme
    if job == "failing":
        assert "first failure" in found.readme
        assert "ExpectedException" in found.text("exceptions.txt") or "Exception" in found.text(
            "exceptions.txt"
        )
    for name, body in found.files.items():
        assert body.decode("utf-8").endswith("\n") or name.endswith(".log"), name
        if name.endswith(".json"):
            json.loads(body)


async def test_nothing_but_gets_is_sent_and_each_once(tmp_path: Path) -> None:
    clock = ManualClock()
    cluster = DemoCluster("restart-loop", "2.3.0", clock)
    await made(cluster, LOOP, tmp_path, clock)
    assert all(one.startswith("GET ") for one in cluster.asked)
    files = [one for one in cluster.asked if one.endswith(("/log", "thread-dump"))]
    assert len(files) == len(set(files)) == 3


# -- clusters that fail in parts --------------------------------------------------------------------------

OF_PARTS = {
    Part.EXCEPTIONS: r"jobs/[0-9a-f]+/exceptions",
    Part.CHECKPOINTS: r"jobs/[0-9a-f]+/checkpoints.*",
    Part.THREADS: r"taskmanagers/.*/thread-dump",
    Part.FLAME_GRAPH: r".*/flamegraph",
    Part.TASKMANAGER_LOG: r"taskmanagers/.*/logs?(/.*)?",
    Part.JOBMANAGER_LOG: r"jobmanager/logs?(/.*)?",
    Part.CONFIGURATION: r".*/(config|environment)",
}
"""The requests of each part, by which it is known that the others are made all the same."""


class Spoilt(DemoCluster):
    """A cluster that answers some paths in its own way."""

    def __init__(self, clock: ManualClock, pattern: str, answer: Answer | None) -> None:
        super().__init__("restart-loop", "2.3.0", clock)
        self.spoilt = re.compile(pattern)
        self.instead = answer
        if answer is None:
            self.hangs = lambda path: self.spoilt.fullmatch(path) is not None

    def answer(self, target: str) -> Answer:
        path = target.partition("?")[0].strip("/").replace("%3A", ":")
        if self.instead is not None and self.spoilt.fullmatch(path):
            return self.instead
        return super().answer(target)


BAD: dict[str, Answer | None] = {
    "404": (404, b'{"errors":["Not found: it."]}'),
    "500": (500, b'{"errors":["Internal server error.","<Exception on server side:\\njava.x.Y: no\\n"]}'),
    "page": (200, b"<!doctype html><title>Login</title>"),
    "half": (200, b'{"exceptionHistory": {"entries": ['),
    "number": (200, b"12"),
    "list": (200, b'[["x"]]'),
    "nothing": (200, b""),
    "refused": (403, b"no"),
    "hang": None,
}


@pytest.mark.deep
@pytest.mark.parametrize("part", OF_PARTS)
@pytest.mark.parametrize(
    "how", [one if one in ("404", "hang") else pytest.param(one, marks=pytest.mark.deep) for one in BAD]
)
async def test_the_rest_is_made_when_a_part_fails(part: Part, how: str, tmp_path: Path) -> None:
    clock = ManualClock()
    found = await made(Spoilt(clock, OF_PARTS[part], BAD[how]), LOOP, tmp_path, clock)
    assert found.making.state is State.DONE
    of_part = {one.name for one in FILES if one.part is part}
    others = ALL - of_part - JOURNAL - {"checkpoint-failed.json"}
    assert others <= set(found.files)
    is_file = part in (Part.TASKMANAGER_LOG, Part.JOBMANAGER_LOG)
    if is_file and how in ("page", "half", "number", "list"):
        # A log may hold anything.
        return
    assert not of_part & set(found.files) or part is Part.CONFIGURATION
    assert part in found.gaps or part is Part.CONFIGURATION
    assert "flinktop failed" not in found.gaps
    steps = {one.part: one for one in found.making.steps}
    assert steps[part].state is State.MISSING or part is Part.CONFIGURATION
    assert steps[Part.JOB].state is State.DONE


async def test_an_error_of_flinktop_itself_is_one_part_s_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_given: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("flinktop.bundle.exceptions_part.make", fail)
    found = await demo("restart-loop", "2.3.0", LOOP, tmp_path)
    assert set(found.files) >= {"checkpoints.txt", "threads.txt"}
    assert "exceptions: flinktop failed: ZeroDivisionError: division by zero" in found.gaps


async def test_a_cluster_that_hangs_after_the_list_of_jobs_gives_a_bundle_in_time(tmp_path: Path) -> None:
    clock = ManualClock()
    cluster = DemoCluster("restart-loop", "2.3.0", clock)
    cluster.hangs = lambda path: path != "jobs/overview"
    began = clock.now()
    found = await made(cluster, LOOP, tmp_path, clock)
    assert clock.now() - began < 120
    assert found.making.state is State.DONE
    assert set(found.files) == {"README.txt", "verdict.txt", "verdict.json"}
    assert "verdict: the cluster can't be asked: no answer within" in found.gaps
    assert "Flink release unknown" in found.readme
    assert "has not answered 4 requests in a row" in found.gaps


@pytest.mark.deep
async def test_flame_graphs_that_are_disabled_or_never_come_are_said(tmp_path: Path) -> None:
    clock = ManualClock()
    answer: Answer = (200, b'{"endTimestamp":-2}')
    found = await made(Spoilt(clock, OF_PARTS[Part.FLAME_GRAPH], answer), LOOP, tmp_path, clock)
    assert (
        "flame graph: flame graphs are disabled on this cluster (rest.flamegraph.enabled: true" in found.gaps
    )
    (tmp_path / "x.zip").unlink()
    began = clock.now()
    found = await made(
        Spoilt(clock, OF_PARTS[Part.FLAME_GRAPH], (200, b'{"endTimestamp":-3}')), LOOP, tmp_path, clock
    )
    assert "flame graph: Flink had no samples within 20 s" in found.gaps
    assert clock.now() - began < 40


@pytest.mark.deep
async def test_a_flame_graph_of_a_job_that_restarts_is_waited_for(tmp_path: Path) -> None:
    clock = ManualClock()
    cluster = DemoCluster("restart-loop", "2.3.0", clock)
    job = cluster.job(LOOP)
    began = clock.now()
    (vertex, *_) = (
        one["id"] for one in cluster.document(f"jobs/{job}")["vertices"] if "Parse" in one["name"]
    )

    def later(graph: Any) -> Any:
        return graph if clock.now() - began > 6 else {"endTimestamp": -1}

    cluster.changed[f"jobs/{job}/vertices/{vertex}/flamegraph"] = later
    found = await made(cluster, LOOP, tmp_path, clock)
    assert "flamegraph.txt" in found.files
    (tmp_path / "x.zip").unlink()
    cluster.changed[f"jobs/{job}/vertices/{vertex}/flamegraph"] = {"endTimestamp": -1}
    cluster.changed[f"jobs/{job}"] = lambda document: document | {"state": "FAILED"}
    found = await made(cluster, LOOP, tmp_path, clock)
    assert "flame graph: the vertex has ended" in found.gaps


async def test_a_historyserver_has_what_it_has_kept(tmp_path: Path) -> None:
    cluster = FixtureCluster("2.3.0")
    cluster.changed["config"] = lambda config: (
        config | {"features": config["features"] | {"web-history": True}}
    )
    cluster.changed["overview"] = (404, {"errors": ["File not found."]})
    job = cluster.job("failing")
    found = await made(cluster, job, tmp_path)
    assert {"exceptions.txt", "job.json", "checkpoints.txt", "configuration.txt"} <= set(found.files)
    for what in ("thread dump", "flame graph", "TaskManager log", "JobManager log"):
        assert f"{what}: this is a HistoryServer: it keeps ended jobs and has no" in found.gaps
    assert not [one for one in cluster.asked if "taskmanagers/" in one or "flamegraph" in one or "log" in one]


@pytest.mark.deep
async def test_a_log_that_is_too_large_is_not_downloaded(tmp_path: Path) -> None:
    clock = ManualClock()
    cluster = DemoCluster("restart-loop", "2.3.0", clock)
    size = 40 * 1024 * 1024
    cluster.changed["jobmanager/logs"] = {"logs": [{"name": "jobmanager.log", "size": size, "mtime": 1}]}
    found = await made(cluster, LOOP, tmp_path, clock)
    assert (
        "JobManager log: it has 40 MB, and Flink can only send whole files: at most 16 MB are downloaded "
        "(`flinktop bundle --largest-log MB` allows more)" in found.gaps
    )
    assert not [one for one in cluster.asked if one.endswith("jobmanager/log")]
    (tmp_path / "x.zip").unlink()
    assert "jobmanager.log" in (await made(cluster, LOOP, tmp_path, clock, largest_log=64)).files


async def test_a_log_that_was_rotated_is_found_by_the_time_of_its_last_change(tmp_path: Path) -> None:
    clock = ManualClock()
    cluster = DemoCluster("restart-loop", "2.3.0", clock)
    job = cluster.job(LOOP)
    entries = cluster.document(f"jobs/{job}/exceptions")["exceptionHistory"]["entries"]
    first = min(one["timestamp"] for one in entries)
    name = cluster.document("taskmanagers")["taskmanagers"][0]["id"]
    listed = [
        {"name": "taskmanager.log", "size": 900, "mtime": first + 3_000_000},
        {"name": "taskmanager.log.2", "size": 900, "mtime": first - 60_000},
        {"name": "taskmanager.log.1", "size": 900, "mtime": first + 60_000},
        {"name": "taskmanager.out", "size": 0, "mtime": first},
    ]
    for one in cluster.document("taskmanagers")["taskmanagers"]:
        cluster.changed[f"taskmanagers/{one['id']}/logs"] = {"logs": listed}
    assert name
    found = await made(cluster, LOOP, tmp_path, clock)
    assert [one for one in cluster.asked if one.endswith("/logs/taskmanager.log.1")]
    # The demo has no such file.
    assert "TaskManager log:" in found.gaps


@pytest.mark.deep
async def test_a_taskmanager_that_is_gone_took_its_log_with_it(tmp_path: Path) -> None:
    clock = ManualClock()
    cluster = DemoCluster("restart-loop", "2.3.0", clock)
    listed = cluster.document("taskmanagers")["taskmanagers"]
    entries = cluster.document(f"jobs/{cluster.job(LOOP)}/exceptions")["exceptionHistory"]["entries"]
    first = min(entries, key=lambda one: one["timestamp"])["taskManagerId"]
    cluster.changed["taskmanagers"] = {"taskmanagers": [one for one in listed if one["id"] != first]}
    found = await made(cluster, LOOP, tmp_path, clock)
    gone = f"TaskManager {first}, where the first failure happened, is gone, and its log with it"
    assert f"{gone}: taskmanager.log is that of" in found.readme
    assert "taskmanager.log" in found.files
    (tmp_path / "x.zip").unlink()
    cluster.changed["taskmanagers"] = {"taskmanagers": []}
    found = await made(cluster, LOOP, tmp_path, clock)
    assert re.search(
        r"TaskManager log: TaskManager \S+, where the first failure happened, is gone", found.gaps
    )


# -- secrets ------------------------------------------------------------------------------------------------

HUSH = "hush7Secret"
LOGIN = "ownPassw0rdOfOurs"


class Indiscreet(DemoCluster):
    """A cluster that has secrets in its configuration, logs, exceptions, plans and threads."""

    def _recorded(self, path: str, params: tuple[tuple[str, str], ...]) -> Answer:
        status, body = super()._recorded(path, params)
        if path.endswith(("/log", "thread-dump")) or "/logs/" in path:
            planted = (
                f"2026-11-30 02:15:03,019 WARN a.B [] - jdbc:mysql://h/d?user=u&password={HUSH}\\n"
                f"s3.secret-key: {HUSH}\\nAuthorization: Bearer {HUSH}\\n"
                f"login as me with {LOGIN}\\n"
                "-----BEGIN PRIVATE KEY-----\\nMII" + f"{HUSH}\\n" * 20 + "-----END PRIVATE KEY-----\\n"
            )
            if path.endswith("thread-dump"):
                return status, body.replace(b"\\n\\tat ", f"\\n{planted}\\tat ".encode(), 3)
            return status, planted.replace("\\n", "\n").encode() + body
        return status, self._planted(path, body)

    def _planted(self, path: str, body: bytes) -> bytes:
        document = json.loads(body)
        if path == "jobmanager/config":
            document += [
                {"key": "db.password", "value": HUSH},
                {"key": "url", "value": f"s3://KEY:{HUSH}@bucket/x"},
                {"key": "env.java.opts", "value": f"-Dapi.token={HUSH} -Dx=1"},
            ]
        if path == "jobmanager/environment":
            document["jvm"]["options"] += [f"-Djavax.net.ssl.keyStorePassword={HUSH}", "-p", HUSH]
            document["environment"] = [{"key": "DB_PASSWORD", "value": HUSH}]
        if re.fullmatch(r"jobs/[0-9a-f]+/config", path):
            document["execution-config"]["user-config"] = {"token": HUSH, "args": f"--password {HUSH}"}
        if re.fullmatch(r"jobs/[0-9a-f]+", path):
            document["plan"]["nodes"][0]["description"] = f"CREATE TABLE t WITH ('password' = '{HUSH}')"
        if path.endswith("/exceptions"):
            for one in document["exceptionHistory"]["entries"]:
                one["stacktrace"] = (
                    f"java.sql.SQLException: jdbc:oracle:thin:me/{HUSH}@h refused, password={HUSH}\n"
                    f"\tat a.b(C.java)\nCaused by: a.B: login {LOGIN} is wrong"
                )
                one["failureLabels"] = {"token": HUSH}
        if path.endswith("/checkpoints") or "/checkpoints/details" in path:
            body = json.dumps(document).encode()
            return body.replace(b"s3://flink-checkpoints", f"s3://me:{HUSH}@flink-checkpoints".encode())
        return json.dumps(document).encode()


async def test_no_byte_of_it_is_a_secret(tmp_path: Path) -> None:
    clock = ManualClock()
    cluster = Indiscreet("restart-loop", "2.3.0", clock)
    journal = Journal(None, clock, inline=True)
    job = cluster.job(LOOP)
    journal.add(
        [
            Event(
                at=clock.wall() * 1000.0,
                cluster=URL,
                kind=EventKind.FAILURE,
                words=f"it failed: password={HUSH}",
                key="1",
                job=job,
                stack=f"a.B: token={HUSH}\n\tat c",
                details=f"secret: {HUSH}",
            )
        ]
    )
    connection = Connection(URL, user="me", password=Secret("value", LOGIN))
    found = await made(cluster, LOOP, tmp_path, clock, connection=connection, journal=journal)
    assert set(found.files) == ALL - {"checkpoint-failed.json"}
    assert b"******" in b"".join(found.files.values())
    for name, body in found.files.items():
        assert HUSH.encode() not in body, name
        assert LOGIN.encode() not in body, name
    # And yet what is no secret is there.
    assert "jdbc:mysql://h/d?user=u&password=******" in found.text("taskmanager.log")
    assert "db.password: ******" in found.text("configuration.txt")
    assert "SQLException" in found.text("exceptions.txt")


async def test_hostile_names_control_nothing(tmp_path: Path) -> None:
    clock = ManualClock()
    cluster = DemoCluster("restart-loop", "2.3.0", clock)
    job, evil = cluster.job(LOOP), "\x1b[2J\x9b31m[red]\u202e../../etc\n\x00x"

    def renamed(document: Any) -> Any:
        for one in [document, *document.get("jobs", []), *document.get("vertices", [])]:
            one["name"] = evil
        return document

    cluster.changed["jobs/overview"] = renamed
    cluster.changed[f"jobs/{job}"] = renamed
    found = await made(cluster, job, tmp_path, clock)
    for name, body in found.files.items():
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", body.decode()), name
    assert "verdict.txt" in found.files


# -- size ----------------------------------------------------------------------------------------------------


class Verbose(DemoCluster):
    """A cluster whose answers are enormous."""

    def _recorded(self, path: str, params: tuple[tuple[str, str], ...]) -> Answer:
        status, body = super()._recorded(path, params)
        if path.endswith("/log") or "/logs/" in path:
            return status, body * 8
        document = json.loads(body)
        if path.endswith("/exceptions"):
            for number, one in enumerate(document["exceptionHistory"]["entries"]):
                one["stacktrace"] += f"\n\tat a.b{number}(C.java)" * 800
        if path.endswith("/thread-dump"):
            document["threadInfos"] *= 30
        if path == "jobmanager/config":
            document += [{"key": f"key.{number}", "value": "x" * 400} for number in range(300)]
        return status, json.dumps(document).encode()


@pytest.mark.deep
async def test_it_is_not_larger_than_it_may_be(tmp_path: Path) -> None:
    clock = ManualClock()
    found = await made(Verbose("restart-loop", "2.3.0", clock), LOOP, tmp_path, clock, size=1)
    most = 1024 * 1024
    assert sum(map(len, found.files.values())) <= most
    assert (tmp_path / "x.zip").stat().st_size <= most
    assert found.making.size == (tmp_path / "x.zip").stat().st_size
    for kind in FILES:
        assert len(found.files.get(kind.name, b"")) <= kind.share * most + 1
    assert "exceptions.json was " in found.readme
    assert "are left out here" in found.text("threads.txt")
    assert ", bytes " in found.readme
    assert set(found.files) == ALL - JOURNAL - {"checkpoint-failed.json"}


@pytest.mark.deep
async def test_a_job_of_hundreds_of_vertices_costs_few_requests(tmp_path: Path) -> None:
    clock = ManualClock()
    cluster = DemoCluster("wide-job", "2.3.0", clock)
    job = cluster.document("jobs/overview")["jobs"][0]["jid"]
    found = await made(cluster, job, tmp_path, clock)
    assert found.making.state is State.DONE
    assert sum("/checkpoints/details/" in one for one in cluster.asked) <= 64
    assert "has the subtasks of the 30 vertices that took longest; 470 more were left out" in found.readme


# -- the journal -------------------------------------------------------------------------------------------


async def test_what_the_journal_knows_is_in_it(tmp_path: Path) -> None:
    clock = ManualClock()
    cluster = DemoCluster("restart-loop", "2.3.0", clock)
    job, now = cluster.job(LOOP), clock.wall() * 1000.0
    journal = Journal(None, clock, inline=True)
    journal.add(
        [
            Event(
                at=now - 7_200_000,
                last=now - 2_400_000,
                count=40,
                cluster=URL,
                kind=EventKind.FAILURE,
                words="java.io.IOException: the first one",
                key="first",
                job=job,
                severity=Severity.CRITICAL,
                stack="java.io.IOException: the first one\n\tat a.b(C.java)",
            )
        ]
    )
    journal.keep_jobs(
        [KnownJob(cluster=URL, job=job, name=LOOP, state="RUNNING", seen=now, words="restart-loop")]
    )
    found = await made(cluster, LOOP, tmp_path, clock, journal=journal)
    assert "failure critical: java.io.IOException: the first one" in found.text("journal.txt")
    assert found.json("journal.json")["events"][0]["stack"].endswith("at a.b(C.java)")
    assert found.json("journal.json")["job"]["name"] == LOOP
    assert "******" not in found.text("journal.json")
    assert not found.gaps.startswith("journal")


async def test_a_journal_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    class Broken(Journal):
        def read(self, question: object) -> Any:  # noqa: ARG002
            raise OSError("broken")

    journal = Broken(None, ManualClock(), inline=True)
    found = await demo("restart-loop", "2.3.0", LOOP, tmp_path, journal=journal)
    assert "journal: it can't be read: OSError: broken" in found.gaps


async def test_a_job_that_flink_has_forgotten_has_a_bundle_of_what_was_known(tmp_path: Path) -> None:
    clock = ManualClock()
    journal = Journal(None, clock, inline=True)
    gone, now = "f" * 32, clock.wall() * 1000.0
    journal.keep_jobs([KnownJob(cluster=URL, job=gone, name="long gone", state="FAILED", seen=now)])
    cluster = DemoCluster("healthy", "2.3.0", clock)
    found = await made(cluster, "long gone", tmp_path, clock, journal=journal)
    assert found.making.subject.job == gone
    assert {"journal.txt", "jobmanager.log", "configuration.txt"} <= set(found.files)
    assert "verdict: the cluster does not list the job" in found.gaps


async def test_a_cluster_that_is_down_has_a_bundle_of_what_was_known(tmp_path: Path) -> None:
    clock = ManualClock()
    journal = Journal(None, clock, inline=True)
    journal.keep_jobs([KnownJob(cluster=URL, job="a" * 32, name="orders", state="RUNNING", seen=1.0)])
    cluster = FixtureCluster("2.3.0")
    cluster.failure = httpx.ConnectError("refused")
    found = await made(cluster, "aaaa", tmp_path, clock, journal=journal)
    assert set(found.files) >= {"journal.txt", "journal.json", "README.txt"}
    assert "Flink release unknown" in found.readme


def test_every_part_and_its_files_are_known() -> None:
    by_part: dict[Part | None, Callable[[], int] | int] = {}
    for one in FILES:
        by_part[one.part] = 1
    assert set(by_part) == {None, *Part}
