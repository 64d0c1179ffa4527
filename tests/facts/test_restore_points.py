"""What a job can be started from, by what Flink tells of its checkpoints."""

import pytest

from flinktop.facts.restore import RestorePoint, newest_first, of_job
from flinktop.flink.checkpoints import (
    Checkpoint,
    CheckpointConfig,
    CheckpointStats,
    Externalization,
    LatestCheckpoints,
)


def completed(
    path: str | None, at: int = 1000, *, savepoint: bool = False, discarded: bool = False
) -> Checkpoint:
    return Checkpoint(
        status="COMPLETED",
        is_savepoint=savepoint,
        trigger_timestamp=at,
        external_path=path,
        discarded=discarded,
    )


LAST = completed("file:/chk-7")


@pytest.mark.parametrize(
    ("state", "kept", "left"),
    [
        ("FAILED", "unless cancelled", ["file:/chk-7"]),
        ("FAILED", "always", ["file:/chk-7"]),
        ("FAILED", "never", []),
        ("CANCELED", "unless cancelled", []),
        ("CANCELED", "always", ["file:/chk-7"]),
        ("FINISHED", "always", []),
        ("RUNNING", "always", []),
    ],
)
def test_the_last_checkpoint_is_a_restore_point_if_retained(state: str, kept: str, left: list[str]) -> None:
    config = CheckpointConfig(
        externalization=Externalization(
            enabled=kept != "never", delete_on_cancellation=kept == "unless cancelled"
        )
    )
    stats = CheckpointStats(
        latest=LatestCheckpoints(completed=LAST), history=(LAST, completed("file:/chk-6"))
    )
    found = of_job("a", "orders", state, stats, config)
    assert found == [RestorePoint(path, "a", "orders", savepoint=False, made=1.0) for path in left]


def test_savepoints_are_restore_points_unless_unusable() -> None:
    history = (
        completed("file:/s1", savepoint=True),
        completed("file:/s2", savepoint=True, discarded=True),
        completed("<checkpoint-not-externally-addressable>", savepoint=True),
        completed(None, savepoint=True),
        Checkpoint(status="FAILED", is_savepoint=True, external_path="file:/s3"),
    )
    stats = CheckpointStats(latest=LatestCheckpoints(savepoint=history[0]), history=history)
    assert {point.path for point in of_job("a", "orders", "RUNNING", stats, None)} == {"file:/s1"}


def test_each_path_is_listed_once_under_its_job() -> None:
    typed = RestorePoint("file:/s1", "", "orders", made=9)
    known = RestorePoint("file:/s1", "a", "orders", made=8)
    old, gone = RestorePoint("file:/s0", "a", made=1), RestorePoint("file:/s2", "a", made=7)
    assert newest_first([typed, old, gone, known], ["file:/s2"]) == (known, old)


def test_what_another_cluster_has_comes_last() -> None:
    other, here = RestorePoint("file:/s1", "a", made=9, cluster="prod"), RestorePoint("file:/s0", "b", made=1)
    assert newest_first([other, here]) == (here, other)
