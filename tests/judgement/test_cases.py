"""The recordings are there, small, from all releases, and each has a label that fits it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.judgement.labels import Label, labels
from tests.judgement.recording import CASES, Recording, load

MOST_BYTES = 300_000
LABELS = labels()
RELEASES = {"1.9.3", "1.14.6", "1.20.5", "2.3.0"}
ILL = {
    "failed",
    "restart-loop",
    "restarting",
    "no-slots",
    "slow-start",
    "checkpoints-failing",
    "checkpoint-overdue",
    "checkpoint-slow",
    "checkpoints-off",
    "stalled",
    "bottleneck",
    "skew",
    "source-lag",
    "catching-up",
    "watermark-stuck",
    "late-records",
    "record-errors",
    "state-growing",
    "memory",
    "taskmanager-lost",
    "taskmanager-flapping",
    "network-buffers",
    "cluster-lost",
    "job-lost",
    "job-missing",
    "no-data",
    "under-scaled",
}
"""The kinds that REST can show."""
WELL = {"healthy", "idle", "starting", "canceling", "finished", "canceled"}


def vertices(recording: Recording) -> Iterator[dict[str, Any]]:
    for answer in recording.answers:
        if answer.target.startswith("jobs/") and answer.target.count("/") == 1 and answer.status == 200:
            yield from json.loads(answer.text).get("vertices", ())


def test_there_are_many_of_every_release() -> None:
    files = [path.name for path in CASES.glob("*.jsonl")]
    assert len(files) >= 60
    for release in RELEASES:
        assert sum(name.startswith(f"{release}-") for name in files) >= 15, release


def test_every_recording_is_labelled_and_every_label_has_one() -> None:
    assert {path.name for path in CASES.glob("*.jsonl")} == {label.file for label in LABELS}


def test_no_recording_is_large() -> None:
    sizes = {path.name: path.stat().st_size for path in CASES.glob("*.jsonl")}
    assert not {name: size for name, size in sizes.items() if size > MOST_BYTES}


def test_every_kind_has_a_job_that_is_so_and_one_that_only_looks_so() -> None:
    assert {label.kind for label in LABELS} - WELL == ILL
    assert {like for label in LABELS for like in label.like} == ILL
    assert not [label.file for label in LABELS if label.kind in label.like]


@pytest.mark.parametrize("file", sorted({label.file for label in LABELS}))
def test_the_labels_of_a_recording_fit_it(file: str) -> None:
    recording = load(CASES / file)
    assert file == f"{recording.release}-{recording.case}.jsonl"
    found = list(vertices(recording))
    for label in LABELS:
        if label.file == file:
            check(label, recording, found)


def check(label: Label, recording: Recording, found: list[dict[str, Any]]) -> None:
    assert recording.looks[0] <= label.at <= recording.looks[-1]
    assert label.until is None or label.at < label.until
    named = [vertex for vertex in found if label.vertex and vertex["name"].startswith(label.vertex)]
    assert label.vertex is None or named
    assert all(subtask < vertex["parallelism"] for vertex in named for subtask in label.subtasks or ())
