"""The checkpoints of one job, as a person sees and drives them."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from flinktop.engine.seen_checkpoints import SeenCheckpoint
from flinktop.engine.series import job_series
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.model import format as fmt
from flinktop.ui.panels.checkpoint_history import CheckpointHistory
from flinktop.ui.screens.checkpoints import CheckpointsScreen
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor
from tests.ui.matrix import RELEASES, SIZES
from tests.ui.test_job import open_job

pytestmark = pytest.mark.deep

WIDE = (200, 60)


async def open_checkpoints(day: Day, name: str) -> str:
    """Go to the checkpoints of a job by keys; gives the job's id."""
    await open_job(day, name)
    await day.press("c")
    await day.wait(3)
    assert isinstance(day.app.screen, CheckpointsScreen)
    await day.sees("STATE")
    return day.app.screen.job


def rows(day: Day) -> list[SeenCheckpoint]:
    """What the history's lines are made of, from top to bottom."""
    table = day.app.screen.query_one(CheckpointHistory).table
    return [row for key in table.shown_keys() for row in table._rows if str(row.checkpoint.id) == key]


def stats(day: Day, job: str) -> dict[str, Any]:
    document: dict[str, Any] = day.cluster.document(f"jobs/{job}/checkpoints")
    return document


def words(line: str) -> list[str]:
    """The cells of a line, without the box around it."""
    return re.split(r" {2,}|│", line.strip("│ "))


@pytest.mark.parametrize("release", RELEASES)
async def test_the_header_has_flinks_own_counts(release: str) -> None:
    async with monitor(release, WIDE) as day:
        counts = stats(day, await open_checkpoints(day, "steady"))["counts"]
        line = day.line("triggered ")
        for name, field in (("triggered", "total"), ("completed", "completed"), ("restored", "restored")):
            assert f"{name} {counts[field]} " in f"{line} "
        assert f"in progress {counts['in_progress']} " in line
        assert f"failed {counts['failed']} " in line


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", ["steady", "slow", "failed"])
async def test_every_checkpoint_of_the_history_is_a_line_with_its_numbers(release: str, name: str) -> None:
    async with monitor(release, WIDE) as day:
        job = await open_checkpoints(day, name)
        for told in stats(day, job)["history"]:
            shape = {"COMPLETED": "●", "FAILED": "✕", "IN_PROGRESS": "◐"}[told["status"]]
            begin = f" {told['id']}  {shape} {told['status'].replace('_', ' ')} "
            await day.sees(begin)
            line = day.line(begin)
            assert f" {told['num_acknowledged_subtasks']}/{told['num_subtasks']} " in line
            written = told.get("checkpointed_size", told["state_size"])
            assert f" {fmt.size(written)} " in line
            if told["status"] == "COMPLETED":
                assert f" {fmt.milliseconds(told['end_to_end_duration'])} " in line
                assert ("discarded" if told["discarded"] else "kept") in line
                assert told["external_path"][-20:] in line
            if told["status"] == "FAILED":
                assert told["failure_message"] in line
            if told.get("processed_data") is not None:
                assert f"{fmt.size(told['processed_data'])}/{fmt.size(told['persisted_data'])}" in line
            assert fmt.clock(told["trigger_timestamp"] / 1000, 0.0) in line


async def test_what_a_release_does_not_report_is_absent_not_zero() -> None:
    async with monitor("1.9.3", WIDE) as day:
        job = await open_checkpoints(day, "steady")
        newest = stats(day, job)["history"][0]
        cells = words(day.line(f"{newest['id']}  ● COMPLETED"))
        assert cells.count(fmt.ABSENT) == 2, cells  # full size, in-flight data


async def test_in_progress_comes_first_then_the_newest() -> None:
    async with monitor("1.9.3", WIDE) as day:
        await open_checkpoints(day, "slow")
        shown = [(row.checkpoint.status, row.checkpoint.id) for row in rows(day)]
        assert shown[0] == ("IN_PROGRESS", 13)
        ids = [number for _, number in shown[1:]]
        assert ids == sorted(ids, reverse=True)
        assert "in progress checkpoint 13 for " in day.text
        assert "3/6 acknowledged" in day.text


