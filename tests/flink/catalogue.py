"""The client's endpoint values by their paths, and the answers that were recorded from real clusters."""

import functools
import importlib
import json
import pkgutil
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flinktop.flink
from flinktop.flink.endpoint import Endpoint

FIXTURES = Path(__file__).parent.parent / "fixtures"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded answer to a GET."""

    release: str
    file: str
    path: str
    endpoint: str
    status: int

    @property
    def name(self) -> str:
        return f"{self.release}/{self.file}"

    @property
    def body(self) -> bytes:
        return (FIXTURES / self.release / self.file).read_bytes()


def template(path: str) -> str:
    """A path with every id, however it is written, as `:`."""
    return re.sub(r":\w+|\{\w+\}", ":", path.strip("/").partition("?")[0])


@functools.cache
def endpoints() -> dict[str, tuple[str, Endpoint[Any]]]:
    """All endpoint values of the client: template -> (module.NAME, value)."""
    found: dict[str, tuple[str, Endpoint[Any]]] = {}
    for info in pkgutil.iter_modules(flinktop.flink.__path__):
        module = importlib.import_module(f"flinktop.flink.{info.name}")
        for name, value in vars(module).items():
            if isinstance(value, Endpoint):
                key = template(value.path)
                assert found.setdefault(key, (f"{info.name}.{name}", value))[1] is value, f"two of {key}"
    return found


@functools.cache
def releases() -> tuple[str, ...]:
    """The releases that answers were recorded from, oldest first."""
    names = [path.parent.name for path in FIXTURES.glob("*/index.json")]
    return tuple(sorted(names, key=lambda name: [int(part) for part in name.split(".")]))


@functools.cache
def recorded(release: str) -> tuple[Recorded, ...]:
    """All recorded GETs of a release."""
    entries = json.loads((FIXTURES / release / "index.json").read_text(encoding="utf-8"))
    return tuple(
        Recorded(release, entry["file"], entry["path"], entry["endpoint"], entry["status"])
        for entry in entries
    )


def good(release: str) -> tuple[Recorded, ...]:
    """The successes among them that have an endpoint value."""
    return tuple(
        answer
        for answer in recorded(release)
        if answer.status == 200 and template(answer.endpoint) in endpoints()
    )
