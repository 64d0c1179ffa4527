"""Well-known failures that are produced on a real Flink: what each is made by, what has to be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.live import known_plays as plays
from tests.live.judged_cases import MODERN, NEW, QUICK_HEARTBEAT, RELEASES, V1_9, V1_14, V2_3, Scene


@dataclass(frozen=True)
class Case:
    """A failure, what it is made by, and the values that its message has, each as a pattern."""

    failure: str
    how: str
    play: plays.Play
    values: Mapping[str, str] = field(default_factory=dict)
    releases: tuple[str, ...] = (V2_3,)
    also: frozenset[str] = frozenset()
    """Failures that other exceptions of the same job may be, as they come with it."""


@dataclass(frozen=True)
class Group:
    """Cases that share a cluster, so many of them at once."""

    name: str
    scene: Scene
    cases: tuple[Case, ...]
    at_once: int = 1

    def of(self, release: str) -> tuple[Case, ...]:
        return tuple(case for case in self.cases if release in case.releases)


TASKMANAGER = r"127\.0\.0\.1:\d+-[0-9a-f]{6}|[0-9a-f]{32}"
OPERATOR = "[0-9a-f]{32}"
SIZE = r"\d+"

PROGRAMS = Group(
    "programs and savepoints",
    Scene("programs and savepoints", slots=40),
    (
        Case(
            "class-missing",
            "a class is not in the job's jar",
            plays.without_part,
            {"type": r"FailingJob\$Part"},
            RELEASES,
        ),
        Case(
            "method-missing",
            "a job compiled for 1.14 runs on 2.x",
            plays.failing("method"),
            {"method": r"'int \S+RuntimeContext.getIndexOfThisSubtask\(\)'"},
        ),
        Case(
            "class-version",
            "a jar of a newer Java",
            plays.newer_java,
            {"type": "FailingJob", "version": r"69\.0"},
            MODERN,
        ),
        Case("jar-without-program", "no Main-Class in the jar", plays.without_main, releases=RELEASES),
        Case("jar-without-program", "a file that is no jar", plays.no_jar, {"jar": ".+no.jar"}, RELEASES),
        Case(
            "class-cast-same",
            "an object that an earlier job left",
            plays.left_behind("cast"),
            {"type": r"FailingJob\$Part"},
            RELEASES,
        ),
        Case(
            "class-loader-released",
            "a class loader that an earlier job left",
            plays.left_behind("loader"),
            releases=MODERN,
        ),
        Case(
            "user-class-missing",
            "a job's graph without its jar",
            plays.without_its_jar,
            {"type": r"FailingJob\$\w+"},
            RELEASES,
        ),
        Case(
            "module-closed",
            "reflection on java.util.zip",
            plays.failing("module"),
            {"module": "java.base", "package": r"java\.util\.zip"},
            NEW,
        ),
        Case(
            "not-serializable",
            "a function with a connection in it",
            plays.refused("not-serializable"),
            {"what": r"FailingJob\$Connection@[0-9a-f]+"},
            RELEASES,
        ),
        Case(
            "type-erased",
            "a lambda that returns a Tuple2",
            plays.refused("type-erased"),
            {"function": r"build\(FailingJob.java:\d+\)"},
            RELEASES,
        ),
        Case(
            "generic-types-disabled",
            "pipeline.generic-types: false",
            plays.refused("generic-types"),
            {"type": r"FailingJob\$Parcel"},
            RELEASES,
        ),
        Case(
            "pojo-notice",
            "a class without a default constructor",
            plays.notice_of_pojo,
            {"type": r"FailingJob\$Parcel"},
            RELEASES,
        ),
        Case("job-duplicate", "a jar is run twice with one job id", plays.same_id_again, releases=RELEASES),
        Case(
            "connector-missing",
            "SQL: connector 'kafka'",
            plays.sql(
                "CREATE TEMPORARY TABLE sink (id INT) WITH ('connector' = 'kafka')",
                "INSERT INTO sink VALUES (1)",
            ),
            {"factory": "kafka"},
            MODERN,
        ),
        Case(
            "connector-missing", "SQL: format 'avro'", plays.of_file("avro", ""), {"factory": "avro"}, MODERN
        ),
        Case(
            "record-json",
            "SQL: half a line of JSON",
            plays.of_file("json", '{"id": 1}\n{"id": 2,\n'),
            {"record": r'\{"id": 2,'},
            NEW,
        ),
        Case(
            "record-csv",
            "SQL: a CSV field that is no number",
            plays.of_file("csv", "1,2\nx,3\n"),
            {"field": "id"},
            NEW,
        ),
        Case(
            "record-csv",
            "SQL: a CSV row with a field too many",
            plays.of_file("csv", "1,2\n3,4,5\n"),
            releases=NEW,
        ),
        Case(
            "null-in-not-null",
            "SQL: NULL for a NOT NULL column",
            plays.sql(
                "CREATE TEMPORARY TABLE sink (id INT NOT NULL) WITH ('connector' = 'blackhole')",
                f"CREATE TEMPORARY TABLE orders (id INT) {plays.NUMBERS}",
                "INSERT INTO sink SELECT NULLIF(id, id) FROM orders",
            ),
            {"column": "id"},
            MODERN,
        ),
        Case(
            "rowtime-null",
            "SQL: event time is NULL",
            plays.sql(
                plays.SINK,
                "CREATE TEMPORARY TABLE orders (id INT, happened AS CASE WHEN id > 0 THEN "
                "CAST(NULL AS TIMESTAMP(3)) ELSE LOCALTIMESTAMP END, WATERMARK FOR happened AS happened) "
                f"{plays.NUMBERS}",
                "INSERT INTO sink SELECT id FROM orders",
            ),
            releases=MODERN,
        ),
        Case(
            "managed-memory",
            "SQL: a window with 1.6 MB of managed memory",
            plays.sql(
                "CREATE TEMPORARY TABLE counts (many BIGINT) WITH ('connector' = 'blackhole')",
                "CREATE TEMPORARY TABLE orders (id INT, happened AS LOCALTIMESTAMP, "
                f"WATERMARK FOR happened AS happened) {plays.NUMBERS}",
                "INSERT INTO counts SELECT COUNT(*) FROM TABLE("
                "TUMBLE(TABLE orders, DESCRIPTOR(happened), INTERVAL '1' SECOND)) "
                "GROUP BY window_start, window_end",
            ),
            releases=NEW,
        ),
        Case("timestamps-missing", "an event-time window", plays.failing("window"), releases=RELEASES),
        Case("async-timeout", "a call that is never answered", plays.failing("async"), releases=RELEASES),
        Case("null-key", "a KeySelector that returns null", plays.failing("null-key"), releases=RELEASES),
        Case("no-key", "state is read in initializeState", plays.failing("no-key"), releases=RELEASES),
        Case("not-keyed", "state without keyBy", plays.failing("not-keyed"), {"state": "count"}, NEW),
        Case("not-keyed", "state without keyBy", plays.failing("not-keyed"), releases=(V1_9, V1_14)),
        Case(
            "key-group-wrong",
            "a key without hashCode",
            plays.failing("unstable-key", "parallelism=2"),
            {"group": SIZE, "range": r"KeyGroupRange\{.+\}"},
            MODERN,
        ),
        Case("oom-heap", "an array of 2 GB", plays.failing("heap"), releases=RELEASES),
        Case("oom-array", "an array of 2^31-1 bytes", plays.failing("array"), releases=RELEASES),
        Case("oom-direct", "a direct buffer of 1 GB", plays.failing("direct"), releases=RELEASES),
        Case("disk-full", "a write to /dev/full", plays.failing("disk"), releases=RELEASES),
        Case(
            "file-system-missing",
            "a savepoint to s3://",
            plays.savepoint_to("s3://bucket/savepoints"),
            {"scheme": "s3"},
            MODERN,
        ),
        Case(
            "file-system-missing",
            "a savepoint at s3://",
            plays.restored_from("s3://bucket/savepoint-1"),
            {"scheme": "s3"},
            MODERN,
        ),
        Case(
            "hadoop-missing",
            "a savepoint at s3://",
            plays.restored_from("s3://bucket/savepoint-1"),
            releases=(V1_9,),
        ),
        Case(
            "hadoop-missing",
            "a savepoint at hdfs://",
            plays.restored_from("hdfs://nn/savepoint-1"),
            releases=MODERN,
        ),
        Case(
            "savepoint-path-wrong",
            "a savepoint that is not there",
            plays.restored_from("file:///nowhere/savepoint-1"),
            {"path": "(file:(//)?)?/nowhere/savepoint-1"},
            RELEASES,
        ),
        Case(
            "savepoint-path-wrong",
            "a directory without _metadata",
            plays.restored_from_file("empty", None),
            {"path": "(file:)?/.+/files/empty"},
            RELEASES,
        ),
        Case(
            "savepoint-format-wrong",
            "a _metadata that is text",
            plays.restored_from_file("garbage", b"this is no savepoint at all"),
            releases=RELEASES,
        ),
        Case(
            "savepoint-format-wrong",
            "a _metadata of version 99",
            plays.restored_from_file("later", bytes.fromhex("4960672d00000063") + bytes(50)),
            {"version": "99"},
            RELEASES,
        ),
        Case(
            "state-not-mapped",
            "an operator has another uid",
            plays.restored(plays.LONGS, "type=long", "uid=sums"),
            {"savepoint": "file:/.+/savepoint-.+", "operator": OPERATOR},
            RELEASES,
        ),
        Case(
            "max-parallelism-changed",
            "max parallelism 256 instead of 128",
            plays.restored(plays.LONGS, "type=long", "max=256"),
            {"operator": OPERATOR, "old": "128", "new": "256"},
            RELEASES,
        ),
        Case(
            "parallelism-above-max",
            "parallelism 8, state of max parallelism 4",
            plays.restored(plays.PARTS, "type=part", "parallelism=8"),
            {"task": ".+", "max": "4", "wanted": "8"},
            RELEASES,
        ),
        Case(
            "serializer-incompatible",
            "state of Long read as String",
            plays.restored(plays.LONGS, "type=text"),
            releases=RELEASES,
        ),
        Case(
            "kryo-class",
            "the class of the state is not in the jar",
            plays.restored(plays.PARTS, "type=part", without=True),
            {"type": r"FailingJob\$Part"},
            RELEASES,
        ),
        Case(
            "state-backend-changed",
            "a savepoint of RocksDB restored on the heap",
            plays.other_backend,
            {"expected": ".+", "found": ".+"},
            (V2_3,),
        ),
        Case(
            "savepoint-directory-failed",
            "a savepoint below a file",
            plays.savepoint_to("{file}/below"),
            {"path": "file:/.+/files/file/below.*"},
            MODERN,
        ),
        Case(
            "checkpoint-not-triggered",
            "the same: 1.9 does not say why",
            plays.savepoint_to("{file}/below"),
            releases=(V1_9,),
        ),
        Case(
            "tasks-not-running",
            "a savepoint while a task opens",
            plays.savepoint_while_opening,
            {"task": r"enrich \(1/1\)"},
            MODERN,
        ),
        Case(
            "stop-not-finished",
            "close() throws while the job stops",
            plays.fails_while_stopping,
            {"savepoint": "file:/.+/savepoint-.+"},
            NEW,
        ),
        Case(
            "checkpoint-declined",
            "snapshotState throws",
            plays.failing("snapshot", "checkpoint=1000"),
            releases=MODERN,
        ),
        Case(
            "checkpoint-expired",
            "15 s to write, 2 s of time",
            plays.expired,
            {"checkpoint": "1"},
            RELEASES,
        ),
        Case(
            "checkpoint-task-failed",
            "state cannot be written",
            plays.in_log(plays.ORDERS, "enrich | map decline=1"),
            releases=MODERN,
        ),
        Case("checkpoints-too-many-failed", "none is tolerated", plays.not_tolerated, releases=MODERN),
        Case(
            "checkpoints-too-many-failed",
            "none is tolerated, and snapshotState throws",
            plays.failing("snapshot", "checkpoint=1000"),
            releases=(V1_9,),
        ),
        Case(
            "state-too-large-for-memory",
            "20 MB in the JobManager's memory",
            plays.state_in_memory,
            {"size": SIZE, "limit": "5242880"},
            NEW,
        ),
    ),
    at_once=6,
)

FEW = {
    "slot.request.timeout": "10000",
    "taskmanager.memory.network.min": "4300k",
    "taskmanager.memory.network.max": "4300k",
    "taskmanager.network.memory.min": "4300k",  # up to 1.9
    "taskmanager.network.memory.max": "4300k",
    "akka.framesize": "200000b",  # up to 1.17
    "pekko.framesize": "200000b",
}

RESOURCES = Group(
    "few resources",
    Scene("few resources", slots=4, settings=FEW),
    (
        Case(
            "blob-missing",
            "the JobManager's copy of the jar is deleted",
            plays.deleted_blob,
            {"blob": ".+"},
            RELEASES,
        ),
        Case(
            "network-buffers",
            "16 shuffles with 134 buffers",
            plays.failing("shuffle", "stages=16", "parallelism=4"),
            {"required": SIZE, "there": SIZE},
            RELEASES,
        ),
        Case(
            "slots-missing",
            "9 slots wanted, 4 there",
            plays.failing("shuffle", "parallelism=9"),
            releases=MODERN,
        ),
        Case(
            "slots-missing",
            "9 slots wanted, 4 there",
            plays.failing("shuffle", "parallelism=9"),
            {"required": "10", "there": SIZE},
            (V1_9,),
        ),
        Case(
            "rpc-too-large",
            "a function of 400 kB, frames of 200 kB",
            plays.oversized,
            {"bytes": SIZE, "limit": "200000"},
            NEW,
        ),
        Case(
            "rpc-too-large",
            "a function of 400 kB, frames of 200 kB",
            plays.failing(*plays.BALLAST),
            {"bytes": SIZE},
            (V1_14,),
        ),
        Case(
            "rpc-too-large",
            "a function of 400 kB, frames of 200 kB",
            plays.failing(*plays.BALLAST),
            releases=(V1_9,),
        ),
        Case(
            "rpc-timeout",
            "the same: the message is dropped",
            plays.not_answered,
            {"recipient": r"pekko\.tcp://.+/user/rpc/taskmanager_\d+"},
            NEW,
        ),
        Case(
            "port-in-use",
            "two JobManagers at one address",
            plays.port_taken,
            {"ports": SIZE},
            RELEASES,
        ),
        Case("memory-configuration", "process.size below its parts", plays.refused("sizes"), releases=MODERN),
        Case(
            "savepoint-directory-missing",
            "no directory is given or configured",
            plays.no_directory,
            {"key": r"\S+"},
            MODERN,
        ),
    ),
)

LOST = Group(
    "lost processes",
    Scene(
        "lost processes",
        slots=1,
        others=((),),
        settings={**QUICK_HEARTBEAT, "web.timeout": "4000"},
    ),
    (
        Case(
            "connection-closed",
            "the source's TaskManager is killed",
            plays.sender_killed,
            {"taskmanager": ".+"},
            RELEASES,
            also=frozenset({"taskmanager-unreachable", "heartbeat-taskmanager"}),
        ),
        Case(
            "taskmanager-unreachable",
            "kill -9",
            plays.killed,
            {"taskmanager": TASKMANAGER},
            MODERN,
        ),
        Case(
            "heartbeat-taskmanager",
            "the TaskManager sleeps",
            plays.asleep,
            {"taskmanager": TASKMANAGER},
            RELEASES,
        ),
        Case("taskmanager-shut-down", "SIGTERM", plays.shut_down, releases=NEW),
        Case(
            "heartbeat-jobmanager",
            "the JobManager sleeps",
            plays.jobmanager_asleep,
            {"jobmanager": "[0-9a-f]{32}"},
            RELEASES,
        ),
    ),
)

MEMORY = Group(
    "memory and hanging tasks",
    Scene(
        "memory and hanging tasks",
        slots=4,
        options=("-XX:MaxMetaspaceSize=100m",),
        settings={"task.cancellation.timeout": "3000"},
    ),
    (
        Case(
            "too-many-open-files",
            "a job opens files",
            plays.too_many_files,
            {"path": "/dev/null"},
        ),
        Case("oom-metaspace", "a job loads classes", plays.failing("metaspace")),
        Case(
            "task-stuck-in-cancel",
            "a task ignores interrupts",
            plays.stuck,
            {"seconds": "3"},
        ),
    ),
)

GROUPS = (PROGRAMS, RESOURCES, LOST, MEMORY)
