"""A cluster of many jobs, and a job of many vertices, made from recorded answers.

    python -m tests.bench.wide [--jobs N] [--vertices N]

serves it until ctrl+c or SIGTERM, and prints its address. Its values move as a real cluster's do.
"""

from __future__ import annotations

import argparse
import copy
import json
import signal
import sys
import threading
from typing import Any

from tests.fixture_cluster import Answer, FixtureCluster, split
from tests.fixture_server import FixtureServer

RELEASE = "1.20.5"
MODEL = "steady"
"""The recorded job that all others are made from."""
WIDE_NAME = "wide"
"""The name of the job of many vertices."""


class WideCluster(FixtureCluster):
    """Recorded answers, with `jobs` copies of one job and another copy that has `vertices` vertices."""

    def __init__(self, jobs: int = 1000, vertices: int = 500) -> None:
        super().__init__(RELEASE)
        self._model = self.job(MODEL)
        self._wide = f"{0xF << 124:032x}"
        self._names = {f"{number + 1:032x}": f"job {number:04} of many" for number in range(jobs)}
        self._names[self._wide] = WIDE_NAME
        detail = self.document(f"jobs/{self._model}")
        self._vertex_ids: list[str] = [vertex["id"] for vertex in detail["vertices"]]
        self._documents = {
            "jobs/overview": json.dumps(self._overview(), ensure_ascii=False).encode(),
            f"jobs/{self._wide}": json.dumps(self._wide_job(detail, vertices), ensure_ascii=False).encode(),
        }

    def answer(self, target: str) -> Answer:
        """As a recorded cluster's, for jobs and vertices that were never recorded too."""
        path, _ = split(target)
        if path in self._documents:
            return 200, self._documents[path]
        parts = path.split("/")
        if len(parts) < 2 or parts[1] not in self._names:
            return super().answer(target)
        name = self._names[parts[1]]
        if len(parts) > 3 and parts[2] == "vertices":
            # The number of the vertex says which of the model's it is a copy of.
            number = int(parts[3], 16) if parts[3] not in self._vertex_ids else None
            if number is not None:
                target = target.replace(parts[3], self._model_vertex(number))
        status, body = super().answer(target.replace(parts[1], self._model))
        return status, _renamed(body, self._model, parts[1], name)

    def _overview(self) -> dict[str, Any]:
        jobs = self.document("jobs/overview")["jobs"]
        model = next(job for job in jobs if job["jid"] == self._model)
        return {"jobs": [{**model, "jid": jid, "name": name} for jid, name in self._names.items()]}

    def _model_vertex(self, number: int) -> str:
        """Which of the model's vertices stands at a place: the ends are the ends, in between the others."""
        between = self._vertex_ids[1:-1]
        return self._vertex_ids[0] if number == 1 else between[number % len(between)]

    def _wide_job(self, detail: dict[str, Any], count: int) -> dict[str, Any]:
        found = {vertex["id"]: vertex for vertex in detail["vertices"]}
        vertices, nodes = [], []
        for number in range(1, count + 1):
            model = self._vertex_ids[-1] if number == count else self._model_vertex(number)
            vertex = copy.deepcopy(found[model])
            vertex["id"] = f"{number:032x}"
            vertex["name"] = f"{number:03} {vertex['name']}"
            vertices.append(vertex)
            edge = {"num": 0, "id": f"{number - 1:032x}", "ship_strategy": "HASH", "exchange": "pipelined"}
            node = {
                "id": vertex["id"],
                "parallelism": vertex["parallelism"],
                "operator": "",
                "description": "",
            }
            nodes.append({**node, "inputs": [edge]} if number > 1 else node)
        plan = {**detail["plan"], "jid": self._wide, "name": WIDE_NAME, "nodes": nodes}
        return {**detail, "jid": self._wide, "name": WIDE_NAME, "vertices": vertices, "plan": plan}


def _renamed(body: bytes, model: str, jid: str, name: str) -> bytes:
    body = body.replace(model.encode(), jid.encode())
    document = json.loads(body) if body.startswith(b'{"jid"') else None
    return body if document is None else json.dumps({**document, "name": name}, ensure_ascii=False).encode()


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--vertices", type=int, default=500)
    arguments = parser.parse_args()
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    with FixtureServer(WideCluster(arguments.jobs, arguments.vertices), moves=True) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        end.wait()


if __name__ == "__main__":
    main()
