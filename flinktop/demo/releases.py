"""Differences of answers between Flink's releases: two tables (releases.json) of additions and removals.

They hold keys of documents and parts of metric ids; before a slash is the key of the containing object,
if it matters. Jobs are INITIALIZING from 1.12 on.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

COMMITS: dict[str, tuple[str, str]] = {
    "1.9.3": ("6d23b2c", "17.04.2020 @ 19:08:57 CST"),
    "1.14.6": ("a921a4d", "2022-09-09T10:18:38+02:00"),
    "1.20.5": ("0980485", "2026-06-08T09:21:06+02:00"),
    "2.3.0": ("c0f8d1a", "2026-06-14T16:29:03+02:00"),
}
"""The releases that the demo can simulate: commit hash and build time."""


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")[:2]))


class Release:
    """One release of Flink."""

    def __init__(self, version: str = "2.3.0") -> None:
        if version not in COMMITS:
            raise ValueError(f"the demo can be Flink {', '.join(COMMITS)}, not {version}")
        self.version = version
        self.number = _number(version)
        changes = json.loads(Path(__file__).with_name("releases.json").read_bytes())
        later = (names for release, names in changes["came"].items() if _number(release) > self.number)
        removed = (names for release, names in changes["went"].items() if _number(release) <= self.number)
        self._lacks = frozenset(" ".join((*later, *removed)).split())
        self._lacks_in: dict[str, frozenset[str]] = {}  # by the key of the containing object
        for inside, slash, name in (one.rpartition("/") for one in self._lacks):
            if slash:
                self._lacks_in[inside] = self._lacks_in.get(inside, self._lacks) | {name}
        self.has = cache(self._has)  # whether the release has a metric, by the parts of its id

    def since(self, *number: int) -> bool:
        return self.number >= number

    def own(self, metrics: dict[str, T]) -> dict[str, T]:
        return {name: value for name, value in metrics.items() if self.has(name)}

    def _has(self, metric: str) -> bool:
        return self._lacks.isdisjoint((metric, *metric.split(".")))

    def keep(self, value: Any, inside: str = "") -> Any:
        """A document without the keys that this release does not have; `inside` is the key of the document.

        Documents that are lists have metrics or settings, with the same keys in every release; tuples are not
        changed.
        """
        if isinstance(value, dict):
            lacks = self._lacks_in.get(inside, self._lacks)
            return {
                name: self.keep(one, name) if isinstance(one, dict | list) else one
                for name, one in value.items()
                if name not in lacks
            }
        return [self.keep(one, inside) for one in value] if isinstance(value, list) and inside else value
