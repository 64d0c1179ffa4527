"""Why a job failed, on the screen: root cause first, repeats as one, the stack."""

from __future__ import annotations

from typing import Any

import pytest

from flinktop.ui.panels.job_exceptions import explained
from flinktop.ui.widgets.pager import Pager
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor
from tests.ui.matrix import RELEASES
from tests.ui.test_job import open_job

pytestmark = pytest.mark.deep

INNER = "NumberFormatException: For input string:"


async def open_exceptions(day: Day, job: str) -> None:
    await open_job(day, job)
    await day.press("4")
    await day.wait(3)


@pytest.mark.parametrize("release", [one for one in RELEASES if one != "1.9.3"])
async def test_repeats_are_one_row_with_their_number_and_their_root_cause(release: str) -> None:
    async with monitor(release, (150, 50)) as day:
        await open_exceptions(day, "failing")
        told = day.cluster.document(f"jobs/{day.cluster.job('failing')}/exceptions")["exceptionHistory"][
            "entries"
        ]
        await day.sees(f"same error {len(told)} times")
        assert "(same error)" in day.line("first  seen ")
        assert day.line("latest ").startswith(f"latest {INNER}")
        task = told[0]["taskName"]
        assert task.partition(" (")[0][:30] in day.text
        index = int(task.rpartition(" (")[2].partition("/")[0]) - 1
        await day.sees(f"subtask {index} ({index + 1}/2)")
        assert (told[0].get("taskManagerId") or told[0]["location"])[:20] in day.text


async def test_1_9_reports_only_the_last_failure_and_the_screen_says_so() -> None:
    async with monitor("1.9.3", (150, 50)) as day:
        await open_exceptions(day, "failing")
        await day.sees("Up to 1.12 Flink reports only the last failure")


async def test_a_failed_job_of_1_9_shows_its_failure() -> None:
    async with monitor("1.9.3", (150, 50)) as day:
        await open_exceptions(day, "failed")
        assert INNER in day.line("latest ")
        assert "localhost:" in day.line("in parse")


@pytest.mark.parametrize("release", RELEASES)
async def test_a_job_without_failures_says_so(release: str) -> None:
    async with monitor(release) as day:
        await open_exceptions(day, "steady")
        await day.sees("no exceptions")


async def test_enter_opens_the_stack_folded_and_f_unfolds_it() -> None:
    async with monitor("1.20.5", (120, 40)) as day:
        await open_exceptions(day, "failing")
        await day.press("enter")
        await day.sees("▸ NumberFormatException")
        await day.sees("frames of Flink and Java")
        await day.sees("Caused by: java.lang.NumberFormatException")
        folded = len(day.app.screen.query_one(Pager).lines)
        await day.press("f")
        assert "frames of Flink and Java" not in day.text
        assert len(day.app.screen.query_one(Pager).lines) > folded
        await day.press("escape")
        await day.sees("[4 Exceptions]")


async def test_the_stack_that_is_copied_is_the_one_that_flink_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async with monitor("2.3.0") as day:
        copied: list[str] = []
        monkeypatch.setattr(day.app, "copy_text", copied.append)
        await open_exceptions(day, "failing")
        entry = day.cluster.document(f"jobs/{day.cluster.job('failing')}/exceptions")["exceptionHistory"][
            "entries"
        ][0]
        await day.press("y", "enter", "f", "y")
        assert copied == [entry["stacktrace"], entry["stacktrace"]]


async def test_one_steps_through_the_faults_of_a_kind() -> None:
    async with monitor("1.20.5") as day:
        await open_exceptions(day, "failing")
        await day.press("enter")
        await day.sees("this is the latest")
        told = day.cluster.document(f"jobs/{day.cluster.job('failing')}/exceptions")["exceptionHistory"][
            "entries"
        ]
        for _ in range(len(told) + 2):
            await day.press("less_than_sign")
        await day.sees("this is the first")
        await day.press("greater_than_sign")
        assert "this is the first" not in day.text


async def test_concurrent_exceptions_are_below_it() -> None:
    async with monitor("1.20.5", (150, 50)) as day:
        await open_exceptions(day, "failed")
        await day.sees("and NumberFormatException")
        await day.press("j", "enter")
        await day.sees("together with NumberFormatException")


def with_labels(document: dict[str, Any]) -> dict[str, Any]:
    for entry in document["exceptionHistory"]["entries"]:
        entry["failureLabels"] = {"type": "user [code]", "team": "x"}
    return document


async def test_labels_of_the_clusters_own_enrichers_are_shown() -> None:
    cluster = FixtureCluster("2.3.0")
    cluster.changed[f"jobs/{cluster.job('failing')}/exceptions"] = with_labels
    async with monitor(cluster=cluster, size=(200, 50)) as day:
        await open_exceptions(day, "failing")
        await day.sees("team=x type=us")
        await day.press("enter")
        await day.sees("labels team=x type=user [code]")


async def test_the_first_fault_is_shown_next_to_a_different_latest_one() -> None:
    cluster = FixtureCluster("2.3.0")
    job = cluster.job("failing")

    def changed(document: dict[str, Any]) -> dict[str, Any]:
        document["exceptionHistory"]["entries"][-1]["stacktrace"] = (
            "java.io.IOException: disk full\n\tat x.Y.z(Y.java:1)"
        )
        return document

    cluster.changed[f"jobs/{job}/exceptions"] = changed
    async with monitor(cluster=cluster, size=(150, 50)) as day:
        await open_exceptions(day, "failing")
        assert INNER in day.line("latest ")
        await day.sees("first  IOException: disk full")


