"""One job's screen."""

from __future__ import annotations

import json
import re
from typing import Any
from unittest import mock

import pytest

from flinktop.engine.series import job_series
from flinktop.judgement.finding import Evidence, Kind, Severity
from flinktop.model import redaction
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor
from tests.ui.judged import finding, say, verdict
from tests.ui.matrix import RELEASES, SIZES


async def open_job(day: Day, name: str) -> None:
    """Find a job by its name and open it."""
    await day.press("slash", *name, "enter", "enter")
    await day.wait(3)


@pytest.mark.deep
@pytest.mark.parametrize("release", RELEASES)
async def test_a_job_opens_with_all_its_vertices(release: str) -> None:
    async with monitor(release, (150, 50)) as day:
        await open_job(day, "steady")
        job = day.cluster.job("steady")
        document = day.cluster.document(f"jobs/{job}")
        assert job in day.text
        for vertex in document["vertices"]:
            assert vertex["name"][:25] in day.text
        assert "restarts 0" in day.text
        assert "last checkpoint" in day.text


@pytest.mark.deep
@pytest.mark.parametrize("release", RELEASES)
async def test_rates_are_the_sums_of_flinks_meters(release: str) -> None:
    async with monitor(release, (150, 50)) as day:
        await open_job(day, "steady")
        await day.press("2")
        job = day.cluster.job("steady")
        vertices = day.cluster.document(f"jobs/{job}")["vertices"]
        middle = vertices[1]
        path = f"/jobs/{job}/vertices/{middle['id']}/subtasks/metrics?get=numRecordsInPerSecond"
        [metric] = json.loads(day.cluster.answer(path)[1])
        shown = day.line(middle["name"][:25])
        assert f" {metric['sum']:.0f} " in shown, shown


@pytest.mark.deep
@pytest.mark.parametrize("release", RELEASES)
async def test_the_jobs_rate_is_that_of_its_sources_on_the_screen(release: str) -> None:
    async with monitor(release, (150, 50)) as day:
        await open_job(day, "steady")
        rows = day.table._rows
        [source] = [row for row in rows if row.taken.absent]
        [sink] = [row for row in rows if row.sent.absent]
        job = day.cluster.job("steady")
        coming, going = day.port.latest(job_series(job, "in")), day.port.latest(job_series(job, "out"))
        assert coming is not None
        assert going is not None
        assert (coming[1], going[1]) == (source.sent.value, sink.taken.value)


@pytest.mark.deep
async def test_busy_and_backpressure_are_marked_absent_before_1_13() -> None:
    async with monitor("1.9.3", (150, 50)) as day:
        await open_job(day, "steady")
        rows = day.table._rows
        assert rows
        assert all(row.busy.absent and row.backpressured.absent for row in rows)
        [header] = [line for line in day.lines if "BUSY%" in line]
        name = day.cluster.document(f"jobs/{day.cluster.job('steady')}")["vertices"][1]["name"][:25]
        [row] = [line for line in day.lines if name in line and "RUNNING" in line]
        for title in ("BUSY%", "BKPR%"):
            end = header.index(title) + len(title)
            assert row[:end].endswith(" –")  # noqa: RUF001 -- the dash that stands for absent


@pytest.mark.deep
async def test_a_source_has_no_input_and_a_sink_no_output() -> None:
    async with monitor("1.20.5", (150, 50)) as day:
        await open_job(day, "steady")
        rows = {row.name: row for row in day.table._rows}
        source = next(row for name, row in rows.items() if name.startswith("Source"))
        sink = next(row for name, row in rows.items() if name.startswith("Sink"))
        assert source.taken.absent
        assert not source.sent.absent
        assert sink.sent.absent
        assert not sink.taken.absent


@pytest.mark.deep
async def test_one_metrics_request_for_each_vertex_on_the_screen_and_few_others() -> None:
    async with monitor("1.20.5") as day:
        await open_job(day, "steady")
        vertices = len(day.cluster.document(f"jobs/{day.cluster.job('steady')}")["vertices"])
        await day.wait(10)
        since = len(day.cluster.asked)
        await day.wait(30)
        asked = day.asked(since)
        metrics = [target for target in asked if "metrics?" in target and "vertices" in target]
        # The lag of jobs is asked for in passing, by rotation.
        metrics = [target for target in metrics if not target.endswith("get=currentInputWatermark")]
        assert len(metrics) <= 3 * vertices + 1
        assert any("numRecordsInPerSecond" in target for target in metrics)


