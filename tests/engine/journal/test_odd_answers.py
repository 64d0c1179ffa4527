"""Whatever stands in the place of a number, the recorder goes on, and what it writes can be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from flinktop.engine.journal.event import Event, Question
from flinktop.engine.journal.journal import Journal
from flinktop.engine.journal.recorder import Before, Recorder
from flinktop.engine.judge import Judge
from flinktop.engine.sweep import restarts_query
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.cluster import CONFIG
from flinktop.flink.decode import DecodeError, decode_answer
from flinktop.flink.endpoint import Query
from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.flink.features import features
from flinktop.flink.jobs import JOB, JOB_CONFIG, JOBS_OVERVIEW
from flinktop.flink.rescale import RESCALES_HISTORY
from flinktop.flink.taskmanagers import TASKMANAGERS
from tests.engine.journal.recorded import RELEASES, URL, answer
from tests.fixture_cluster import FixtureCluster
from tests.manual_clock import ManualClock
from tests.odd_values import ODD, numbers, shape, with_odd

NOW = 1_795_320_700_000.0
FEW = ("-1", "null")
ENDS = ("1.9.3", "2.3.0")
"""Releases with the least and the most to write down."""
OF_A_JOB = (JOB, EXCEPTIONS, CHECKPOINTS, CHECKPOINT_CONFIG, JOB_CONFIG, RESCALES_HISTORY)


class Known:
    """A recorder that knows what was recorded of a release."""

    def __init__(self, release: str) -> None:
        self.cluster = FixtureCluster(release)
        self.now = NOW
        self.journal = Journal(None, ManualClock(wall=NOW / 1000.0), inline=True)
        self.judge = Judge(lambda _query: None, lambda: self.now / 1000.0)
        known = features(answer(release, CONFIG()))
        self.recorder = Recorder(self.journal, URL, "prod", features=lambda: known, look=self.judge.look)
        self.recorder.begin(Before(), self.now)
        jobs = [one["jid"] for one in self.cluster.document("jobs/overview")["jobs"]]
        asked: list[Query[Any]] = [JOBS_OVERVIEW(), TASKMANAGERS()]
        asked += [endpoint(job=job) for job in jobs for endpoint in OF_A_JOB]
        asked += [restarts_query(job) for job in jobs]
        self.queries = [one for one in asked if self.cluster.answer(f"/{one.target}")[0] == 200]
        for query in self.queries:
            self.tell(query, self.body(query))

    def body(self, query: Query[Any]) -> bytes:
        return self.cluster.answer(f"/{query.target}")[1]

    def tell(self, query: Query[Any], body: bytes) -> None:
        """Take an answer, a round of the judge after it, and what has waited for a minute."""
        value = decode_answer(body, query).value
        self.now += 70_000.0
        self.judge.arrived(query, value, self.now / 1000.0)
        self.recorder.arrived(query, value, self.now, self.now, anchored=True)
        self.judge.round()
        self.recorder.round(self.judge.judged, None, "", self.now)

    def events(self) -> tuple[Event, ...]:
        return self.journal.read(Question(most=100_000))


def spoiled(known: Known, odd: tuple[str, ...]) -> Iterator[tuple[Query[Any], bytes]]:
    """Each number of each kind of answer, with each of these in its place."""
    seen: set[tuple[str, str]] = set()
    for query in known.queries:
        raw = json.loads(known.body(query))
        for path in numbers(raw):
            kind = (query.endpoint.path, shape(path))
            if kind not in seen:
                seen.add(kind)
                yield from ((query, with_odd(raw, [path], ODD[name])) for name in odd)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("release", "odd"),
    [
        ("2.3.0", FEW),
        *(
            pytest.param(release, tuple(ODD), marks=pytest.mark.deep if release in ENDS else pytest.mark.long)
            for release in RELEASES
        ),
    ],
    ids=lambda it: it if isinstance(it, str) else f"{len(it)} odd values",
)
def test_no_odd_number_stops_it(release: str, odd: tuple[str, ...]) -> None:
    known = Known(release)
    before = len(known.events())
    assert before >= 10
    tried = 0
    for query, body in spoiled(known, odd):
        try:
            known.tell(query, body)
        except DecodeError:
            continue
        known.tell(query, known.body(query))
        tried += 1
    assert tried >= 100
    found = known.events()
    assert len(found) >= before
    assert all(one.words and 0.0 <= one.at <= 253_402_300_799_999 for one in found)
    assert known.journal.read_jobs(URL)
