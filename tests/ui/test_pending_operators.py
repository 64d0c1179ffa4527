"""The graph of a batch job while operators are pending: those still to come are drawn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flinktop.ui.screens.job import JobScreen
from flinktop.ui.screens.vertex import VertexScreen
from tests.depth import in_depth
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import monitor

FIRST_STAGE = Path(__file__).parents[1] / "inputs" / "batch-stage-job.json"


@pytest.mark.deep
@pytest.mark.parametrize("size", in_depth([(120, 40), (80, 24)], [(120, 40)]))
async def test_operators_that_are_still_to_come_are_drawn_and_open_nothing(size: tuple[int, int]) -> None:
    cluster = FixtureCluster("2.3.0")
    document = json.loads(FIRST_STAGE.read_bytes())
    path = f"jobs/{document['jid']}"
    cluster.changed[path] = document
    rate = {"id": "numRecordsOutPerSecond", "min": 72.0, "max": 72.0, "avg": 72.0, "sum": 72.0}
    cluster.changed[f"{path}/vertices/{document['vertices'][0]['id']}/subtasks/metrics"] = [rate]
    async with monitor(cluster=cluster, size=size) as day:
        day.app.push_screen(JobScreen(document["jid"], "graph"))
        await day.settled()
        await day.wait(4)
        await day.sees("count per page")
        await day.sees("PENDING")
        assert "pending operators 2" in day.text or size == (80, 24)
        graph = day.app.screen.made["graph"]  # type: ignore[attr-defined]  # a JobScreen
        day.app.screen.set_focus(graph.canvas)
        await day.press("right")
        assert graph.selected == "pending 154"
        await day.press("enter")
        await day.sees("This operator is pending")
        assert not isinstance(day.app.screen, VertexScreen)
        await day.press("2")
        await day.wait(4)
        # What it sends is known: it is no sink.
        assert " 72 " in day.line("Source: clicks")