@pytest.mark.deep
async def test_the_overview_is_not_polled_while_a_job_covers_it() -> None:
    async with monitor("1.20.5") as day:
        await open_job(day, "steady")
        since = len(day.cluster.asked)
        await day.wait(60)
        asked = day.asked(since)
        # In the background, by rotation; not every three seconds.
        assert asked.count("jobs/overview") <= 7
        assert asked.count("overview") <= 2


@pytest.mark.deep
async def test_stepping_to_the_next_job_and_back() -> None:
    async with monitor("1.20.5") as day:
        await day.press("enter")
        first = day.app.screen.job  # type: ignore[attr-defined]
        await day.press("greater_than_sign")
        second = day.app.screen.job  # type: ignore[attr-defined]
        assert first != second
        await day.press("less_than_sign")
        assert day.app.screen.job == first  # type: ignore[attr-defined]
        await day.press("escape")
        assert "Records/s" in day.text


@pytest.mark.deep
async def test_a_job_that_vanishes_keeps_its_last_data_and_says_so() -> None:
    async with monitor("1.20.5") as day:
        await open_job(day, "steady")
        job = day.cluster.job("steady")
        gone = (404, {"errors": [f"Job {job} not found"]})
        for path in (f"jobs/{job}", f"jobs/{job}/checkpoints", f"jobs/{job}/metrics"):
            day.cluster.changed[path] = gone
        await day.wait(12)
        assert "Flink no longer knows this job" in day.text
        assert "steady [test]" in day.text
        await day.press("escape", "escape")
        assert "slow [test]" in day.text


@pytest.mark.deep
async def test_a_job_that_ends_while_it_is_open_says_how_it_ended() -> None:
    async with monitor("1.20.5") as day:
        await open_job(day, "steady")

        def cancelled(document: dict[str, Any]) -> dict[str, Any]:
            document["state"] = "CANCELED"
            document["timestamps"]["CANCELED"] = document["now"]
            for vertex in document["vertices"]:
                vertex["status"] = "CANCELED"
            return document

        day.cluster.changed[f"jobs/{day.cluster.job('steady')}"] = cancelled
        await day.wait(4)
        assert re.search(r"CANCELED \d+ s ago", day.text)
        since = len(day.cluster.asked)
        await day.wait(15)
        assert not [target for target in day.asked(since) if "/vertices/" in target and "steady" in target]


@pytest.mark.deep
async def test_the_savepoint_a_job_was_restored_from_is_shown() -> None:
    async with monitor("1.20.5", (150, 50)) as day:
        await open_job(day, "restored")
        assert "restored from savepoint" in day.text
        assert "savepoint-" in day.text


@pytest.mark.deep
async def test_the_number_of_failed_checkpoints_is_visible_on_a_narrow_terminal_too() -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")

    def overdue(document: dict[str, Any]) -> dict[str, Any]:
        document["latest"]["completed"]["latest_ack_timestamp"] -= 10_740_000
        document["latest"]["completed"]["state_size"] = 28_000_000_000
        document["counts"]["failed"] = 179
        return document

    cluster.changed[f"jobs/{job}/checkpoints"] = overdue
    async with monitor(size=(80, 24), cluster=cluster) as day:
        await open_job(day, "steady")
        assert "overdue   failed 179 " in day.line("last checkpoint")


@pytest.mark.deep
async def test_a_job_without_checkpointing_is_no_error() -> None:
    async with monitor("1.9.3", (150, 50)) as day:
        await open_job(day, "batch")
        assert "checkpoints off for this job" in day.text or "checkpoints not periodic" in day.text


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_the_job(size: tuple[int, int]) -> None:
    async with monitor("1.20.5", size) as day:
        await open_job(day, "steady")
        assert len(day.lines) == size[1]
        assert all(len(line) <= size[0] for line in day.lines)
        assert "stea" in day.text
        assert "RUNNING" in day.text or "Sou" in day.text