async def test_an_older_checkpoint_in_progress_still_comes_first() -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")

    def concurrent(document: dict[str, Any]) -> dict[str, Any]:
        document["history"][3]["status"] = "IN_PROGRESS"
        return document

    cluster.changed[f"jobs/{job}/checkpoints"] = concurrent
    async with monitor(cluster=cluster, size=WIDE) as day:
        await open_checkpoints(day, "steady")
        assert [row.checkpoint.id for row in rows(day)][:3] == [12, 15, 14]


async def test_the_last_good_one_is_measured_against_the_interval() -> None:
    async with monitor("1.20.5", WIDE) as day:
        job = await open_checkpoints(day, "steady")
        told = stats(day, job)["latest"]["completed"]
        line = day.line("last completed")
        assert f"checkpoint {told['id']}, " in line
        assert " ago / 5 s" in line
        assert "overdue" not in line
        assert f"took {fmt.milliseconds(told['end_to_end_duration'])}" in line


async def test_a_last_good_one_too_old_is_overdue_in_words() -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")

    def long_ago(document: dict[str, Any]) -> dict[str, Any]:
        document["latest"]["completed"]["latest_ack_timestamp"] -= 120_000
        return document

    cluster.changed[f"jobs/{job}/checkpoints"] = long_ago
    async with monitor(cluster=cluster, size=WIDE) as day:
        await open_checkpoints(day, "steady")
        assert re.search(r"overdue: 2\d intervals without a completed one", day.line("last completed"))


@pytest.mark.parametrize("release", RELEASES)
async def test_what_the_job_was_restored_from(release: str) -> None:
    async with monitor(release, WIDE) as day:
        restored = stats(day, await open_checkpoints(day, "restored"))["latest"]["restored"]
        line = day.line("restored from ")
        assert f"savepoint {restored['id']} at {fmt.clock(restored['restore_timestamp'] / 1000, 0.0)}" in line
        assert restored["external_path"] in line


async def test_why_the_last_one_failed() -> None:
    async with monitor("2.3.0", WIDE) as day:
        failed = stats(day, await open_checkpoints(day, "failed"))["latest"]["failed"]
        assert failed["failure_message"] in day.line("last failed checkpoint 4")


async def test_failures_that_flink_has_no_record_of_are_explained() -> None:
    async with monitor("1.20.5", WIDE) as day:
        await open_checkpoints(day, "slow")
        assert "the failed one left no record: it never had an id" in day.text


@pytest.mark.parametrize("release", RELEASES)
async def test_the_summary_is_flinks_own(release: str) -> None:
    async with monitor(release, WIDE) as day:
        job = await open_checkpoints(day, "steady")
        await day.press("3")
        await day.sees("end-to-end duration")
        summary = stats(day, job)["summary"]
        took = words(day.line("end-to-end duration"))
        spread = summary["end_to_end_duration"]
        assert took[1:4] == [fmt.milliseconds(spread[name]) for name in ("min", "avg", "max")]
        percentiles = [
            fmt.milliseconds(spread[name]) if name in spread else fmt.ABSENT
            for name in ("p50", "p90", "p95", "p99", "p999")
        ]
        assert took[4:9] == percentiles
        written = summary.get("checkpointed_size", summary["state_size"])
        assert words(day.line("│ written"))[1:4] == [
            fmt.size(written[name]) for name in ("min", "avg", "max")
        ]
        full = words(day.line("full size   "))
        if "checkpointed_size" in summary:
            assert full[1] == fmt.size(summary["state_size"]["min"])
        else:
            assert full[1] == fmt.ABSENT
            assert "the full size (1.15+)" in day.line("Needs a later Flink")


@pytest.mark.parametrize("size", [(80, 24), WIDE])
async def test_the_summary_says_what_its_release_does_not_report(size: tuple[int, int]) -> None:
    async with monitor("1.9.3", size) as day:
        await open_checkpoints(day, "steady")
        await day.press("3")
        await day.sees("Needs a later Flink: percentiles (1.14+)")
        await day.sees("this cluster runs 1.9.3.")


