"""How well-known failures are made on a real Flink: by jobs, savepoints, and processes that are lost."""

from __future__ import annotations

import contextlib
import resource
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flinktop.flink import checkpoints
from flinktop.flink.errors import FlinkError
from flinktop.local import processes
from tests.live.known_reading import Reader, Told, log_told
from tests.live.known_stage import KnownStage
from tests.live.submission import wait_for

Play = Callable[[KnownStage], Told]
"""Makes a failure; what Flink told of it."""


def failing(*words: str, **options: Any) -> Play:
    """A job of this kind that runs, and fails."""
    return lambda stage: stage.reader.failed(stage.fails(*words, **options))


def in_vain(*words: str, **options: Any) -> Play:
    """A job that is refused by some releases and fails in others."""
    return lambda stage: stage.in_vain(*words, **options)


def refused(*words: str, **options: Any) -> Play:
    """A job whose program fails before there is a job."""
    return lambda stage: stage.refused(*words, **options)


def left_behind(kind: str) -> Play:
    """A job that uses what an earlier one has left in the TaskManager."""

    def play(stage: KnownStage) -> Told:
        first = stage.fails("leave", f"as={kind}")
        stage.ended(first)
        time.sleep(1)  # Flink releases the class loader a little later.
        return stage.reader.failed(stage.fails(kind, f"as={kind}"))

    return play


def without_part(stage: KnownStage) -> Told:
    return stage.reader.failed(stage.fails("class", jar=stage.jar_without_part()))


def newer_java(stage: KnownStage) -> Told:
    return stage.refused("shuffle", jar=stage.jar_of_newer_java())


def without_main(stage: KnownStage) -> Told:
    return stage.refused("shuffle", jar=stage.jar_without_main())


def no_jar(stage: KnownStage) -> Told:
    return stage.refused("shuffle", jar=stage.no_jar())


def without_its_jar(stage: KnownStage) -> Told:
    """A job's graph is sent without the jar of its classes."""
    graph = stage.files / "graph"
    # No job comes of it: most releases call that an error.
    with contextlib.suppress(AssertionError):
        stage.refused("disk", f"graph={graph}")
    wait_for("the graph", graph.exists)
    return stage.reader.failed(stage.reader.submit(graph))


def notice_of_pojo(stage: KnownStage) -> Told:
    job = stage.fails("no-pojo")
    told = stage.reader.jobmanager_log("TypeExtractor", "FailingJob$Parcel")
    stage.cancel(job)
    return told


def same_id_again(stage: KnownStage) -> Told:
    first = stage.fails("shuffle")
    stage.runs(first)
    told = stage.refused("shuffle", job_id=first)
    stage.cancel(first)
    return told


SINK = "CREATE TEMPORARY TABLE sink (id INT) WITH ('connector' = 'blackhole')"
NUMBERS = "WITH ('connector' = 'datagen', 'rows-per-second' = '5', 'fields.id.min' = '1')"


def sql(*statements: str, batch: bool = False) -> Play:
    return in_vain("sql", *(("batch",) if batch else ()), *statements)


def of_file(form: str, text: str) -> Play:
    """A query of a file in some format."""

    def play(stage: KnownStage) -> Told:
        file = stage.files / f"orders-{len(text)}.{form}"
        file.write_text(text, encoding="utf-8")
        orders = (
            f"CREATE TEMPORARY TABLE orders (id INT, amount INT) "
            f"WITH ('connector' = 'filesystem', 'path' = '{file.as_uri()}', 'format' = '{form}')"
        )
        return stage.in_vain("sql", SINK, orders, "INSERT INTO sink SELECT id FROM orders")

    return play


# -- savepoints and checkpoints -----------------------------------------------------------------------------

LONGS = ("type=long", "max=128", "parallelism=2")
PARTS = ("type=part", "max=4")


def restored(of: tuple[str, ...], *words: str, without: bool = False, **options: Any) -> Play:
    """A job that begins with the savepoint of another one."""

    def play(stage: KnownStage) -> Told:
        savepoint = stage.savepoint(*of)
        jar = stage.jar_without_part() if without else None
        return stage.in_vain("state", *words, jar=jar, savepoint=savepoint, **options)

    return play


def restored_from(path: str) -> Play:
    """A job that begins with a savepoint that is not there."""
    return in_vain("state", "type=long", savepoint=path)


