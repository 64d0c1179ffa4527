"""What each recorded job was made to do, and what the judgement has to say of it: labels.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LABELS = Path(__file__).with_name("labels.toml")

FINDINGS_OF_CLUSTERS = (
    "cluster-lost",
    "job-lost",
    "job-missing",
    "memory",
    "network-buffers",
    "taskmanager-flapping",
    "taskmanager-lost",
)
"""Those that no listed job has."""


@dataclass(frozen=True, slots=True)
class Label:
    """One verdict on one recording; a recording may have several.

    A recording without a label of a kind of the cluster's expects no finding of the cluster.
    """

    case: str
    release: str
    made: str
    """What the job was made to do, in a sentence; where a release lacks figures, what follows from it."""
    kind: str
    """A kind of finding, or what a job without one is called: healthy, idle, starting, canceling, …"""
    at: float
    """Seconds since the recording began from when on it must hold: its hold counts from the first look whose
    figures show it."""
    until: float | None
    """Seconds since the recording began up to which it must hold, where it ends."""
    severity: str | None
    """Only where the making decides it."""
    vertex: str | None
    """How the name of the culprit begins."""
    subtasks: tuple[int, ...] | None
    """The culprit's subtasks, only where they were made so."""
    taskmanager: bool
    """Whether the culprit is a TaskManager."""
    like: tuple[str, ...]
    """Kinds that it might be mistaken for."""
    state: str | None
    """Which job is meant, by its state at the end, where the recording has two."""
    expect: tuple[str, ...]
    """Names or patterns of jobs that the config file says should run."""

    @property
    def file(self) -> str:
        """The name of the recording."""
        return f"{self.release}-{self.case}.jsonl"

    @property
    def of_cluster(self) -> bool:
        """Whether the finding is none of a listed job."""
        return self.kind in FINDINGS_OF_CLUSTERS


def labels() -> tuple[Label, ...]:
    """All labels; an entry of the file for several releases is as many."""
    with LABELS.open("rb") as file:
        entries = tomllib.load(file)["label"]
    return tuple(_label(entry, release) for entry in entries for release in entry["releases"])


def _label(entry: dict[str, Any], release: str) -> Label:
    unknown = entry.keys() - {*Label.__dataclass_fields__, "releases"}
    if unknown:
        raise ValueError(f"{entry['case']}: unknown {', '.join(sorted(unknown))}")
    subtasks = entry.get("subtasks")
    return Label(
        case=entry["case"],
        release=release,
        made=entry["made"],
        kind=entry["kind"],
        at=entry["at"],
        until=entry.get("until"),
        severity=entry.get("severity"),
        vertex=entry.get("vertex"),
        subtasks=None if subtasks is None else tuple(subtasks),
        like=tuple(entry.get("like", ())),
        taskmanager=entry.get("taskmanager", False),
        state=entry.get("state"),
        expect=tuple(entry.get("expect", ())),
    )
