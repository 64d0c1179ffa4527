"""Tabs of a job: what each shows, and that only what is seen is asked for."""

from __future__ import annotations

import pytest

from flinktop.engine.series import job_series
from flinktop.flink.jobs import JOB_CONFIG
from tests.ui.day import monitor
from tests.ui.matrix import RELEASES
from tests.ui.test_job import open_job


@pytest.mark.deep
@pytest.mark.parametrize("release", RELEASES)
async def test_the_configuration_of_a_job_is_read_when_its_tab_is_open(release: str) -> None:
    async with monitor(release) as day:
        await open_job(day, "steady")
        job = day.cluster.job("steady")
        target = JOB_CONFIG(job=job).target
        await day.wait(10)
        assert target not in day.asked()
        await day.press("6")
        await day.wait(3)
        assert day.asked().count(target) == 1
        execution = day.cluster.document(target)["execution-config"]
        assert execution["restart-strategy"][:30] in day.text
        for name, value in execution["user-config"].items():
            assert value in day.line(name)


@pytest.mark.deep
async def test_zoom_hides_what_shares_the_tab_and_ends_with_the_tab() -> None:
    async with monitor("1.20.5") as day:
        await open_job(day, "steady")
        await day.press("2", "z")
        await day.sees("VERTEX")
        assert "Records/s" not in day.text
        await day.press("3")
        await day.sees("─ Restarts ─")
        await day.press("2")
        await day.sees("─ Records/s ─")


@pytest.mark.deep
async def test_the_open_tab_is_marked_and_a_number_opens_another() -> None:
    async with monitor("1.20.5", (80, 24)) as day:
        await open_job(day, "steady")
        assert "[2 Vertices]" in day.text
        await day.press("3")
        assert "[3 Charts]" in day.text
        assert "Watermark lag" in day.text or "watermark lag" in day.text
        await day.press("0")
        assert "[3 Charts]" in day.text


@pytest.mark.deep
async def test_vertices_are_not_polled_while_their_tab_is_closed() -> None:
    async with monitor("1.20.5", (80, 24)) as day:
        await open_job(day, "steady")
        await day.press("6")
        for _ in range(60):
            await day.wait(1)
            # By panels: the judge and the sweep have budgets of their own.
            watched = [query.target for query in day.port.engine.poller._visible]
            assert watched
            assert not [target for target in watched if "subtasks/metrics" in target]


@pytest.mark.deep
async def test_a_hidden_table_keeps_its_cursor() -> None:
    async with monitor("1.20.5", (80, 24)) as day:
        await open_job(day, "steady")
        await day.press("j", "j")
        chosen = day.table.cursor_key
        await day.press("6", "2")
        assert day.table.cursor_key == chosen
        assert day.app.focused is day.table


@pytest.mark.deep
@pytest.mark.parametrize("release", ["1.9.3", "2.3.0"])
async def test_charts_of_a_job_that_has_ended_wait_for_nothing(release: str) -> None:
    async with monitor(release, (200, 60)) as day:
        await open_job(day, "failed for good")
        await day.press("3")
        await day.wait(15)
        assert "loading" not in day.text
        assert day.text.count("the job has ended: no data recorded") >= 4


@pytest.mark.deep
@pytest.mark.usefixtures("quiet_judge")
async def test_charts_of_a_job_cost_two_metrics_requests_in_ten_seconds() -> None:
    async with monitor("1.20.5") as day:
        await open_job(day, "steady")
        await day.press("3")
        await day.wait(20)
        job = day.cluster.job("steady")
        since = len(day.cluster.asked)
        await day.wait(60)
        metrics = [target for target in day.asked(since) if f"jobs/{job}" in target and "metrics" in target]
        assert (
            6 <= len([target for target in metrics if not target.endswith("get=currentInputWatermark")]) <= 12
        )
        pressure = [target for target in day.asked(since) if target.endswith("/backpressure")]
        # The busiest vertex, and one other in turn.
        assert 6 <= len(pressure) <= 14


@pytest.mark.deep
@pytest.mark.parametrize("release", RELEASES)
async def test_the_lag_of_watermarks_is_recorded_for_the_job(release: str) -> None:
    async with monitor(release) as day:
        await open_job(day, "steady")
        await day.press("3")
        await day.wait(25)
        newest = day.port.latest(job_series(day.cluster.job("steady"), "lag"))
        assert newest is not None
        assert newest[1] > 0


@pytest.mark.deep
async def test_comma_and_full_stop_choose_how_much_time_charts_show() -> None:
    async with monitor("1.20.5") as day:
        await open_job(day, "steady")
        await day.press("2")
        await day.press("comma")
        await day.sees("last 5 m")
        await day.press("full_stop")
        await day.sees("last 15 m")
        for _ in range(6):
            await day.press("full_stop")
        await day.sees("last 5 m")
        await day.press("comma")
        await day.sees("last 3 h")


@pytest.mark.deep
async def test_enter_opens_also_where_nothing_has_the_focus() -> None:
    async with monitor("1.20.5") as day:
        await open_job(day, "steady")
        await day.press("c")
        await day.wait(3)
        day.app.screen.set_focus(None)
        await day.press("enter")
        await day.sees("▸ checkpoint ")


@pytest.mark.deep
async def test_what_lost_the_focus_has_it_again_a_second_later() -> None:
    async with monitor("1.20.5") as day:
        await open_job(day, "steady")
        await day.press("6")
        day.app.screen.set_focus(None)
        await day.wait(1)
        assert day.app.focused is not None


@pytest.mark.deep
async def test_filter_and_sort_act_on_the_visible_table() -> None:
    async with monitor("1.20.5") as day:
        await open_job(day, "steady")
        await day.press("6")
        await day.wait(3)
        day.app.screen.set_focus(None)
        await day.press("slash", *"restart", "enter")
        assert "restart strategy" in day.text
        assert "max parallelism" not in day.text