def restored_from_file(name: str, content: bytes | None) -> Play:
    """A job that begins with a savepoint whose _metadata is something else, or missing."""

    def play(stage: KnownStage) -> Told:
        directory = stage.files / name
        directory.mkdir()
        if content is not None:
            (directory / "_metadata").write_bytes(content)
        return stage.in_vain("state", "type=long", savepoint=directory.as_uri())

    return play


def other_backend(stage: KnownStage) -> Told:
    """State that RocksDB wrote, restored on the heap."""
    rocksdb = {"state.backend.type": "rocksdb", "execution.checkpointing.incremental": "true"}
    path = stage.savepoint("type=long", form="NATIVE", configuration=rocksdb)
    return stage.in_vain("state", "type=long", savepoint=path)


def savepoint_to(path: str) -> Play:
    """A savepoint where none can be; `{file}` is a file, which no directory can be below."""

    def play(stage: KnownStage) -> Told:
        job = str(stage.once("steady", lambda: stage.fails("shuffle")))
        stage.runs(job)
        file = stage.files / "file"
        file.write_text("no directory", encoding="utf-8")
        return stage.reader.savepoint_failed(job, path.format(file=file.as_uri()))

    return play


def savepoint_while_opening(stage: KnownStage) -> Told:
    job = stage.judged("--checkpoint", "0", ORDERS, "enrich | map open=60")
    wait_for("one task runs", lambda: _runs_in_part(stage, job))
    told = stage.reader.savepoint_failed(job)
    stage.cluster.send("PATCH", f"jobs/{job}?mode=cancel")
    return told


def _runs_in_part(stage: KnownStage, job: str) -> bool:
    answer = stage.cluster.ask("GET", f"jobs/{job}")
    states = {one["status"] for one in answer.json()["vertices"]} if answer.status == 200 else set()
    return states == {"RUNNING", "INITIALIZING"}


def fails_while_stopping(stage: KnownStage) -> Told:
    job = stage.fails("close")
    stage.runs(job)
    return stage.reader.savepoint_failed(job, stop=True)


ORDERS = "orders | source rate=20"
OFTEN = ("--checkpoint", "1000")
TOLERANT = ("--tolerate", "1000")


def in_log(*words: str) -> Play:
    """A job whose checkpoints fail without ending it: the JobManager's log says why."""

    def play(stage: KnownStage) -> Told:
        job = stage.judged(*OFTEN, *TOLERANT, *words)
        about = (f"checkpoint 1 for job {job}", "CheckpointException")
        wait_for("a failed checkpoint", lambda: bool(stage.reader.jobmanager_log(*about).texts))
        stage.cancel(job)
        return stage.reader.jobmanager_log(*about)

    return play


def expired(stage: KnownStage) -> Told:
    job = stage.judged(*OFTEN, *TOLERANT, "--timeout", "2000", ORDERS, "enrich | map write=15")
    about = f"Checkpoint 1 of job {job} expired"
    wait_for("a failed checkpoint", lambda: bool(stage.reader.jobmanager_log(about).texts))
    stage.cancel(job)
    return stage.reader.jobmanager_log(about)


def not_tolerated(stage: KnownStage) -> Told:
    words = ("--timeout", "2000", "--tolerate", "0", ORDERS, "enrich | map write=15")
    return stage.reader.failed(stage.judged(*OFTEN, *words))


def state_in_memory(stage: KnownStage) -> Told:
    """A checkpoint of 20 MB in the JobManager's memory."""
    words = ("type=text", "size=2000000", "checkpoint=1000", "tolerate=1000")
    job = stage.fails("state", *words, configuration={"execution.checkpointing.storage": "jobmanager"})
    about = (f"for job {job}", "Failed to trigger or complete")
    wait_for("a failed checkpoint", lambda: bool(stage.reader.jobmanager_log(*about).texts))
    stage.cancel(job)
    return stage.reader.jobmanager_log(*about)


# -- few resources ------------------------------------------------------------------------------------------


def deleted_blob(stage: KnownStage) -> Told:
    """The JobManager's copy of a jar is gone when a TaskManager wants it, as where something cleans /tmp."""
    holder = stage.fails("shuffle", "parallelism=4")
    stage.runs(holder)
    job = stage.fails("shuffle")
    for path in (stage.cluster.directory / "tmp").glob(f"**/job_{job}"):
        shutil.rmtree(path)
    stage.cancel(holder)
    return stage.reader.failed(job)


BALLAST = ("ballast", "ballast=400000")


