"""What a place asks the cluster for in a minute, counted where the requests leave, and kept in a file.

    pytest tests/ui/test_requests.py -m "deep or long" --write-goldens

writes the files anew. Less than is written down is always allowed; more, more often or something else is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx

from flinktop.flink.endpoint import Query
from tests.ui.day import Day

KEPT = Path(__file__).parent / "requests"
_ID = re.compile(r"[0-9a-f]{32}|\d+|[\w.-]+:\d+-\w+|[\w.-]+\.(?:jar|log|out)[\w.]*")
"""The name of one thing among many: a job, a vertex, a subtask, a TaskManager, a jar, a file."""
_LINE = re.compile(
    r"  (?P<requests>\d+) requests, (?P<paths>\d+) paths, every (?P<every>[\d.]+|\?) s"
    r"(?:, (?P<metrics>\d+) metrics)?: (?P<what>.+)"
)


@dataclass(slots=True)
class Asked:
    """What is asked of one resource, whatever the ids are."""

    requests: int = 0
    every: float = float("inf")
    """Seconds between two polls at the least; infinite where it is not polled."""
    paths: set[str] = field(default_factory=set)
    """With their ids."""
    metrics: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Counts:
    """The same in numbers, as a line of the file has it."""

    requests: int
    paths: int
    every: float
    metrics: int

    def exceeds(self, other: Counts) -> bool:
        """Whether any of it is more."""
        return (
            self.requests > other.requests
            or self.paths > other.paths
            or self.every < other.every
            or self.metrics > other.metrics
        )


Page = Mapping[str, Counts]
"""What one tab at one size asks for: by resource."""


class Watch:
    """Notes each request that is made for what is on the screen, from now on."""

    def __init__(self, day: Day) -> None:
        self._poller = day.port.engine.poller
        self._answer = day.cluster.handle_async_request
        self._noted: dict[str, Asked] = {}
        day.cluster.handle_async_request = self._handle  # type: ignore[method-assign]

    def look(self) -> None:
        """Note what the screen watches, asked for or not."""
        for query, watched in self._poller._visible.items():
            self._add(query.target, 0, self._poller._interval(watched))

    @property
    def page(self) -> Page:
        """What was noted."""
        return {
            what: Counts(one.requests, len(one.paths), one.every, len(one.metrics))
            for what, one in sorted(self._noted.items())
        }

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        self._note(request.method, request.url.raw_path.decode().lstrip("/"))
        return await self._answer(request)

    def _note(self, method: str, target: str) -> None:
        path = target.partition("?")[0]
        polled = [one for query, one in self._poller._flying.items() if path_of(query) == path]
        if not polled:
            self._add(target, 1, float("inf"), method)
        elif seen := [one for one in polled if one.panels]:
            # What is asked in the background is the engine's, and has a budget of its own.
            self._add(target, 1, min(self._poller._interval(one) for one in seen))

    def _add(self, target: str, requests: int, every: float, method: str = "GET") -> None:
        path, _, params = target.partition("?")
        given = dict(parse_qsl(params, keep_blank_values=True))
        wanted = given.pop("get", "")
        others = "&".join(
            [
                *(f"{name}={_ID.sub('*', value)}" for name, value in sorted(given.items())),
                *(["get=…"] if wanted else []),
            ]
        )
        what = "/".join("*" if _ID.fullmatch(part) else part for part in unquote(path).split("/"))
        what = "?".join(filter(None, [what, others]))
        asked = self._noted.setdefault(what if method == "GET" else f"{method} {what}", Asked())
        asked.requests += requests
        asked.every = min(asked.every, every)
        asked.paths.add(path)
        asked.metrics.update(filter(None, wanted.split(",")))


def path_of(query: Query[Any]) -> str:
    return query.target.partition("?")[0]


def lines(pages: Mapping[str, Page]) -> Iterator[str]:
    """The pages of a place as they are kept."""
    for name, asked in pages.items():
        yield name
        for what, one in asked.items():
            every = f"{one.every:g}" if one.every < float("inf") else "?"
            metrics = f", {one.metrics} metrics" if one.metrics else ""
            yield f"  {one.requests} requests, {one.paths} paths, every {every} s{metrics}: {what}"


def read(text: Iterable[str]) -> dict[str, dict[str, Counts]]:
    """The other way round."""
    pages: dict[str, dict[str, Counts]] = {}
    last: dict[str, Counts] = {}
    for line in text:
        found = _LINE.fullmatch(line)
        if found is None:
            last = pages.setdefault(line, {})
        else:
            every = float("inf") if found["every"] == "?" else float(found["every"])
            last[found["what"]] = Counts(
                int(found["requests"]), int(found["paths"]), every, int(found["metrics"] or 0)
            )
    return pages


def more(kept: Mapping[str, Page], seen: Mapping[str, Page]) -> Iterator[str]:
    """What is asked now that was not, or more than it was; on a page that is not kept all of it."""
    for name, asked in seen.items():
        for what, one in asked.items():
            known = kept.get(name, {}).get(what)
            if known is None or one.exceeds(known):
                yield f"{name}: {what}: {one}, where {known} is written down"
