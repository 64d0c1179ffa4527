"""Which file of a log directory is a process's own, and when the list of files is not to be believed."""

from __future__ import annotations

import pytest

from flinktop.flink.logs import LogFile
from flinktop.model import loglines

ONE_DIRECTORY = [
    LogFile("flink-root-standalonesession-0-host.log", 13_000_000, 30),
    LogFile("flink-root-standalonesession-0-host.out", 0, 1),
    LogFile("flink-root-taskexecutor-0-host.log.1", 900, 40),
    LogFile("flink-root-taskexecutor-0-host.log", 21_800_000, 40),
    LogFile("flink-root-client-host.log", 7, 50),
]
TWO_TASKMANAGERS = [*ONE_DIRECTORY, LogFile("flink-root-taskexecutor-1-host.log", 5, 60)]


def names(files: list[LogFile], *, taskmanager: bool, stdout: bool = False) -> list[str]:
    """The names of the files that may be the process's own."""
    return [file.name for file in loglines.own_files(files, taskmanager=taskmanager, stdout=stdout)]


def test_in_a_shared_directory_the_name_identifies_a_log() -> None:
    assert names(ONE_DIRECTORY, taskmanager=False) == ["flink-root-standalonesession-0-host.log"]
    assert names(ONE_DIRECTORY, taskmanager=True) == ["flink-root-taskexecutor-0-host.log"]
    assert names(ONE_DIRECTORY, taskmanager=False, stdout=True) == ["flink-root-standalonesession-0-host.out"]
    assert names(ONE_DIRECTORY, taskmanager=True, stdout=True) == []


def test_the_logs_of_two_taskmanagers_are_indistinguishable() -> None:
    assert len(names(TWO_TASKMANAGERS, taskmanager=True)) == 2
    assert len(names(TWO_TASKMANAGERS, taskmanager=False)) == 1


def test_a_neutral_name_is_the_processs_own_log() -> None:
    files = [LogFile("out.log", 5), LogFile("flink-taskmanager.log", 7)]
    assert names(files, taskmanager=False) == ["out.log"]
    assert names(files[:1], taskmanager=True) == ["out.log"]


@pytest.mark.parametrize(
    ("before", "read", "after", "refuted"),
    [
        (100, 100, 100, False),
        (100, 120, 150, False),
        (None, 100, None, False),
        (None, 100, 120, False),
        # 13 MB are said of a log of 21.8 MB, or the other way round.
        (13, 21, 13, True),
        (21, 13, 21, True),
        (None, 21, 13, True),
    ],
)
def test_a_log_only_grows(before: int | None, read: int, after: int | None, refuted: bool) -> None:  # noqa: FBT001 -- a row of the table
    assert loglines.is_refuted(before=before, read=read, after=after) is refuted
