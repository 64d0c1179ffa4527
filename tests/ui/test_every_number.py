"""No number of any recorded answer, whatever stands in its place, keeps anything else from being shown.

Without a screen: the answer is decoded, given to all that the engine records, and drawn.
"""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest

from flinktop.engine.host import Port
from flinktop.engine.store import Reading
from flinktop.flink.connection import Connection
from flinktop.flink.decode import decode_answer
from flinktop.flink.endpoint import Endpoint, Query
from tests.fixture_cluster import FixtureCluster
from tests.flink.catalogue import Recorded, endpoints, good, releases, template
from tests.manual_clock import ManualClock
from tests.odd_values import ODD, Path, numbers, shape, with_odd
from tests.ui.drawn import Rows, drawn

NEWEST = releases()[-1]


@functools.cache
def query_of(answer: Recorded) -> Query[Any]:
    """The query that a recorded answer answers."""
    endpoint: Endpoint[Any] = endpoints()[template(answer.endpoint)][1]
    path, _, params = answer.path.strip("/").partition("?")
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(endpoint.path))
    found = re.fullmatch(pattern, path)
    assert found is not None, answer
    ids = {name: unquote(value) for name, value in found.groupdict().items()}
    return endpoint(**ids, **dict(parse_qsl(params)))


class Known:
    """An engine that knows all that was recorded of a release, and does not run."""

    def __init__(self, release: str) -> None:
        self.clock = ManualClock(wall=1_790_000_000.0)
        self.port = Port(Connection("http://flink.test"), self.clock, transport=FixtureCluster(release))
        # The answers of a HistoryServer, or of a second cluster, are of the same kind.
        self.answers = tuple(answer for answer in good(release) if answer.file.endswith(".json"))
        for _look in range(2):
            for answer in self.answers:
                self.tell(answer, answer.body)

    def tell(self, answer: Recorded, body: bytes) -> tuple[str, ...]:
        """Take in an answer; gives its drift."""
        query = query_of(answer)
        decoded = decode_answer(body, query)
        self.clock._now += 1.0
        self.port.engine.store.put(query, Reading(decoded.value, self.clock.now(), None, 0, 0.01))
        self.port.engine.arrived(query, decoded.value, self.clock.now())
        return decoded.drift


def entry(raw: Any, path: Path) -> set[str]:
    """What the entry of a list that a path leads through is called by: its row may change."""
    names: set[str] = set()
    for step in path:
        if isinstance(step, int):
            names.add(str(step))
        raw = raw[step]
        if isinstance(raw, dict):
            names |= {str(raw[key]) for key in KEYS if key in raw}
    return names | {str(step) for step in path}


KEYS = (
    "id",
    "jid",
    "name",
    "subtask",
    "index",
    "attempt",
    "taskmanager-id",
    "host",
    "endpoint",
    "rescaleUuid",
)


def others(rows: Rows, names: set[str]) -> Rows:
    """The rows of tables but for those of an entry."""
    return {
        key: told
        for key, told in rows.items()
        if key.startswith(("job ", "process ")) and key.split()[1] not in names
    }


def tried(release: str, *, once: bool, seen: set[tuple[str, str]]) -> Iterator[tuple[Recorded, Path]]:
    """Each number of each answer; with `once` one of a kind."""
    for answer in good(release):
        if answer.file.endswith(".json"):
            for path in numbers(json.loads(answer.body)):
                kind = (template(answer.endpoint), shape(path))
                if not once or kind not in seen:
                    seen.add(kind)
                    yield answer, path


def hold(release: str, *, once: bool, seen: set[tuple[str, str]], odd: dict[str, str]) -> Counter[str]:
    """Try everything; gives what was tried."""
    known = Known(release)
    count: Counter[str] = Counter()
    answers = set()
    for answer, path in tried(release, once=once, seen=seen):
        raw = json.loads(answer.body)
        query = query_of(answer)
        names = entry(raw, path)
        if "job" in dict(query.ids):
            names.add(dict(query.ids)["job"])
        now = known.clock.now()
        known.tell(answer, answer.body)
        known.clock._now = now + 1.0
        before = others(drawn(known.port, query), names)
        answers.add(answer.name)
        count["numbers"] += 1
        for name, value in odd.items():
            try:
                known.clock._now = now
                known.tell(answer, with_odd(raw, [path], value))
                after = drawn(known.port, query)
            except Exception as error:
                raise AssertionError(f"{answer.name}: {shape(path)} is {name}: {error!r}") from error
            same = {key: after.get(key) for key in before}
            assert same == before, f"{answer.name}: {shape(path)} is {name}"
            count["tried"] += 1
        known.clock._now = now + 1.0
        known.tell(answer, answer.body)
    count["answers"] = len(answers)
    return count


def figures(release: str, count: Counter[str], odd: dict[str, str]) -> str:
    """What was tried, for the report."""
    return (
        f"{release}: {count['answers']} answers, {count['numbers']} numbers, {len(odd)} values each:"
        f" {count['tried']} tried, 0 failed"
    )


Property = Callable[[str, object], None]


@pytest.mark.long
def test_odd_numbers_cost_nothing_else(record_property: Property) -> None:
    """Those of the newest release, then those that only an older one sends."""
    seen: set[tuple[str, str]] = set()
    for release in reversed(releases()):
        count = hold(release, once=True, seen=seen, odd=ODD)
        record_property("figures", figures(release, count, ODD))
        assert release != NEWEST or count["numbers"] > 300


@pytest.mark.long
@pytest.mark.parametrize("release", releases())
def test_every_number_of_every_answer(release: str, record_property: Property) -> None:
    record_property("figures", figures(release, hold(release, once=False, seen=set(), odd=ODD), ODD))
