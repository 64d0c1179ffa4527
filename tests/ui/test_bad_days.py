"""Bad input and bad days: each is a sentence on the screen, and what was known stays."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from flinktop.ui.panels.cluster_line import ClusterLine
from flinktop.ui.panels.jobs_table import JobsTable
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import monitor
from tests.ui.test_job import open_job

pytestmark = pytest.mark.deep


async def test_a_lost_cluster_keeps_its_values_and_reconnects_automatically() -> None:
    async with monitor("1.20.5") as day:
        day.cluster.failure = httpx.ConnectError("Connection refused")
        await day.wait(20)
        assert "✕ lost" in day.lines[0]
        assert "retry in" in day.lines[0]
        assert "steady [test]" in day.text
        assert "flink.test:8081" in day.lines[1]
        assert "refused" in day.lines[1]
        day.cluster.failure = None
        await day.wait(40)
        assert "● live" in day.lines[0]
        assert "refused" not in day.text


@pytest.mark.parametrize("hangs", ["overview", "jobs/overview", ""], ids=["one thing", "the jobs", "all"])
async def test_requests_that_hang_are_not_live_after_two_intervals(hangs: str) -> None:
    async with monitor("1.20.5") as day:
        day.cluster.hangs = lambda path: path == hangs or not hangs
        await day.wait(9)
        assert "◐ slow, data" in day.lines[0]
        assert "live" not in day.lines[0]
        assert "steady [test]" in day.text
        day.cluster.release_held()
        await day.wait(3)
        assert "● live" in day.lines[0]


async def test_requests_that_hang_from_the_start() -> None:
    cluster = FixtureCluster("1.20.5")
    cluster.hangs = lambda _path: True
    async with monitor(cluster=cluster) as day:
        await day.wait(6)
        assert "◐ connecting 9 s" in day.lines[0]
        cluster.release_held()


async def test_coming_back_to_a_screen_is_not_slow() -> None:
    async with monitor("1.20.5") as day:
        await open_job(day, "steady")
        await day.wait(60)
        await day.press("escape")
        assert "● live" in day.lines[0]


async def test_a_missing_server_is_reported_at_once() -> None:
    cluster = FixtureCluster("1.20.5")
    cluster.failure = httpx.ConnectError("Connection refused")
    async with monitor(cluster=cluster) as day:
        assert "✕ no answer" in day.lines[0]
        assert "refused" in day.text
        assert "Traceback" not in day.text


STARTING = "Service temporarily unavailable due to an ongoing leader election."
CHECK = "check the user, password, token or headers of this cluster"


@pytest.mark.parametrize(
    ("answer", "mark", "words"),
    [
        ((401, {"errors": ["who are you"]}), "✕ login refused", f"who are you ({CHECK})"),
        ((403, {"message": "forbidden"}), "✕ access denied", f"403 Forbidden ({CHECK})"),
        ((404, {"message": "no route"}), "✕ not Flink", "not a Flink REST API (404 Not Found: no route)"),
        ((404, {"errors": ["Not found."]}), "✕ not Flink", "not a Flink REST API (404 for /"),
        ((503, {"errors": [STARTING]}), "✕ not ready", "leader election"),
        ((502, {"message": "bad gateway"}), "✕ error 502", "502 Bad Gateway"),
    ],
)
async def test_a_server_that_refuses_says_why(answer: tuple[int, Any], mark: str, words: str) -> None:
    cluster = FixtureCluster("1.20.5")
    for path in ("config", "overview", "jobs/overview"):
        cluster.changed[path] = answer
    async with monitor(cluster=cluster) as day:
        await day.wait(2)
        assert mark in day.lines[0]
        assert words in day.lines[1]
        assert "no job is running" not in day.text
        assert "HistoryServer" not in day.text


@pytest.mark.parametrize(
    ("answer", "mark", "words"),
    [
        ((401, {"errors": ["token expired"]}), "✕ login refused", f"token expired ({CHECK})"),
        ((403, {"message": "forbidden"}), "✕ access denied", CHECK),
        ((404, {"message": "no route"}), "✕ not Flink", "not a Flink REST API"),
    ],
)
async def test_an_expired_login_is_reported_at_once(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[int, Any], mark: str, words: str
) -> None:
    async with monitor("1.20.5") as day:
        monkeypatch.setattr(
            day.cluster, "answer", lambda _target: (answer[0], json.dumps(answer[1]).encode())
        )
        await day.wait(4)
        assert mark in day.lines[0]
        assert words in day.lines[1]
        assert "steady [test]" in day.text


async def test_what_alone_is_forbidden_does_not_end_the_link() -> None:
    async with monitor("1.20.5") as day:
        day.cluster.changed["overview"] = (403, {"errors": ["not for you"]})
        await day.wait(40)
        assert "● live" in day.lines[0]
        assert "not for you" not in day.lines[1]


async def test_a_server_that_is_not_flink_is_reported() -> None:
    cluster = FixtureCluster("1.20.5")
    for path in ("config", "overview", "jobs/overview"):
        cluster.changed[path] = {
            "name": "my-node",
            "cluster_name": "elastic",
            "tagline": "You Know, for Search",
        }
    async with monitor(cluster=cluster) as day:
        await day.wait(2)
        assert "not Flink" in day.text


@pytest.mark.deep
async def test_data_of_a_lost_cluster_are_greyed_and_their_ages_stop() -> None:
    async with monitor("1.20.5") as day:
        await open_job(day, "steady")
        since = day.line("RUNNING for")
        age = day.line("last checkpoint")
        day.cluster.failure = httpx.ConnectError("Connection refused")
        await day.wait(130)
        assert "The cluster does not answer. Last update 2 m ago." in day.text
        assert since in day.text
        assert "overdue" not in day.line("last checkpoint")
        assert age.split()[:2] == day.line("last checkpoint").split()[:2]
        assert all(row.old for row in day.table._rows)
        await day.press("escape", "escape")
        assert all(row.old for row in day.table._rows)
        assert "▲" not in day.line("steady")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_very_long_name_leaves_the_state_in_sight(size: tuple[int, int]) -> None:
    cluster = FixtureCluster("1.20.5")
    cluster.changed[f"jobs/{cluster.job('steady')}"] = lambda job: {**job, "name": "long " * 2000}
    async with monitor(cluster=cluster, size=size) as day:
        await open_job(day, "steady")
        assert "● RUNNING for" in day.text
        assert "last checkpoint" in day.text
        assert "count per user" in day.text


HOSTILE = (
    "kafka[a] -> [/] [bold red]x",
    "before\x1b[2J\x1b]0;title\x07after",
    "作业" * 40,
    "long " * 2000,
    "<b>&amp;</b>",
    "a\nb\r\nc\td\u202eevil\u0085",
    "",
)


@pytest.mark.deep
@pytest.mark.parametrize("size", [(20, 5), (80, 24), (120, 40)])
async def test_names_that_would_break_a_terminal_are_shown_as_text(size: tuple[int, int]) -> None:
    cluster = FixtureCluster("1.20.5")
    document = cluster.document("jobs/overview")
    jobs = [
        {**document["jobs"][0], "jid": f"{number:032x}", "name": name, "state": "RUNNING"}
        for number, name in enumerate(HOSTILE)
    ]
    cluster.changed["jobs/overview"] = {"jobs": jobs}
    async with monitor(cluster=cluster, size=size) as day:
        await day.wait(2)
        screens = [day.lines]
        for _ in HOSTILE:
            await day.press("enter")
            await day.wait(1)
            screens.append(day.lines)
            await day.press("escape", "j")
        for lines in screens:
            assert all(
                ord(letter) >= 32 and not 127 <= ord(letter) < 160 for line in lines for letter in line
            )
            assert all("\u202e" not in line for line in lines)
        if size == (120, 40):
            assert "kafka[a] -> [/] [bold red]x" in day.text


async def test_a_name_with_markup_in_the_palette_and_the_breadcrumb() -> None:
    cluster = FixtureCluster("1.20.5")
    document = cluster.document("jobs/overview")
    cluster.changed["jobs/overview"] = {"jobs": [{**document["jobs"][0], "name": HOSTILE[0]}]}
    async with monitor(cluster=cluster) as day:
        await day.press("colon", *"job kafka")
        await day.sees("job kafka[a] -> [/] [bold red]x")
        await day.press("escape", "enter")
        await day.settled()
        assert "kafka[a] -> [/]" in day.lines[0] or "kafka" not in day.lines[0]


async def test_a_panel_that_raises_says_so_and_the_rest_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_self: ClusterLine) -> None:
        raise ZeroDivisionError("no slots")

    monkeypatch.setattr(ClusterLine, "tick", broken)
    async with monitor("1.20.5", raise_errors=False) as day:
        await day.wait(4)
        assert "cannot show this: ZeroDivisionError: no slots" in day.text
        assert "steady [test]" in day.text


@pytest.mark.deep
async def test_a_panel_that_can_show_again_does(monkeypatch: pytest.MonkeyPatch) -> None:
    show = JobsTable.show
    failing = [True]

    def sometimes(self: JobsTable) -> None:
        if failing[0]:
            raise ValueError("not now")
        show(self)

    monkeypatch.setattr(JobsTable, "show", sometimes)
    async with monitor("1.20.5", raise_errors=False) as day:
        assert "cannot show this: ValueError: not now" in day.text
        failing[0] = False
        await day.wait(4)
        await day.sees("RUNNING")
        assert "cannot show this" not in day.text
        assert "steady [test]" in day.text


async def test_odd_fields_cost_only_themselves() -> None:
    cluster = FixtureCluster("1.20.5")

    def odd(document: dict[str, Any]) -> dict[str, Any]:
        document["jobs"][0]["start-time"] = "yesterday"
        document["jobs"][0]["tasks"] = None
        return document

    cluster.changed["jobs/overview"] = odd
    async with monitor(cluster=cluster) as day:
        for job in cluster.document("jobs/overview")["jobs"]:
            assert job["name"] in day.text


@pytest.mark.deep
async def test_a_thousand_jobs_cost_no_more_requests_than_the_screen_and_the_rotation() -> None:
    cluster = FixtureCluster("1.20.5")
    document = cluster.document("jobs/overview")
    running = next(job for job in document["jobs"] if job["state"] == "RUNNING")
    jobs = [{**running, "jid": f"{number:032x}", "name": f"job {number:04}"} for number in range(1000)]
    cluster.changed["jobs/overview"] = {"jobs": jobs}
    async with monitor(cluster=cluster) as day:
        assert "job 0000" in day.text
        since = len(cluster.asked)
        await day.wait(60)
        # 26 rows of four queries, some of which are 404 here and back off; the lists; the rotation.
        assert len(day.asked(since)) < 26 * 4 * 6 + 2 * 20 + 60 + 20
        await day.press("G")
        await day.wait(2)
        assert "job 0999" in day.text


@pytest.mark.deep
async def test_the_job_screen_on_a_lost_cluster_keeps_the_job() -> None:
    async with monitor("1.20.5") as day:
        await open_job(day, "steady")
        day.cluster.failure = httpx.ReadTimeout("timed out")
        await day.wait(30)
        assert "✕ lost" in day.lines[0]
        assert "count per user" in day.text
