"""One checkpoint by vertex, then by subtask, as a person sees and drives it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flinktop.facts.checkpoints import PERCENTILES, SubtaskShare, VertexShare
from flinktop.model import format as fmt
from flinktop.model.checkpoints import PhaseTimes
from flinktop.ui.panels.checkpoint_shares import SHAPES, CheckpointShares, CheckpointVertices, painted_bar
from flinktop.ui.screens.checkpoint import CheckpointScreen, CheckpointVertexScreen
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor
from tests.ui.matrix import RELEASES, SIZES
from tests.ui.test_checkpoints import open_checkpoints

pytestmark = pytest.mark.deep

WIDE = (200, 60)
GONE = (404, {"errors": ["Could not find checkpointing statistics for checkpoint 15."]})


async def open_newest(day: Day, name: str) -> tuple[str, int]:
    """Go to a job's first checkpoint by keys; gives the ids of both."""
    job = await open_checkpoints(day, name)
    await day.press("enter")
    await day.wait(3)
    screen = day.app.screen
    assert isinstance(screen, CheckpointScreen)
    await day.sees("ACKED")
    return job, screen.checkpoint


def details(day: Day, job: str, checkpoint: int) -> dict[str, Any]:
    """What `…/checkpoints/details/:checkpointid` answers."""
    path = f"jobs/{job}/checkpoints/details/{checkpoint}"
    document: dict[str, Any] = json.loads(day.cluster.answer(f"/{path}")[1])
    return document


def shares(day: Day) -> list[VertexShare]:
    """The rows of the vertices."""
    return list(day.app.screen.query_one(CheckpointVertices).table._rows)


def subtasks(day: Day) -> list[SubtaskShare]:
    """The rows of the subtasks."""
    return list(day.app.screen.query_one(CheckpointShares).table._rows)


def progressing(cluster: FixtureCluster, job: str, checkpoint: int, vertex: str) -> None:
    """Make a completed checkpoint one in progress, of which one vertex's subtask 1 is pending."""

    def history(document: dict[str, Any]) -> dict[str, Any]:
        document["history"][0]["status"] = "IN_PROGRESS"
        document["latest"]["completed"] = document["history"][1]
        return document

    def one(document: dict[str, Any]) -> dict[str, Any]:
        document["status"] = "IN_PROGRESS"
        document["tasks"][vertex]["num_acknowledged_subtasks"] -= 1
        return document

    def share(document: dict[str, Any]) -> dict[str, Any]:
        document["num_acknowledged_subtasks"] -= 1
        document["subtasks"][1] = {"className": "pending", "index": 1, "status": "pending_or_failed"}
        return document

    path = f"jobs/{job}/checkpoints"
    cluster.changed[path] = history
    cluster.changed[f"{path}/details/{checkpoint}"] = one
    cluster.changed[f"{path}/details/{checkpoint}/subtasks/{vertex}"] = share


@pytest.mark.parametrize("release", RELEASES)
async def test_a_checkpoint_by_vertex_has_flinks_numbers(release: str) -> None:
    async with monitor(release, WIDE) as day:
        job, checkpoint = await open_newest(day, "steady")
        told = details(day, job, checkpoint)
        names = {one["id"]: one["name"] for one in day.cluster.document(f"jobs/{job}")["vertices"]}
        assert f"checkpoint {checkpoint}" in day.lines[1]
        assert told["external_path"] in day.line("path ")
        assert f"took {fmt.milliseconds(told['end_to_end_duration'])}" in day.text
        assert len(shares(day)) == len(told["tasks"])
        for vertex, share in told["tasks"].items():
            await day.sees(f"│ {names[vertex][:25]}")
            line = day.line(f"│ {names[vertex][:25]}")
            assert f" {share['num_acknowledged_subtasks']}/{share['num_subtasks']} " in line
            assert f" {fmt.milliseconds(share['end_to_end_duration'])} " in line
            assert f" {fmt.size(share.get('checkpointed_size', share['state_size']))} " in line
            assert fmt.clock(share["latest_ack_timestamp"] / 1000, 0.0) in line
            if "checkpointed_size" not in share:
                # The full size, and before 1.12 what was in flight.
                assert line.count(fmt.ABSENT) == (1 if "processed_data" in share else 2), line


