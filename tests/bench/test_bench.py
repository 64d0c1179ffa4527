"""The bench itself: its cluster answers as Flink does, and its arithmetic is right. Nothing here is timed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

import pytest

from flinktop.engine.sweep import figures_of
from flinktop.flink.decode import decode
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.flink.metrics import SUBTASKS_METRICS
from flinktop.model import rates
from tests.bench.report import COLUMNS, Summary, quantile, ratios, summary, table
from tests.bench.stopwatch import Figures, Watched
from tests.bench.wide import WIDE_NAME, WideCluster

if TYPE_CHECKING:
    from pathlib import Path

    from flinktop.flink.endpoint import Query

T = TypeVar("T")
ECHO = """
import sys, tty
tty.setraw(0)
print("ready", end="", flush=True)
while (key := sys.stdin.read(1)) != "q":
    print({"j": "\\x1b[41mx\\x1b[m", "k": "y"}.get(key, ""), end="", flush=True)
"""


@pytest.mark.deep
def test_the_wide_cluster_answers_as_flink_does() -> None:
    cluster = WideCluster(jobs=30, vertices=12)

    def ask(query: Query[T]) -> T:
        status, body = cluster.answer(f"/{query.target}")
        assert status == 200, query.target
        decoded = decode(body, query.endpoint.reply)
        assert decoded.drift == ()
        return decoded.value

    overview = decode(cluster.answer("/jobs/overview")[1], JOBS_OVERVIEW.reply).value
    assert len({job.jid for job in overview.jobs}) == 32
    for job in (overview.jobs[0], overview.jobs[-1]):
        for query in figures_of(job.jid):
            ask(query)
    wide = next(job for job in overview.jobs if job.name == WIDE_NAME)
    detail = decode(cluster.answer(f"/{JOB(job=wide.jid).target}")[1], JOB.reply).value
    assert len(detail.vertices) == 12
    ends = rates.ends(detail)
    assert (ends.sources[0], ends.sinks[-1]) == (detail.vertices[0].id, detail.vertices[-1].id)
    for vertex in detail.vertices:
        listed = ask(SUBTASKS_METRICS(job=wide.jid, vertex=vertex.id))
        ids = rates.ids_to_request(metric.id for metric in listed)
        assert set(rates.RATE_IDS) < set(ids)
        assert ask(SUBTASKS_METRICS(job=wide.jid, vertex=vertex.id, get=ids))


def figures(value: float, delays: tuple[float, ...] = ()) -> Figures:
    return Figures(value, value, value, value, value, value, delays, 1, value)


def test_medians_and_ratios() -> None:
    three = summary("a", [figures(1.0, (5.0,)), figures(9.0, (7.0, 6.0)), figures(2.0)])
    assert dict(zip(COLUMNS, three.values, strict=True)) == {
        **dict.fromkeys(COLUMNS, 2.0),
        "key p50 ms": 6.0,
        "key p95 ms": 7.0,
        "missed": 3.0,
    }
    base = Summary("b", (1.0, 0.0, *[4.0] * (len(COLUMNS) - 2)))
    assert ratios([three], base)[0].values == (2.0, None, 0.5, 0.5, 0.5, 0.5, 1.5, 1.75, None, None)
    assert table("t", [three]).splitlines()[-1].startswith("| a | 2 | 2 |")


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1.0), (0.5, 3.0), (0.95, 4.0)])
def test_quantile(share: float, expected: float) -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], share) == expected
    assert quantile([], share) is None


def test_delays_are_of_keys_that_move_a_background(tmp_path: Path) -> None:
    with Watched([sys.executable, "-c", ECHO], columns=40, rows=5, home=tmp_path) as watched:
        watched.wait_for("ready")
        moments = [watched.press_and_wait(key) for key in "jkj"]
        watched.wait_until_quiet()
    assert len(watched.delays(moments)) == 2
    assert watched.first(lambda text: "ready" in text) <= moments[0] - watched.began
    assert sum(len(data) for _, data in watched.chunks) == watched.output_between(0.0, float("inf"))