async def test_without_a_completed_checkpoint_the_summary_has_no_zeros() -> None:
    cluster = FixtureCluster("1.20.5")
    job, unchecked = cluster.job("steady"), "unchecked"
    [empty] = [
        path
        for path in cluster.recorded
        if path.endswith("/checkpoints") and cluster.answer(path)[0] == 200
        if not cluster.document(path)["counts"]["total"]
    ]
    cluster.changed[f"jobs/{job}/checkpoints"] = cluster.document(empty)
    assert unchecked not in cluster.job("steady")
    async with monitor(cluster=cluster, size=WIDE) as day:
        await open_checkpoints(day, "steady")
        assert "no checkpoint yet" in day.text
        assert "last completed none yet / 5 s" in day.text
        await day.press("3")
        await day.sees("no checkpoint has completed yet")
        assert "0 ms" not in day.text.partition("3 Summary")[2]


@pytest.mark.parametrize("release", RELEASES)
async def test_every_item_of_the_configuration_is_shown_or_marked_as_missing(release: str) -> None:
    async with monitor(release, WIDE) as day:
        await open_checkpoints(day, "steady")
        await day.press("4")
        await day.sees("min_pause")
        assert words(day.line(" interval "))[:2] == ["interval", "5 s"]
        assert words(day.line(" timeout "))[:2] == ["timeout", "10 m"]
        assert words(day.line(" mode "))[:2] == ["mode", "exactly once"]
        storage = words(day.line(" checkpoint_storage"))
        unaligned = words(day.line(" unaligned_checkpoints"))
        if release == "1.9.3":
            assert storage[1] == f"{fmt.ABSENT} Flink 1.13+"
            assert unaligned[1] == f"{fmt.ABSENT} Flink 1.12+"
        else:
            assert storage[1] == "FileSystemCheckpointStorage"
            assert unaligned[1] == "off"
        changelog = words(day.line(" state_changelog_enabled"))
        told = release in ("1.20.5", "2.3.0")
        assert changelog[1] == ("off" if told else f"{fmt.ABSENT} Flink 1.16+")


@pytest.mark.parametrize("release", RELEASES)
async def test_a_job_without_checkpointing_is_no_error(release: str) -> None:
    async with monitor(release, (120, 40)) as day:
        await open_checkpoints(day, "batch")
        assert "checkpoints are off for this job; not an error" in day.text
        for tab in "1234":
            await day.press(tab)
            box = {
                "1": "─ History ─",
                "2": "─ Size ─",
                "3": "─ Completed checkpoints ─",
                "4": "─ Configuration ─",
            }
            await day.sees(box[tab])
            assert "checkpoints are off for this job" in day.text.partition(box[tab])[2]
            assert "HTTP" not in day.text
            assert "RestHandlerException" not in day.text


async def test_charts_draw_every_completed_checkpoint_once_and_no_savepoint() -> None:
    async with monitor("1.20.5", (120, 40)) as day:
        job = await open_checkpoints(day, "steady")
        told = stats(day, job)
        seen = [one for one in told["history"] if not one["is_savepoint"]]
        expected = {one["end_to_end_duration"] for one in seen if one["status"] == "COMPLETED"}
        points = day.port.points(job_series(job, "checkpoint-duration"))
        assert len(points) == len({one["id"] for one in seen if one["status"] == "COMPLETED"})
        assert {value for _, value in points} == expected
        acks = sorted(one["latest_ack_timestamp"] / 1000 for one in seen if one["status"] == "COMPLETED")
        assert [at - points[0][0] for at, _ in points] == pytest.approx([ack - acks[0] for ack in acks])
        await day.sees("end to end 14 ms")
        assert "written 20 kB" in day.text
        await day.press("2")
        await day.sees("end to end 14 ms")
        assert "● COMPLETED" not in day.text


