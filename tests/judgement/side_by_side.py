"""Recordings played side by side, as the answers of one cluster on a clock that a test moves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import httpx

from tests.judgement.recording import Recording
from tests.manual_clock import ManualClock

_STAMP = re.compile(r"\b\d{13}\b")
_NOW = re.compile(r'"now":(\d{13})')
_NEAR_MS = 10 * 86_400_000.0
"""A number that is so near the time of its recording is a time, and no counter."""
_JOB = re.compile(r"(?:v1/)?jobs/([0-9a-f]{32})")

TOGETHER = (
    "slow-host",
    "slow-vertex",
    "blocking-sink",
    "hot-key",
    "restart-loop",
    "loop-of-two-causes",
    "given-up",
    "declined",
    "expired",
    "frozen-clock",
    "steady",
    "idle",
    "finished",
)
"""Jobs that don't disturb each other: ten of them are ill, three are well."""


class SideBySide(httpx.AsyncBaseTransport):
    """Answers as the recorded jobs did on one cluster; their first looks are at the clock's present time."""

    def __init__(self, recordings: Iterable[Recording], clock: ManualClock) -> None:
        self._recordings = tuple(recordings)
        self._clock = clock
        self._began = clock.now()
        self._epoch = clock.wall() - clock.now()
        self._of_job: dict[str, Recording] = {}
        self.names: dict[str, str] = {}
        """By case: the id of its job."""
        self.asked: list[str] = []
        for recording in self._recordings:
            listed = recording.answer("jobs/overview", recording.looks[-1])
            assert listed is not None
            for job in json.loads(listed[1])["jobs"]:
                self._of_job[job["jid"]] = recording
                self.names[recording.case] = job["jid"]

    def recorded_time(self, case: str, at: float) -> float:
        """A time of the clock in seconds since a recording began."""
        recording = next(one for one in self._recordings if one.case == case)
        return recording.looks[0] + at - self._began

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode().lstrip("/")
        self.asked.append(target)
        status, text = self._answer(target)
        return httpx.Response(
            status, text=text, headers={"content-type": "application/json"}, request=request
        )

    def _answer(self, target: str) -> tuple[int, str]:
        path = target.partition("?")[0]
        if (job := _JOB.match(path)) is not None:
            return self._of(self._of_job[job[1]], target)
        found = [self._of(one, target) for one in self._recordings]
        answered = [json.loads(text) for status, text in found if status == httpx.codes.OK]
        if path == "jobs/overview":
            return httpx.codes.OK, json.dumps({"jobs": _all(answered, "jobs")})
        if path == "taskmanagers":
            return httpx.codes.OK, json.dumps({"taskmanagers": _all(answered, "taskmanagers")})
        return next((one for one in found if one[0] == httpx.codes.OK), found[0])

    def _of(self, recording: Recording, target: str) -> tuple[int, str]:
        """What a job's own cluster answered, with its times moved to the present."""
        now = self._clock.now()
        answer = recording.answer(target, recording.looks[0] + now - self._began + _OF_A_LOOK)
        if answer is None:
            return httpx.codes.NOT_FOUND, '{"errors":["It was not recorded."]}'
        status, text, _ = answer
        theirs = recording.began + recording.looks[0]
        moved = round(1000.0 * (self._epoch + self._began - theirs))

        def moves(stamp: re.Match[str]) -> str:
            near = abs(int(stamp[0]) - 1000.0 * theirs) < _NEAR_MS
            return str(int(stamp[0]) + moved) if near else stamp[0]

        text = _STAMP.sub(moves, text)
        return status, _NOW.sub(f'"now":{round(1000.0 * (self._epoch + now))}', text)


_OF_A_LOOK = 2.0
"""Seconds that a look of a recording takes."""


def _all(documents: Iterable[Any], what: str) -> list[Any]:
    """The rows of all documents, each once by its id."""
    rows = {row.get("jid") or row.get("id"): row for document in documents for row in document[what]}
    return list(rows.values())
