"""Jars, applications and datasets, and how places are gone to by short words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixture_cluster import FixtureCluster
from tests.ui.day import monitor
from tests.ui.matrix import RELEASES
from tests.ui.test_processes import go, seen, taskmanager

pytestmark = pytest.mark.deep


@pytest.mark.parametrize("release", RELEASES)
async def test_jars_are_listed_with_their_entry_classes(release: str) -> None:
    async with monitor(release) as day:
        await go(day, "jars")
        [jar] = day.cluster.document("jars")["files"]
        line = day.line(jar["name"])
        assert jar["entry"][0]["name"] in line
        assert seen(day).cursor_key == jar["id"]


async def test_a_cluster_that_takes_no_jars_says_why() -> None:
    cluster = FixtureCluster("1.20.5")
    cluster.changed["jars"] = (404, {"errors": ["Unable to load requested file /jars."]})
    async with monitor(cluster=cluster) as day:
        await go(day, "jars")
        assert "web.submit.enable is false" in day.text


@pytest.mark.parametrize("release", RELEASES)
async def test_applications_open_with_their_jobs(release: str) -> None:
    async with monitor(release) as day:
        await go(day, "applications")
        if release != "2.3.0":
            assert f"Flink 2.3 or later is needed for applications (this is {release})." in day.text
            return
        documents = day.cluster.document("applications/overview")["applications"]
        jobs = next(column for column in seen(day).columns if column.key == "jobs")
        assert {row.id: jobs.cell(row)[0] for row in seen(day)._rows} == {
            one["id"]: ", ".join(f"{count} {state.lower()}" for state, count in one["jobs"].items())
            for one in documents
        }
        failed = next(one for one in documents if one["status"] == "FAILED")
        assert seen(day).cursor_key == failed["id"]
        await day.press("enter")
        await day.wait(3)
        [job] = day.cluster.document(f"applications/{failed['id']}")["jobs"]
        assert job["name"] in day.line(f"✕ {job['state']}  ")
        await day.press("2")
        await day.wait(3)
        await day.sees("Recovery is suppressed by")
        await day.press("3")
        await day.wait(3)
        await day.sees("blob.server.port")
        await day.press("1", "enter")
        await day.wait(3)
        assert type(day.app.screen).__name__ == "JobScreen"


@pytest.mark.parametrize("release", RELEASES)
async def test_datasets_are_listed_where_there_are_any(release: str) -> None:
    cluster = FixtureCluster(release)
    one = "9a17f2b6c0a9c9b5d4f0a9c9b5d4f0a1"
    cluster.changed["datasets"] = {"dataSets": [{"id": one, "isComplete": True}]}
    async with monitor(cluster=cluster) as day:
        await go(day, "datasets")
        if release == "1.9.3":
            assert "Flink 1.11 or later is needed for datasets (this is 1.9.3)." in day.text
        else:
            assert "yes" in day.line(one)
            del cluster.changed["datasets"]
            await day.wait(12)
            assert "No program keeps an intermediate result" in day.text


@pytest.mark.parametrize(
    ("word", "screen"),
    [
        ("tm", "TaskManagersScreen"),
        ("jm", "JobManagerScreen"),
        ("jars", "JarsScreen"),
        ("logs", "JobManagerScreen"),
    ],
)
async def test_short_words_lead_there(word: str, screen: str) -> None:
    async with monitor("1.20.5") as day:
        await go(day, word)
        assert type(day.app.screen).__name__ == screen
        if word == "logs":
            assert "[7 Log list]" in day.text


@pytest.mark.deep
async def test_a_colon_that_is_typed_before_a_word_is_no_part_of_it() -> None:
    async with monitor("1.20.5") as day:
        await day.press("colon", "colon")
        # What is found without a word is all there is.
        await day.sees("copy  (y)")
        await day.press(*"jars", "enter")
        await day.wait(3)
        assert type(day.app.screen).__name__ == "JarsScreen"


async def test_taskmanagers_are_found_by_name() -> None:
    async with monitor("1.20.5") as day:
        one = taskmanager(day.cluster)["id"]
        await day.press("colon")
        await day.wait(1)
        await day.press(*one[:14], "enter")
        await day.wait(3)
        assert type(day.app.screen).__name__ == "TaskManagerScreen"
        assert one in day.text
        since = len(day.cluster.asked)
        await day.press("escape")
        await day.wait(12)
        assert "taskmanagers" not in day.asked(since), "asked for while the palette is open only"


def history(document: dict[str, Any]) -> dict[str, Any]:
    """/config as a HistoryServer answers it."""
    return document | {"features": document["features"] | {"web-history": True, "web-submit": False}}


@pytest.mark.parametrize("release", ["1.20.5", "2.3.0"])
async def test_a_history_server_says_what_it_does_not_have(release: str) -> None:
    cluster = FixtureCluster(release)
    cluster.changed["config"] = history
    async with monitor(cluster=cluster) as day:
        since = len(cluster.asked)
        await day.press("M")
        await day.wait(3)
        assert "has no TaskManagers" in day.text
        await day.press("J")
        await day.wait(3)
        for tab in "123456789":
            await day.press(tab)
            await day.wait(2)
            await day.sees("HistoryServer")
        await go(day, "jars")
        await day.sees("has no uploaded jars")
        wanted = ("taskmanagers", "jobmanager/", "jars", "datasets")
        assert not [target for target in day.asked(since) if target.startswith(wanted)]


async def test_a_history_server_shows_the_cluster_a_job_ran_on() -> None:
    cluster = FixtureCluster("1.20.5")
    cluster.changed["config"] = history
    async with monitor(cluster=cluster) as day:
        await day.press("slash", *"steady", "enter", "enter")
        await day.wait(3)
        tab = next(command for command in day.app.screen.TABS if command.label == "Configuration")  # type: ignore[attr-defined]  # a screen with tabs
        await day.press(*tab.keys)
        await day.wait(3)
        settings = {
            one["key"]: one["value"]
            for one in cluster.document(f"jobs/{cluster.job('steady')}/jobmanager/config")
        }
        rows = {row.name: row.value for row in seen(day)._rows if row.where == "cluster"}
        assert settings.items() <= rows.items()
        assert any(row.where == "class path" for row in seen(day)._rows)