async def test_charts_of_a_window_without_checkpoints_say_so() -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")

    def long_ago(document: dict[str, Any]) -> dict[str, Any]:
        for one in (*document["history"], document["latest"]["completed"], document["latest"]["savepoint"]):
            for field in ("trigger_timestamp", "latest_ack_timestamp"):
                one[field] -= 3_600_000
        document["latest"]["failed"] = None
        return document

    cluster.changed[f"jobs/{job}/checkpoints"] = long_ago
    async with monitor(cluster=cluster, size=(120, 40)) as day:
        await open_checkpoints(day, "steady")
        await day.sees("end to end 14 ms")
        for _ in range(3):
            await day.press("comma")
        await day.sees("no checkpoint has completed in this time")
        assert "end to end" not in day.text


async def test_the_charts_of_a_job_that_ended_long_ago_show_its_last_checkpoints() -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("failed")

    def long_ago(document: dict[str, Any]) -> dict[str, Any]:
        for one in (*document["history"], document["latest"]["completed"]):
            for field in ("trigger_timestamp", "latest_ack_timestamp"):
                one[field] -= 9 * 86_400_000
        return document

    cluster.changed[f"jobs/{job}/checkpoints"] = long_ago
    async with monitor(cluster=cluster, size=(120, 40)) as day:
        await open_checkpoints(day, "failed")
        newest = stats(day, job)["latest"]["completed"]
        await day.press("2")
        await day.wait(40)
        await day.sees(f"end to end {fmt.milliseconds(newest['end_to_end_duration'])}")
        assert "last 2 m" in day.text


async def test_a_failed_checkpoint_stays_readable_when_flink_has_dropped_it() -> None:
    cluster = FixtureCluster("1.9.3")
    job = cluster.job("failed")
    async with monitor(cluster=cluster, size=WIDE) as day:
        await open_checkpoints(day, "failed")
        assert f"jobs/{job}/checkpoints/details/4" in day.asked()

        def dropped(document: dict[str, Any]) -> dict[str, Any]:
            document["history"] = []
            document["latest"]["failed"] = None
            return document

        cluster.changed[f"jobs/{job}/checkpoints"] = dropped
        gone = (404, {"errors": ["Could not find checkpointing statistics for checkpoint 4."]})
        cluster.changed[f"jobs/{job}/checkpoints/details/4"] = gone
        await day.wait(12)
        line = day.line("4  ✕ FAILED")
        assert "dropped by Flink" in line
        assert "The job has failed." in line
        await day.press("g", "enter")
        await day.wait(3)
        assert "Flink no longer has the details of this checkpoint" in day.text
        assert "Failed: The job has failed." in day.text
        assert "Not acknowledged" in day.text
        assert day.line("│ Source: events").count("2/2") == 1


async def test_details_of_a_failed_checkpoint_are_requested_once_and_only_while_visible() -> None:
    cluster = FixtureCluster("1.9.3")
    job = cluster.job("failed")
    details = f"jobs/{job}/checkpoints/details/4"
    async with monitor(cluster=cluster, size=WIDE) as day:
        await open_job(day, "failed")
        assert details not in day.asked()
        await day.press("c")
        await day.wait(60)
        assert day.asked().count(details) == 1


async def test_missing_details_are_not_requested_repeatedly() -> None:
    cluster = FixtureCluster("1.9.3")
    job = cluster.job("failed")
    details = f"jobs/{job}/checkpoints/details/4"
    cluster.changed[details] = (404, {"errors": ["gone"]})
    async with monitor(cluster=cluster, size=WIDE) as day:
        await open_checkpoints(day, "failed")
        await day.wait(60)
        assert day.asked().count(details) == 1
        assert "The job has failed." in day.text


async def test_few_requests_while_the_history_is_watched() -> None:
    async with monitor("1.20.5", (120, 40)) as day:
        job = await open_checkpoints(day, "steady")
        since = len(day.cluster.asked)
        await day.wait(30)
        own = [target for target in day.asked(since) if target.startswith(f"jobs/{job}")]
        # Ten intervals: the checkpoints and the job, at each.
        assert len([target for target in own if "metrics" not in target]) <= 22, own


