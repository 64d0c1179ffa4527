"""How Flink's answers differ between releases: two tables (releases.json) of what came and went with which.

They hold keys of documents and parts of metrics' ids; a slash parts what one is in, if it matters, from its
name. Jobs have been INITIALIZING since 1.12.
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
"""The releases that the demo can be: the short hash of the source, and when it was built."""


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
        gone = (names for release, names in changes["went"].items() if _number(release) <= self.number)
        self._lacks = frozenset(" ".join((*later, *gone)).split())
        self._lacks_in: dict[str, frozenset[str]] = {}  # by the key of the object they would be in
        for inside, slash, name in (one.rpartition("/") for one in self._lacks):
            if slash:
                self._lacks_in[inside] = self._lacks_in.get(inside, self._lacks) | {name}
        self.has = cache(self._has)  # whether a metric is among its own, by the parts of the id

    def since(self, *number: int) -> bool:
        return self.number >= number

    def own(self, metrics: dict[str, T]) -> dict[str, T]:
        return {name: value for name, value in metrics.items() if self.has(name)}

    def _has(self, metric: str) -> bool:
        return self._lacks.isdisjoint((metric, *metric.split(".")))

    def keep(self, value: Any, inside: str = "") -> Any:
        """A document without the keys that this release does not have; `inside` is the key it stands at.

        Documents that are lists are of metrics and of settings, which have the same keys in every release;
        tuples are left as they are.
        """
        if isinstance(value, dict):
            lacks = self._lacks_in.get(inside, self._lacks)
            return {
                name: self.keep(one, name) if isinstance(one, dict | list) else one
                for name, one in value.items()
                if name not in lacks
            }
        return [self.keep(one, inside) for one in value] if isinstance(value, list) and inside else value
