"""flinktop opened with an address that was copied from a page of Flink's Web UI."""

from __future__ import annotations

import pytest

from flinktop.addresses import shown_job
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import monitor


@pytest.mark.deep
@pytest.mark.parametrize(
    ("page", "trail", "seen"),
    [
        ("running/{job}/overview", "steady", "last checkpoint"),
        ("{job}/exceptions", "steady", "Exceptions"),
        pytest.param("running/{job}/checkpoints", "checkpoints", "completed", marks=pytest.mark.deep),
        pytest.param("running/{job}/overview/{vertex}/detail", "Sink", "Subtasks", marks=pytest.mark.deep),
    ],
)
async def test_the_job_is_open_and_esc_goes_back_to_the_overview(page: str, trail: str, seen: str) -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")
    vertex = cluster.document(f"jobs/{job}")["vertices"][-1]["id"]
    shows = shown_job(f"http://h:8081/#/job/{page.format(job=job, vertex=vertex)}")
    async with monitor(cluster=cluster, shows=shows) as day:
        assert "▸ steady" in day.lines[0]
        assert trail in day.lines[0]
        assert seen in day.text
        while "▸" in day.lines[0]:
            await day.press("escape")
        assert day.line("steady")
        assert "LAST CKPT" in day.text


@pytest.mark.deep
async def test_a_job_that_the_cluster_does_not_know_is_reported() -> None:
    shows = shown_job(f"http://h:8081/#/job/running/{'7' * 32}/overview")
    async with monitor("1.20.5", shows=shows) as day:
        assert f"no job {'7' * 32}" in day.text
        await day.press("escape")
        assert day.line("steady")