@pytest.mark.parametrize("release", RELEASES)
async def test_a_checkpoint_by_subtask_has_flinks_phases(release: str) -> None:
    async with monitor(release, WIDE) as day:
        job, checkpoint = await open_newest(day, "steady")
        await day.press("enter")
        await day.wait(3)
        screen = day.app.screen
        assert isinstance(screen, CheckpointVertexScreen)
        await day.sees("PHASES")
        path = f"jobs/{job}/checkpoints/details/{checkpoint}/subtasks/{screen.vertex}"
        told = day.cluster.document(path)
        assert len(subtasks(day)) == len(told["subtasks"])
        for one in told["subtasks"]:
            row = next(row for row in subtasks(day) if row.index == one["index"])
            assert row.times.parts == (
                one.get("start_delay"),
                one["alignment"]["duration"],
                one["checkpoint"]["sync"],
                one["checkpoint"]["async"],
            )
            assert row.times.total == one["end_to_end_duration"]
            assert row.written == one.get("checkpointed_size", one["state_size"])
            line = day.line(f" {one['index']}  COMPLETED")
            assert fmt.milliseconds(one["end_to_end_duration"]) in line
            start = one.get("start_delay")
            assert (fmt.milliseconds(start) if start is not None else fmt.ABSENT) in line
            assert any(shape in line for shape, _, _ in SHAPES)
        summary = told["summary"]["end_to_end_duration"]
        for name in ("min", "avg", "max"):
            assert fmt.milliseconds(summary[name]) in day.line(f"   {name}   ")
        assert "slowest " in day.text


async def test_the_selected_vertexs_subtasks_are_below_where_there_is_room() -> None:
    async with monitor("1.20.5", (120, 40)) as day:
        await open_newest(day, "steady")
        await day.sees("PHASES")
        first = [row.times.total for row in subtasks(day)]
        await day.press("j", "j")
        await day.wait(3)
        second = [row.times.total for row in subtasks(day)]
        assert first
        assert second
        assert first != second
    async with monitor("1.20.5", (100, 30)) as day:
        job, checkpoint = await open_newest(day, "steady")
        assert "PHASES" not in day.text
        below = f"jobs/{job}/checkpoints/details/{checkpoint}/subtasks/"
        assert not [target for target in day.asked() if target.startswith(below)]


async def test_a_completed_checkpoint_is_requested_once() -> None:
    async with monitor("1.20.5", (120, 40)) as day:
        job, checkpoint = await open_newest(day, "steady")
        await day.wait(60)
        own = f"jobs/{job}/checkpoints/details/{checkpoint}"
        asked = [target for target in day.asked() if target.startswith(own)]
        assert sorted(target == own for target in asked) == [False, True], asked


async def test_one_in_progress_is_watched_until_it_has_completed() -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")
    vertex = cluster.document(f"jobs/{job}")["vertices"][1]
    progressing(cluster, job, 15, vertex["id"])
    async with monitor(cluster=cluster, size=WIDE) as day:
        await open_newest(day, "steady")
        own = f"jobs/{job}/checkpoints/details/15"
        assert "◐ IN PROGRESS  checkpoint 15" in day.text
        assert "Not acknowledged yet: " in day.text
        assert f"{vertex['name'][:30]}" in day.line("Not acknowledged yet")
        since = len(cluster.asked)
        await day.wait(12)
        assert day.asked(since).count(own) >= 3
        assert "1 (2/2)" in day.line(f"│ {vertex['name'][:25]}")
        # What the table below has asked for is said in the header too.
        assert "1 of 2 subtasks missing: 1 (2/2)" in day.line("Not acknowledged yet")
        await day.press("enter")
        await day.wait(3)
        await day.sees("PHASES")
        assert [(row.index, row.state) for row in subtasks(day)] == [(1, "PENDING"), (0, "COMPLETED")]
        assert "not acknowledged yet: 1 of 2 subtasks missing: 1 (2/2)" in day.text
        cluster.changed.clear()
        await day.wait(6)
        assert {row.state for row in subtasks(day)} == {"COMPLETED"}
        assert "not acknowledged" not in day.text
        since = len(cluster.asked)
        await day.wait(60)
        assert not [target for target in day.asked(since) if "/details/" in target]