@pytest.mark.deep
async def test_a_metric_that_vanishes_is_listed_again() -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")
    vertex = cluster.document(f"jobs/{job}")["vertices"][1]["id"]
    path = f"jobs/{job}/vertices/{vertex}/subtasks/metrics"
    async with monitor(cluster=cluster) as day:
        await open_job(day, "steady")
        cluster.changed[path] = []
        await day.wait(25)
        since = len(cluster.asked)
        del cluster.changed[path]
        await day.wait(25)
        assert path in day.asked(since)
        assert any(target.startswith(f"{path}?get=") for target in day.asked(since))


@pytest.mark.deep
@pytest.mark.parametrize(("release", "untold"), [("1.20.5", "scheduler"), ("2.3.0", "execution mode")])
async def test_the_configuration_leaves_out_what_a_release_does_not_report(release: str, untold: str) -> None:
    async with monitor(release) as day:
        await open_job(day, "steady")
        job = day.cluster.job("steady")
        told = day.cluster.document(f"jobs/{job}/config")["execution-config"]
        day.cluster.changed[f"jobs/{job}/config"] = {"execution-config": told | {"user-config": {}}}
        await day.press("6")
        await day.wait(2)
        await day.sees("restart strategy")
        assert untold not in day.text
        await day.sees("none: the program has set no parameters")


@pytest.mark.deep
async def test_the_configuration_is_searched_for_secrets_once_for_each_answer() -> None:
    """An argument may be as long as a program likes, and the job changes every few seconds."""
    async with monitor("1.20.5") as day:
        await open_job(day, "steady")
        job = day.cluster.job("steady")
        told = day.cluster.document(f"jobs/{job}/config")["execution-config"]
        day.cluster.changed[f"jobs/{job}/config"] = {
            "execution-config": told | {"user-config": {"query": "select 1"}}
        }
        with mock.patch.object(redaction, "setting", wraps=redaction.setting) as setting:
            await day.press("6")
            await day.sees("select 1")
            for parallelism in (11, 12):
                day.cluster.changed[f"jobs/{job}"] = {"maxParallelism": parallelism}
                await day.wait(9)
                await day.sees(f"max parallelism           {parallelism}")
        assert setting.call_count == 1


@pytest.mark.deep
async def test_the_header_says_the_verdict_with_its_evidence_and_moves_nothing() -> None:
    async with monitor("1.20.5", (200, 50)) as day:
        await open_job(day, "steady")
        calm = next(at for at, line in enumerate(day.lines) if "○ healthy" in line)
        job = day.cluster.job("steady")
        found = finding(
            Kind.BOTTLENECK,
            words="[b]Join[/b], 8 of 8 subtasks 100 % busy",
            evidence=(
                Evidence("busy, highest subtask", 1000, "ms/s"),
                Evidence("explains: source-lag: 3 sources"),
                Evidence("backpressured, input Source: orders", 960, "ms/s"),
                Evidence("a figure that has no room " * 3, 1, "s"),
            ),
        )
        await say(day, [verdict(day, job, found, finding(Kind.CHECKPOINT_SLOW, Severity.INFO))])
        words = "▲ bottleneck: [b]Join[/b], 8 of 8 subtasks 100 % busy   busy, highest subtask 1000 ms/s"
        line = day.lines[calm]
        assert line.strip().startswith(f"{words}   backpressured, input Source: orders 960 ms/s  ")
        assert line.strip().endswith("+1 more, v: why")
        await say(day, [verdict(day, job, found, age=200.0)])
        assert day.lines[calm].strip().endswith("   3 m ago   v: why")


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_long_verdict_is_cut_before_the_key_that_explains_it(size: tuple[int, int]) -> None:
    async with monitor("1.20.5", size) as day:
        await open_job(day, "steady")
        job = day.cluster.job("steady")
        await say(day, [verdict(day, job, finding(Kind.STALLED, Severity.CRITICAL, "a long name " * 20))])
        line = day.line("✕ stalled: a long name")
        assert line.endswith("v: why")
        assert "…" in line
