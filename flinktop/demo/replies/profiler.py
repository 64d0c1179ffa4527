"""The profiler (1.19+): one run on each process, some time ago."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flinktop.demo.replies.answer import NOT_FOUND, Asked, Refusal
from flinktop.demo.replies.taskmanagers import machine_of

if TYPE_CHECKING:
    from flinktop.demo.world import Moment

AGO = 2.2 * 3600.0
"""Seconds before the demo opened that it ran."""
SECONDS = 30


def file_of(moment: Moment, whose: str) -> str:
    """The name of the result of a process's run."""
    at = datetime.fromtimestamp(moment.stamp(SECONDS - AGO) / 1000, UTC)
    return f"{whose}_CPU_{at:%Y-%m-%d_%H_%M_%S}.html"


def _runs(moment: Moment, whose: str) -> dict[str, Any]:
    run = {
        "status": "FINISHED",
        "mode": "CPU",
        "triggerTime": moment.stamp(-AGO),
        "finishedTime": moment.stamp(SECONDS - AGO),
        "duration": SECONDS,
        "message": "Profiling Successful",
        "outputFile": file_of(moment, whose),
        "profilingMode": "CPU",
    }
    return {"profilingList": [run]}


def _result(moment: Moment, whose: str, asked: Asked) -> str:
    if asked.ids["file"] != file_of(moment, whose):
        raise Refusal(NOT_FOUND, f"File does not exist: {asked.ids['file']}")
    return f"<!DOCTYPE html>\n<html><head><title>Flame graph of {whose}</title></head><body></body></html>\n"


def jobmanager_runs(moment: Moment, _asked: Asked) -> dict[str, Any]:
    """/jobmanager/profiler."""
    return _runs(moment, "JobManager")


def jobmanager_result(moment: Moment, asked: Asked) -> str:
    """/jobmanager/profiler/:filename."""
    return _result(moment, "JobManager", asked)


def machine_runs(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/taskmanagers/:id/profiler."""
    return _runs(moment, machine_of(moment, asked).id)


def machine_result(moment: Moment, asked: Asked) -> str:
    """/taskmanagers/:id/profiler/:filename."""
    return _result(moment, machine_of(moment, asked).id, asked)