async def test_y_copies_the_path_and_the_id_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    async with monitor("1.9.3", WIDE) as day:
        copied: list[str] = []
        monkeypatch.setattr(day.app, "copy_text", copied.append)
        job = await open_checkpoints(day, "failed")
        path = next(one["external_path"] for one in stats(day, job)["history"] if one["id"] == 3)
        await day.press("y", "j", "y")
        assert copied == ["4", path]


async def test_the_filter_finds_states_paths_and_kinds() -> None:
    async with monitor("1.20.5", WIDE) as day:
        await open_checkpoints(day, "steady")
        await day.press("slash", *"savepoint", "enter")
        assert {row.checkpoint.id for row in rows(day)} == {2, 3}
        await day.press("escape", "slash", *"chk-11", "enter")
        assert [row.checkpoint.id for row in rows(day)] == [11]


async def test_sorting_by_duration_puts_the_longest_first() -> None:
    async with monitor("1.20.5", WIDE) as day:
        await open_checkpoints(day, "steady")
        day.app.screen.query_one(CheckpointHistory).table.sort_by("duration")
        await day.wait(1)
        found = [row.checkpoint.end_to_end_duration for row in rows(day)]
        assert found == sorted(found, reverse=True)


async def test_a_job_that_vanishes_keeps_its_last_data_and_says_so() -> None:
    async with monitor("1.20.5", WIDE) as day:
        job = await open_checkpoints(day, "steady")
        gone = (404, {"errors": [f"Job {job} not found"]})
        for path in (f"jobs/{job}", f"jobs/{job}/checkpoints", f"jobs/{job}/checkpoints/config"):
            day.cluster.changed[path] = gone
        await day.wait(12)
        reading = day.port.reading(JOB(job=job))
        assert reading is not None
        assert isinstance(reading.error, NotFound)
        assert "Flink no longer knows this job; esc goes back. Last update " in day.text
        assert "15  ● COMPLETED" in day.text
        assert "off for this job" not in day.text


async def test_a_lost_cluster_is_reported_and_the_last_data_stay() -> None:
    async with monitor("1.20.5", WIDE) as day:
        await open_checkpoints(day, "steady")
        day.cluster.failure = httpx.ConnectError("cut")
        await day.wait(8)
        assert "The cluster does not answer. Last update" in day.text
        assert "15  ● COMPLETED" in day.text


async def test_markup_in_a_message_is_shown_as_it_is() -> None:
    cluster = FixtureCluster("1.9.3")
    job = cluster.job("failed")

    def hostile(document: dict[str, Any]) -> dict[str, Any]:
        for one in (document["history"][0], document["latest"]["failed"]):
            one["failure_message"] = "[bold]x[/bold] [/] 事件 \x1b[31mred"
        return document

    cluster.changed[f"jobs/{job}/checkpoints"] = hostile
    async with monitor(cluster=cluster, size=WIDE) as day:
        await open_checkpoints(day, "failed")
        assert "[bold]x[/bold] [/] 事件" in day.line("4  ✕ FAILED")
        assert "[bold]x[/bold] [/] 事件" in day.line("last failed")
        assert "\x1b" not in day.text


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_every_tab(size: tuple[int, int]) -> None:
    expected = {"1": "● COMPLETED", "2": "end to end", "3": "end-to-end", "4": "exactly once"}
    async with monitor("1.20.5", size) as day:
        day.app.push_screen(CheckpointsScreen(day.cluster.job("steady")))
        await day.settled()
        await day.wait(3)
        for tab, text in expected.items():
            await day.press(tab)
            if size[1] >= 24:
                await day.sees(text)
            assert len(day.lines) == size[1]
            assert all(len(line) <= size[0] for line in day.lines)


async def test_ascii_has_no_other_letters_than_the_names() -> None:
    async with monitor("1.9.3", (120, 40), ascii_only=True) as day:
        await open_checkpoints(day, "slow")
        for tab in "1234":
            await day.press(tab)
            await day.wait(1)
            # The job's name in the trail is foreign.
            assert "\n".join(day.lines[1:]).isascii(), day.text
        await day.press("1")
        assert "~ IN PROGRESS" in day.text
        assert "* COMPLETED" in day.text
