"""A login that the server refuses: sent once, said with what to do, and sent again when a person wants it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flinktop.engine.acts.job_acts import Savepoint
from flinktop.engine.operation import State
from flinktop.flink.connection import Secret
from tests.fixture_cluster import Answer, FixtureCluster
from tests.ui.acting import acting
from tests.ui.day import monitor

pytestmark = pytest.mark.deep

REFUSED: Answer = (401, json.dumps({"message": "who are you"}).encode())
HUSH = Secret("value", "hush")


class Gate(FixtureCluster):
    """A recorded cluster behind a gate."""

    shut = True

    def answer(self, target: str) -> Answer:
        return REFUSED if self.shut else super().answer(target)


@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.deep)])
async def test_a_refused_login_is_sent_once_and_again_with_each_press_of_r(size: tuple[int, int]) -> None:
    gate = Gate("1.20.5")
    async with monitor(cluster=gate, size=size, token=HUSH) as day:
        # Both lanes are under way before the first answer comes.
        asked = len(gate.asked)
        assert asked <= 2
        await day.wait(40)
        assert len(gate.asked) == asked
        assert "✕ login refused, press r" in day.lines[0]
        assert "test-cluster" in day.lines[0]
        assert "401 Unauthorized" in day.text
        assert "press r to try again" in " ".join(day.text.split())
        assert "0.0 req/s" in day.lines[0] or size[0] < 100
        for more in (1, 2):
            await day.press("r")
            await day.wait(10)
            assert len(gate.asked) == asked + more
        gate.shut = False
        await day.wait(10)
        assert len(gate.asked) == asked + 2
        await day.press("r")
        await day.wait(8)
        assert "● live" in day.lines[0]
        assert "steady [test]" in day.text
        assert "press r" not in day.text


async def test_a_renewed_login_resumes_automatically(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    gate = Gate("1.20.5")
    gate.shut = False
    async with monitor(cluster=gate, token=Secret("file", str(token))) as day:
        gate.shut = True
        await day.wait(4)
        asked = len(gate.asked)
        assert "✕ login refused, press r" in day.lines[0]
        assert "steady [test]" in day.text
        await day.wait(20)
        assert len(gate.asked) == asked
        token.write_text("new")
        gate.shut = False
        await day.wait(12)
        assert "● live" in day.lines[0]


async def test_an_act_is_not_sent_with_a_refused_login() -> None:
    async with acting(token=HUSH) as day:
        day.jobmanager.fault = lambda _method, _path: "401"
        await day.wait(4)
        asked = len(day.cluster.asked)
        number = day.port.submit(Savepoint(day.job, "steady"))
        await day.wait(20)
        operation = day.port.operation(number)
        assert operation is not None
        assert operation.state is State.REFUSED
        assert "401" in operation.reason
        assert len(day.cluster.asked) == asked


async def test_an_operation_is_not_polled_with_a_refused_login() -> None:
    async with acting(token=HUSH) as day:
        number = day.port.submit(Savepoint(day.job, "steady"))
        await day.wait(1)
        day.jobmanager.fault = lambda _method, _path: "401"
        await day.wait(10)
        asked = len(day.cluster.asked)
        await day.wait(30)
        assert len(day.cluster.asked) == asked
        operation = day.port.operation(number)
        assert operation is not None
        assert not operation.state.final
        day.jobmanager.fault = lambda _method, _path: ""
        await day.press("r")
        await day.wait(20)
        operation = day.port.operation(number)
        assert operation is not None
        assert operation.state is State.DONE
        assert len(day.acts()) == 1
