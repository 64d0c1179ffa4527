"""A HistoryServer that has not read an archive yet."""

from __future__ import annotations

import json

import pytest

from tests.fixture_cluster import Answer, FixtureCluster
from tests.ui.day import monitor


class HistoryServer(FixtureCluster):
    """One of a release without archives: up to 1.9 it has no list of jobs, later an empty one."""

    archived = False

    def answer(self, target: str) -> Answer:
        path = target.partition("?")[0].strip("/")
        if path == "config":
            return super().answer(target)
        if path == "jobs/overview" and (self.archived or self.release != "1.9.3"):
            jobs = self.document(path)["jobs"][:1] if self.archived else []
            return 200, json.dumps({"jobs": jobs}).encode()
        return 404, b'{"errors":["File not found."]}'


@pytest.mark.deep
@pytest.mark.parametrize("release", ["1.9.3", "2.3.0"])
async def test_a_history_server_without_archives_says_so_and_shows_the_first_one(release: str) -> None:
    cluster = HistoryServer(release)
    cluster.changed["config"] = lambda document: {**document, "features": {"web-history": release != "1.9.3"}}
    async with monitor(cluster=cluster, size=(80, 24)) as day:
        await day.wait(30)
        assert "No job is archived yet." in day.text
        assert "historyserver.archive.fs.dir" in day.text
        assert "not a Flink REST API" not in day.text
        assert "live" in day.lines[0]
        cluster.archived = True
        await day.wait(70)
        assert cluster.document("jobs/overview")["jobs"][0]["name"][:10] in day.text