async def test_a_truncated_history_is_requested_again_with_a_higher_limit() -> None:
    cluster = FixtureCluster("2.3.0")

    def cut(document: dict[str, Any]) -> dict[str, Any]:
        document["exceptionHistory"]["truncated"] = True
        return document

    path = f"jobs/{cluster.job('failing')}/exceptions"
    cluster.changed[path] = cut
    async with monitor(cluster=cluster) as day:
        await open_exceptions(day, "failing")
        assert f"{path}?maxExceptions=40" in day.asked()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_every_size_shows_the_reason(size: tuple[int, int]) -> None:
    async with monitor("2.3.0", size) as day:
        await open_exceptions(day, "failing")
        await day.sees(INNER)
        assert all(len(line) <= size[0] for line in day.lines)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_where_it_failed_is_not_cut_before_the_taskmanager(size: tuple[int, int]) -> None:
    async with monitor("2.3.0", size) as day:
        await open_exceptions(day, "failing")
        told = day.cluster.document(f"jobs/{day.cluster.job('failing')}/exceptions")
        taskmanager = told["exceptionHistory"]["entries"][0]["taskManagerId"]
        assert f"on {taskmanager}" in day.line("/2)")
        await day.press("enter")
        assert f"on {taskmanager}" in day.line("/2)")


async def test_blank_lines_of_a_small_screen_show_the_stack() -> None:
    async with monitor("2.3.0", (80, 24)) as day:
        await open_exceptions(day, "failing")
        rows = len(day.table._rows)
        await day.sees("Caused by: java.lang.NumberFormat")
        await day.pilot.resize_terminal(80, 20)
        await day.wait(2)
        assert "Caused by" not in day.text
        assert len(day.table._rows) == rows


async def test_exceptions_are_polled_only_while_visible() -> None:
    async with monitor("1.20.5") as day:
        await open_exceptions(day, "steady")
        await day.press("6")
        since = len(day.cluster.asked)
        await day.wait(30)
        assert not [target for target in day.asked(since) if target.endswith("/exceptions")]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_well_known_failure_says_what_it_means_and_what_to_do(size: tuple[int, int]) -> None:
    async with monitor("2.3.0", size, demo="mixed") as day:
        await open_exceptions(day, "orders-enr")
        await day.sees("means  TaskManager 10.4.2.17:41697-5b62f0 closed its connection")
        await day.sees("next   Look for the first cause at that TaskManager")
        read = " ".join(day.text.replace("│", "").split())
        assert "its process has most likely died. next Look" in read
        assert "container's exit code (137 is out of memory). look M: TaskManagers" in read
        assert "JobMasterException: Task" in day.line("11-12 19:49     1")
        await day.press("enter")
        await day.sees("▸ JobMasterException")
        await day.sees("has most likely died.")
        await day.sees("look   M: TaskManagers")
        assert "at org.apache.flink.runtime.jobmaster.JobMaster$" in day.text


async def test_on_few_lines_the_rows_come_first_and_a_sentence_that_is_cut_says_so() -> None:
    async with monitor("2.3.0", (80, 24), demo="mixed") as day:
        await open_exceptions(day, "orders-enr")
        await day.sees("look   M: TaskManagers")
        await day.pilot.resize_terminal(80, 17)
        await day.wait(5)
        assert "look   M" not in day.text
        assert day.line("means  ").endswith("its process …")
        assert day.line("next   ").endswith("…")
        assert "JobMasterException: Task" in day.line("11-12 19:49     1")
        await day.pilot.resize_terminal(80, 24)
        await day.wait(5)
        await day.sees("look   M: TaskManagers")


@pytest.mark.parametrize(
    ("width", "room", "labels"),
    [
        (80, 99, ["means", "", "next", "", "look"]),
        (80, 5, ["means", "", "next", "", "look"]),
        (80, 4, ["means", "", "next", ""]),
        (80, 3, ["means", "", "next"]),
        (80, 2, ["means", "next"]),
        (80, -5, ["means", "next"]),
        (500, 99, ["means", "next", "look"]),
        (3, 99, ["means", "", "", "", "next", "", "", "", "look"]),
    ],
)
def test_sentences_share_the_room_that_there_is(width: int, room: int, labels: list[str]) -> None:
    trace = "a.JobMasterException: TaskManager with id [b]tm-1[/b]\x1b[2J is no longer reachable."
    lines = explained(trace, width, room)
    assert [line[0][0].strip() for line in lines] == labels
    assert all("\x1b" not in text for line in lines for text, _ in line)
    assert any(text.endswith("…") for line in lines for text, _ in line) is (room < 4 or width == 3)
    assert explained("", width, room) == explained("a.B: x", width, room) == []


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_an_unknown_failure_says_nothing_more(size: tuple[int, int]) -> None:
    async with monitor("2.3.0", size, demo="mixed") as day:
        await open_exceptions(day, "experim")
        await day.sees("latest ValidationException: Could not find column")
        assert "means" not in day.text
        await day.press("enter")
        await day.sees("▸ ValidationException")
        assert "means" not in day.text
