"""A recorded cluster whose subtasks' meters answer for every subtask, of vertices as wide as a test wants."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

from tests.fixture_cluster import Answer, FixtureCluster, split

_VERTEX_METRICS = re.compile(r"jobs/(\w+)/vertices/(\w+)/metrics$")


def meter(subtask: int, metric: str) -> str:
    """What a subtask's metric reads: a number that tells of both."""
    if "Watermark" in metric:
        return "-9223372036854775808"
    if metric.startswith("busyTime"):
        return str(float(subtask % 10 * 100))
    if metric.startswith("idleTime"):
        return str(1000.0 - subtask % 10 * 100)
    if metric.startswith("backPressured"):
        return "0.0"
    return str(float(subtask + 1))


class Metered(FixtureCluster):
    """Answers for the metrics of any subtask; `widen` gives a vertex more of them."""

    def __init__(self, release: str) -> None:
        super().__init__(release)
        self.read: Callable[[int, str], str] = meter
        """What a subtask's metric reads."""
        self.no_meters = False
        """Whether metrics never come."""

    def answer(self, target: str) -> Answer:
        path, params = split(target)
        wanted = dict(params).get("get")
        if self.no_meters and path.endswith("metrics") and "/vertices/" in path:
            return 200, b"[]"
        if _VERTEX_METRICS.match(path) and wanted is not None:
            found = []
            for name in wanted.split(","):
                subtask, _, metric = name.partition(".")
                found.append({"id": name, "value": self.read(int(subtask), metric)})
            return 200, json.dumps(found).encode()
        return super().answer(target)

    def widen(self, job: str, vertex: str, parallelism: int) -> None:
        """Give a vertex so many subtasks, each like its first."""

        def in_job(document: dict[str, Any]) -> dict[str, Any]:
            for one in document["vertices"]:
                if one["id"] == vertex:
                    one["parallelism"] = parallelism
                    one["tasks"] = {**one["tasks"], "RUNNING": parallelism}
            return document

        def in_vertex(document: dict[str, Any]) -> dict[str, Any]:
            first = document["subtasks"][0]
            document["parallelism"] = parallelism
            document["subtasks"] = [
                {**copy.deepcopy(first), "subtask": index} for index in range(parallelism)
            ]
            return document

        self.changed[f"jobs/{job}"] = in_job
        self.changed[f"jobs/{job}/vertices/{vertex}"] = in_vertex

    def vertex(self, job: str, at: int) -> dict[str, Any]:
        """The recorded answer about a job's n-th vertex."""
        vertices: list[dict[str, Any]] = self.document(f"jobs/{job}")["vertices"]
        document: dict[str, Any] = self.document(f"jobs/{job}/vertices/{vertices[at]['id']}")
        return document
