"""A cluster made of recorded answers: an httpx transport over tests/fixtures/<release>."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx

FIXTURES = Path(__file__).parent / "fixtures"

Answer = tuple[int, bytes]


@lru_cache(maxsize=8)
def recorded(release: str) -> dict[str, dict[tuple[tuple[str, str], ...], Answer]]:
    """What was recorded of a release: by path, then by parameters."""
    found: dict[str, dict[tuple[tuple[str, str], ...], Answer]] = {}
    directory = FIXTURES / release
    for entry in json.loads((directory / "index.json").read_text(encoding="utf-8")):
        path, params = split(entry["path"])
        body = (directory / entry["file"]).read_bytes()
        found.setdefault(path, {}).setdefault(params, (entry["status"], body))
    return found


def split(target: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A target's path and its parameters in order."""
    parts = urlsplit(target)
    return unquote(parts.path).strip("/"), tuple(sorted(parse_qsl(parts.query)))


class FixtureCluster(httpx.AsyncBaseTransport):
    """Answers GETs as the recorded cluster did; a test may change any answer or break the link."""

    def __init__(self, release: str) -> None:
        self.release = release
        self.recorded = recorded(release)
        self.asked: list[str] = []
        self.changed: dict[str, Any] = {}
        """By path: a document, (status, document), or a function of the recorded document."""
        self.failure: Exception | None = None
        self.hangs: Callable[[str], bool] = lambda _path: False
        """Which paths are not answered before `release_held`."""
        self.held = 0
        """Requests that wait for that."""
        self._released = asyncio.Event()

    def release_held(self) -> None:
        """Answer what was held, and hold nothing any more."""
        self.hangs = lambda _path: False
        self._released.set()
        self._released = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        self.asked.append(f"{request.method} {target}")
        if self.hangs(split(target)[0]):
            self.held += 1
            try:
                await self._released.wait()
            finally:
                self.held -= 1
        if self.failure is not None:
            raise self.failure
        status, body = self.answer(target)
        return httpx.Response(
            status, content=body, headers={"content-type": "application/json"}, request=request
        )

    def answer(self, target: str) -> Answer:
        """Status and body for a target."""
        path, params = split(target)
        status, body = self._recorded(path, params)
        change = self.changed.get(path)
        if change is None:
            return status, body
        if isinstance(change, tuple):
            return change[0], json.dumps(change[1]).encode()
        if isinstance(change, Callable):  # type: ignore[arg-type]  # mypy does not take it for a class
            return status, json.dumps(change(json.loads(body))).encode()
        return 200, json.dumps(change).encode()

    def document(self, path: str) -> Any:
        """The recorded document of a path."""
        return json.loads(self._recorded(path, ())[1])

    def job(self, name: str) -> str:
        """The id of a job by the beginning of its name."""
        jobs: list[dict[str, Any]] = self.document("jobs/overview")["jobs"]
        return str(next(job["jid"] for job in jobs if job["name"].startswith(name)))

    def _recorded(self, path: str, params: tuple[tuple[str, str], ...]) -> Answer:
        answers = self.recorded.get(path, {})
        if params in answers:
            return answers[params]
        wanted = dict(params).get("get")
        if wanted is None:
            return 404, json.dumps({"errors": [f"Unable to load requested file /{path}."]}).encode()
        return 200, json.dumps(
            self._metrics(answers, wanted.split(","), aggregated=_aggregates(path))
        ).encode()

    @staticmethod
    def _metrics(
        answers: dict[tuple[tuple[str, str], ...], Answer], wanted: list[str], *, aggregated: bool
    ) -> list[Any]:
        """Metrics as the server picks them: an unknown id is skipped, or empties an aggregated answer."""
        known: dict[str, Any] = {}
        for params, (status, body) in answers.items():
            if status == 200 and "get" in dict(params):
                known.update({metric["id"]: metric for metric in json.loads(body)})
        if aggregated and any(name not in known for name in wanted):
            return []
        return [known[name] for name in wanted if name in known]


def _aggregates(path: str) -> bool:
    return path.endswith("subtasks/metrics") or path in ("jobs/metrics", "taskmanagers/metrics")
