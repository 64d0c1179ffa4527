"""Answers that nothing could take in, in the place of Flink's: the act is followed to its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from flinktop.engine.acts.job_acts import Cancel, Savepoint, Stop
from flinktop.engine.operation import State
from tests.depth import named_in_depth
from tests.engine.acting import JOB, JobManager
from tests.engine.test_failures_here import at_work
from tests.manual_clock import ManualClock

NESTED = b'{"errors":' + b"[" * 100_000
ANSWERS: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    "redirect to no address": lambda it: httpx.Response(
        302, headers={"Location": "http://[evil/"}, request=it
    ),
    "redirect without end": lambda it: httpx.Response(307, headers={"Location": "//[::1/" * 9}, request=it),
    "nested error": lambda it: httpx.Response(400, content=NESTED, request=it),
    "nested object": lambda it: httpx.Response(500, content=b'{"a":' * 100_000, request=it),
    "nested message": lambda it: httpx.Response(502, content=b'{"message":' + b"[" * 100_000, request=it),
    "nested success": lambda it: httpx.Response(202, content=b'{"request-id":' + b"[" * 100_000, request=it),
    "odd number": lambda it: httpx.Response(202, content=b'{"request-id":' + b"9" * 5000 + b"}", request=it),
    "odd status": lambda it: httpx.Response(999, content=b"\xff", request=it),
}


class EvilJobManager(JobManager):
    """Does what it is asked for, and answers acts as it is told to."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        super().__init__(ManualClock())
        self._spoiled = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        return answer if request.method == "GET" else self._spoiled(request)


@pytest.mark.parametrize("answer", named_in_depth(ANSWERS, fast=["redirect to no address", "nested object"]))
@pytest.mark.parametrize("act", [Savepoint(JOB), Stop(JOB), Cancel(JOB)], ids=lambda act: act.kind)
async def test_an_act_that_was_done_is_reported_done(
    tmp_path: Path, answer: Callable[[httpx.Request], httpx.Response], act: Savepoint | Cancel
) -> None:
    async with at_work(tmp_path, EvilJobManager(answer)) as at:
        await at.do(act)
        ended = await at.until_ended()
        assert ended.state is State.DONE, ended
        assert len(at.jobmanager.acts()) == 1
