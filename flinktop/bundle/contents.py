"""What a bundle consists of: its parts, their files, and how much of the whole each file may take."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

MOST_BYTES: Final = 20 * 1024 * 1024
"""Bytes that a bundle may take, before it is compressed."""
MOST_OF_A_LOG: Final = 2 * 1024 * 1024
"""Bytes of a log that are kept, however large the bundle may become."""
DIRECTORY: Final = "flinktop-bundle"
"""The directory in the zip file that all files are in."""


class Part(StrEnum):
    """A part of a bundle, in the order in which progress shows them; the values are what a person reads."""

    VERDICT = "verdict"
    JOB = "job and cluster"
    EXCEPTIONS = "exceptions"
    CHECKPOINTS = "checkpoints"
    CULPRIT = "culprit"
    THREADS = "thread dump"
    FLAME_GRAPH = "flame graph"
    TASKMANAGER_LOG = "TaskManager log"
    JOBMANAGER_LOG = "JobManager log"
    CONFIGURATION = "configuration"
    JOURNAL = "journal"


class FileKind(Struct, frozen=True):
    """A file that a bundle may have."""

    name: str
    part: Part | None  # None: README.txt
    share: float  # of the bundle's size, 0 to 1
    words: str  # what it is


README: Final = FileKind(
    "README.txt", None, 0.01, "This text: what each file is, and what could not be included."
)
VERDICT_TEXT: Final = FileKind(
    "verdict.txt", Part.VERDICT, 0.02, "What is wrong with the job, with evidence and what to look at next."
)
VERDICT_JSON: Final = FileKind(
    "verdict.json", Part.VERDICT, 0.03, "The same as `flinktop status --json` prints it."
)
JOB_JSON: Final = FileKind(
    "job.json", Part.JOB, 0.06, "The job as Flink describes it: states, vertices, plan."
)
CLUSTER_JSON: Final = FileKind(
    "cluster.json", Part.JOB, 0.03, "The cluster as Flink describes it: release, slots, TaskManagers."
)
EXCEPTIONS_TEXT: Final = FileKind(
    "exceptions.txt", Part.EXCEPTIONS, 0.08, "Why the job failed: root causes, what they mean, stacks."
)
EXCEPTIONS_JSON: Final = FileKind(
    "exceptions.json", Part.EXCEPTIONS, 0.09, "The exception history as Flink gave it."
)
CHECKPOINTS_TEXT: Final = FileKind(
    "checkpoints.txt",
    Part.CHECKPOINTS,
    0.05,
    "The last checkpoints; the newest completed and the newest failed one by vertex and subtask.",
)
CHECKPOINTS_JSON: Final = FileKind(
    "checkpoints.json", Part.CHECKPOINTS, 0.03, "History and configuration of checkpoints as Flink gave them."
)
COMPLETED_JSON: Final = FileKind(
    "checkpoint-completed.json", Part.CHECKPOINTS, 0.06, "The newest completed checkpoint, with its subtasks."
)
FAILED_JSON: Final = FileKind(
    "checkpoint-failed.json", Part.CHECKPOINTS, 0.06, "The newest failed checkpoint, with its subtasks."
)
CULPRIT_JSON: Final = FileKind(
    "culprit.json", Part.CULPRIT, 0.04, "The vertex that the verdict leads to, with its subtasks."
)
THREADS_TEXT: Final = FileKind(
    "threads.txt", Part.THREADS, 0.05, "The threads of the process that the verdict leads to, with stacks."
)
THREADS_JSON: Final = FileKind("threads.json", Part.THREADS, 0.05, "The thread dump as Flink gave it.")
FLAME_TEXT: Final = FileKind(
    "flamegraph.txt", Part.FLAME_GRAPH, 0.02, "Where the threads of that vertex spend their time, as a tree."
)
FLAME_JSON: Final = FileKind(
    "flamegraph.json", Part.FLAME_GRAPH, 0.03, "The flame graph of that vertex as Flink gave it."
)
TASKMANAGER_LOG: Final = FileKind(
    "taskmanager.log", Part.TASKMANAGER_LOG, 0.10, "A TaskManager's log around the first failure."
)
JOBMANAGER_LOG: Final = FileKind(
    "jobmanager.log", Part.JOBMANAGER_LOG, 0.10, "The JobManager's log around the first failure."
)
CONFIGURATION_TEXT: Final = FileKind(
    "configuration.txt",
    Part.CONFIGURATION,
    0.015,
    "Configuration of job and cluster, arguments of the JobManager's JVM.",
)
CONFIGURATION_JSON: Final = FileKind(
    "configuration.json", Part.CONFIGURATION, 0.025, "The same as Flink gave it, with the class path."
)
JOURNAL_TEXT: Final = FileKind(
    "journal.txt", Part.JOURNAL, 0.02, "What flinktop has seen happen to the job, newest first."
)
JOURNAL_JSON: Final = FileKind("journal.json", Part.JOURNAL, 0.02, "The same with all fields, and stacks.")

FILES: Final = (
    README,
    VERDICT_TEXT,
    VERDICT_JSON,
    EXCEPTIONS_TEXT,
    EXCEPTIONS_JSON,
    CHECKPOINTS_TEXT,
    CHECKPOINTS_JSON,
    COMPLETED_JSON,
    FAILED_JSON,
    JOB_JSON,
    CULPRIT_JSON,
    CLUSTER_JSON,
    THREADS_TEXT,
    THREADS_JSON,
    FLAME_TEXT,
    FLAME_JSON,
    TASKMANAGER_LOG,
    JOBMANAGER_LOG,
    CONFIGURATION_TEXT,
    CONFIGURATION_JSON,
    JOURNAL_TEXT,
    JOURNAL_JSON,
)
"""All files, in their order in the zip file."""


class File(Struct, frozen=True):
    """A file of a bundle, without secrets and within its share."""

    kind: FileKind
    body: bytes


class Gap(Struct, frozen=True):
    """Something that could not be included, and why: a sentence, or the end of one."""

    what: str
    why: str


class Made(Struct, frozen=True, kw_only=True):
    """What became of a part."""

    files: tuple[File, ...] = ()
    gaps: tuple[Gap, ...] = ()
    notes: tuple[str, ...] = ()  # sentences about what is in its files

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(len(one.body) for one in self.files)