def oversized(stage: KnownStage) -> Told:
    """A function with more data in it than the processes' messages may have."""
    _oversized(stage)
    return stage.reader.jobmanager_log("OversizedPayloadException")


def not_answered(stage: KnownStage) -> Told:
    """What the job says of the same: its TaskManager never got the message."""
    return stage.reader.faults(_oversized(stage))


def _oversized(stage: KnownStage) -> str:
    job = str(stage.once("oversized", lambda: stage.fails(*BALLAST)))
    stage.ended(job)
    return job


def port_taken(stage: KnownStage) -> Told:
    """A second JobManager at the address of the first."""
    port = int(stage.cluster.url.rpartition(":")[2])
    conf = stage.configuration("second", port, **{"rest.bind-port": str(port)})
    log = conf.parent / "jobmanager.log"
    process = processes.start(processes.jobmanager_command(stage.cluster.home, conf, log), log=log)
    try:
        process.wait(60)
    finally:
        processes.stop([process])
    return log_told(log.read_text("utf-8"))


def no_directory(stage: KnownStage) -> Told:
    """A savepoint without a directory, of a JobManager that has no default."""
    with stage.lone_jobmanager("savepoint") as url:
        reader = Reader(url, stage.cluster.release)
        return reader.refused(
            lambda http: checkpoints.trigger_savepoint(http, reader.features, "0" * 32),
        )


# -- lost processes -----------------------------------------------------------------------------------------


def _lone(stage: KnownStage) -> tuple[str, str]:
    """A job of one task chain, and the TaskManager that it is on."""
    wait_for("a TaskManager", lambda: int(stage.cluster.get("overview")["slots-available"]) > 0)
    job = stage.fails("shuffle", "stages=0")
    stage.runs(job)
    return job, stage.taskmanager_of(job, "")


def sender_killed(stage: KnownStage) -> Told:
    """The TaskManager of a source is killed, so that the task behind it loses its connection."""
    job = stage.fails("shuffle", "parallelism=2")
    stage.runs(job)
    stage.stage.taskmanagers[stage.taskmanager_of(job, "numbers")].kill()
    told = stage.reader.failed(job)
    stage.ended(job)
    stage.stage.add_taskmanager()
    return told


def killed(stage: KnownStage) -> Told:
    job, taskmanager = _lone(stage)
    stage.stage.taskmanagers[taskmanager].kill()
    told = stage.reader.failed(job)
    stage.stage.add_taskmanager()
    return told


def shut_down(stage: KnownStage) -> Told:
    job, taskmanager = _lone(stage)
    processes.stop([stage.stage.taskmanagers[taskmanager]], grace=15)
    told = stage.reader.failed(job)
    stage.stage.add_taskmanager()
    return told


def asleep(stage: KnownStage) -> Told:
    """A TaskManager that does not answer for longer than the heartbeat's timeout."""
    job, taskmanager = _lone(stage)
    with _stopped(stage.stage.taskmanagers[taskmanager]):
        return stage.reader.failed(job)


@contextlib.contextmanager
def _stopped(process: processes.Process) -> Iterator[None]:
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def jobmanager_asleep(stage: KnownStage) -> Told:
    """What a TaskManager logs of a JobManager that does not answer."""
    _, taskmanager = _lone(stage)
    with _stopped(stage.stage.jobmanager):
        time.sleep(13)
    found: list[Told] = []

    def told() -> bool:
        with contextlib.suppress(FlinkError):  # until it has registered again
            found.append(stage.reader.taskmanager_log(taskmanager, "heartbeat of JobManager"))
        return bool(found and found[-1].texts)

    wait_for("the TaskManager's log", told)
    return found[-1]


# -- memory, files, tasks that hang -------------------------------------------------------------------------


def too_many_files(stage: KnownStage) -> Told:
    """A job that opens files in a TaskManager that may open fifty more."""
    pid = stage.cluster.taskmanager.pid
    opened = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (opened + 50, before[1]))
    try:
        return stage.reader.failed(stage.fails("files"))
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def stuck(stage: KnownStage) -> Told:
    """A task that ignores interrupts is canceled: it takes its TaskManager with it."""
    job = stage.fails("stubborn")
    stage.runs(job)
    stage.cluster.send("PATCH", f"jobs/{job}?mode=cancel")
    process = stage.cluster.taskmanager
    process.wait(60)
    return log_told(process.log.read_text("utf-8"), "did not exit gracefully")