async def test_who_did_not_acknowledge_a_failed_one_and_why_it_failed() -> None:
    async with monitor("2.3.0", WIDE) as day:
        job = await open_checkpoints(day, "failed")
        message = day.cluster.document(f"jobs/{job}/checkpoints")["latest"]["failed"]["failure_message"]
        await day.press("enter")
        await day.wait(3)
        await day.sees("VERTEX")
        assert "✕ FAILED  checkpoint 4" in day.text
        assert f"Failed: {message}" in day.text
        assert "Not acknowledged: Source: events" in day.text
        assert ", 2 of 2 subtasks missing: 0-1 (1-2/2)" in day.text
        assert all(row.missing for row in shares(day))
        await day.sees("│ Source: events")
        assert "0-1 (1-2/2)" in day.line("│ Source: events")
        await day.press("enter")
        await day.wait(3)
        await day.sees("not acknowledged: 2 of 2 subtasks missing: 0-1 (1-2/2)")
        assert {row.state for row in subtasks(day)} == {"MISSING"}


async def test_a_long_failure_message_is_wrapped_and_shown_whole() -> None:
    cluster = FixtureCluster("1.9.3")
    job = cluster.job("failed")
    message = " ".join(f"word{number}" for number in range(60))

    def verbose(document: dict[str, Any]) -> dict[str, Any]:
        document["history"][0]["failure_message"] = message
        return document

    cluster.changed[f"jobs/{job}/checkpoints"] = verbose
    async with monitor(cluster=cluster, size=(80, 30)) as day:
        await open_newest(day, "failed")
        assert message in " ".join(" ".join(day.lines).split())


async def test_older_and_newer_checkpoints_are_a_key_away() -> None:
    async with monitor("1.20.5", (120, 40)) as day:
        job, checkpoint = await open_newest(day, "steady")
        await day.press("greater_than_sign")
        assert day.app.screen.checkpoint == checkpoint  # type: ignore[attr-defined]  # a CheckpointScreen
        await day.press("less_than_sign")
        assert day.app.screen.checkpoint == checkpoint - 1  # type: ignore[attr-defined]  # a CheckpointScreen
        await day.wait(3)
        # Only some details were recorded: what the history tells of it is shown all the same.
        assert f"chk-{checkpoint - 1}" in day.line("path ")
        await day.press("greater_than_sign", "enter")
        await day.wait(3)
        vertex = day.app.screen.vertex  # type: ignore[attr-defined]  # a CheckpointVertexScreen
        await day.press("less_than_sign")
        screen = day.app.screen
        assert isinstance(screen, CheckpointVertexScreen)
        assert (screen.job, screen.checkpoint, screen.vertex) == (job, checkpoint - 1, vertex)
        await day.press("escape", "escape")
        assert "─ History ─" in day.text


async def test_details_that_flink_has_dropped_keep_their_last_picture() -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")
    vertex = cluster.document(f"jobs/{job}")["vertices"][1]
    progressing(cluster, job, 15, vertex["id"])
    async with monitor(cluster=cluster, size=WIDE) as day:
        await open_newest(day, "steady")
        await day.wait(6)
        cluster.changed[f"jobs/{job}/checkpoints/details/15"] = GONE
        await day.wait(6)
        assert "Flink no longer has the details of this checkpoint" in day.text
        assert "esc goes back" in day.text
        assert shares(day)
        assert all(row.old for row in shares(day))


async def test_a_checkpoint_that_was_never_there_is_a_sentence() -> None:
    async with monitor("1.20.5", (120, 40)) as day:
        job = await open_checkpoints(day, "steady")
        day.app.push_screen(CheckpointScreen(job, 999999))
        await day.settled()
        await day.wait(3)
        await day.sees("checkpoint 999999: Could not find checkpointing statistics")
        day.app.push_screen(CheckpointVertexScreen(job, 999999, "no-such-vertex"))
        await day.settled()
        await day.wait(3)
        await day.sees("Flink no longer has the details of this checkpoint")


async def test_a_vertex_that_the_job_does_not_know_is_called_by_its_id() -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")

    def rescaled(document: dict[str, Any]) -> dict[str, Any]:
        document["vertices"] = document["vertices"][1:]
        return document

    first = cluster.document(f"jobs/{job}")["vertices"][0]["id"]
    cluster.changed[f"jobs/{job}"] = rescaled
    async with monitor(cluster=cluster, size=WIDE) as day:
        await open_newest(day, "steady")
        await day.sees(f"│ {first}")


async def test_y_copies_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    async with monitor("1.20.5", (120, 40)) as day:
        copied: list[str] = []
        monkeypatch.setattr(day.app, "copy_text", copied.append)
        job, checkpoint = await open_newest(day, "steady")
        await day.press("y", "enter")
        await day.wait(1)
        await day.press("y")
        screen = day.app.screen
        assert isinstance(screen, CheckpointVertexScreen)
        assert copied == [details(day, job, checkpoint)["external_path"], screen.vertex]


async def test_five_thousand_subtasks_have_percentiles_and_the_late_ones_first() -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")
    vertex = cluster.document(f"jobs/{job}")["vertices"][1]["id"]
    path = f"jobs/{job}/checkpoints/details/15/subtasks/{vertex}"

    def wide(document: dict[str, Any]) -> dict[str, Any]:
        like = document["subtasks"][0]
        document["subtasks"] = [
            like | {"index": index, "end_to_end_duration": index, "start_delay": index // 2}
            for index in range(5000)
        ]
        document["subtasks"][7] = {"className": "pending", "index": 7, "status": "pending_or_failed"}
        return document

    cluster.changed[path] = wide
    async with monitor(cluster=cluster, size=WIDE) as day:
        await open_checkpoints(day, "steady")
        day.app.push_screen(CheckpointVertexScreen(job, 15, vertex))
        await day.settled()
        await day.wait(3)
        await day.sees("p95")
        assert [row.index for row in subtasks(day)[:3]] == [7, 4999, 4998]
        assert len(subtasks(day)) == 5000
        assert (
            "start delay of subtask 4999 (5000/5000): 2.5 s of 5.0 s" in day.text
            or "acknowledgement's way" in day.text
        )
        for name, part in PERCENTILES:
            assert fmt.milliseconds(part * 5000) in day.line(f" {name}  ")


def test_a_bar_is_as_long_as_its_share_of_the_scale() -> None:
    row = SubtaskShare("0", 0, "COMPLETED", PhaseTimes(10.0, 20.0, 30.0, 40.0, 100.0), 200.0)
    shown = "".join(text for text, _ in painted_bar(row, 20, ascii=False).runs)
    assert shown == "░▒▒▓▓▓████"
    plain = "".join(text for text, _ in painted_bar(row, 20, ascii=True).runs)
    assert plain == ":==###@@@@"
    assert len({tone for _, tone in painted_bar(row, 20, ascii=False).runs}) == 4


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_one_checkpoint_and_one_vertex_of_it(size: tuple[int, int]) -> None:
    async with monitor("1.20.5", size) as day:
        day.app.push_screen(CheckpointScreen(day.cluster.job("steady"), 15))
        await day.settled()
        await day.wait(3)
        for text in ("ACKED", "PHASES" if size[0] > 20 else "SUBTASK"):
            await day.sees(text)
            assert len(day.lines) == size[1]
            assert all(len(line) <= size[0] for line in day.lines)
            await day.press("enter")
            await day.wait(3)


async def test_ascii_has_no_other_letters_than_the_names() -> None:
    async with monitor("1.20.5", (120, 40), ascii_only=True) as day:
        await open_newest(day, "steady")
        await day.press("enter")
        await day.wait(3)
        await day.sees("PHASES")
        names = day.line("dedupe")
        assert "\n".join(line for line in day.lines[1:] if line != names).isascii(), day.text
        assert ":: start delay" in day.text
