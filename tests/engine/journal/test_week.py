"""A simulated week with a restart loop all through it: what happened to others is there, memory is not."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from flinktop.demo.replies import REPLIES
from flinktop.demo.request import Refusal, Request
from flinktop.demo.scenarios import Cluster, known_jobs
from flinktop.demo.specs import CheckpointSpec, Fate, JobSpec
from flinktop.demo.world import World
from flinktop.engine.journal import tables, waiting
from flinktop.engine.journal.event import EventKind
from flinktop.engine.journal.journal import Journal
from flinktop.engine.sweep import figures_of
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG
from flinktop.flink.endpoint import Endpoint, Query
from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.flink.jobs import JOB_CONFIG, JOBS_OVERVIEW
from flinktop.flink.taskmanagers import TASKMANAGERS
from tests.demo_cluster import DemoCluster
from tests.engine.journal.recorded import Watch, watching
from tests.manual_clock import ManualClock

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
BOUND = 2 << 20
"""Bytes of the journal."""
MOST_MEMORY = 512 * 1024
"""Bytes that a recorder of six jobs may hold, after minutes and after days."""


def jobs(length: float) -> tuple[JobSpec, ...]:
    """A job that never stops failing, and others to which something happens once."""
    calm = known_jobs()["iot-telemetry-rollup"]

    def job(name: str, fate: Fate, **given: Any) -> JobSpec:
        return replace(calm, name=name, fate=fate, **given)

    return (
        job("loop", Fate(-HOUR, cycle=52.0, fault="poison")),
        job("second-loop", Fate(-HOUR, cycle=171.0, fault="broker")),
        job("orders", Fate(-DAY, stumbles=(0.1 * length,), fault="lost")),
        job("billing", Fate(-DAY, stumbles=(0.5 * length, 0.5 * length + 900.0), fault="broker")),
        job("search", Fate(-DAY, ended=0.3 * length, end="FAILED", fault="schema")),
        job("profiles", Fate(-DAY), checkpoints=CheckpointSpec(120, 70, failing=0.4)),
    )


class Days:
    """A world whose answers come once a minute, without a network: a week takes minutes."""

    def __init__(self, watch: Watch, world: World) -> None:
        self.watch = watch
        self.world = world
        self.at = watch.clock.wall() - world.born

    def take(self, *queries: Query[Any]) -> None:
        """Answer these now."""
        engine, moment = self.watch.engine, self.world.at(self.at)
        for query in queries:
            endpoint: Endpoint[Any] = query.endpoint
            with suppress(Refusal):
                request = Request(moment, dict(query.ids), dict(query.params))
                document = moment.release.keep(REPLIES[endpoint](request))
                value = msgspec.json.decode(msgspec.json.encode(document), type=endpoint.reply, strict=False)
                engine.arrived(query, value, engine.clock.now())

    def until(self, end: float) -> None:
        """Let time pass, a minute at a time."""
        engine, clock = self.watch.engine, self.watch.clock
        while self.at < end:
            self.at += MINUTE
            clock._now += MINUTE
            self.take(JOBS_OVERVIEW(), TASKMANAGERS())
            self.take(*self.of_jobs())
            engine.judge.round()
            recorder = engine.recorder
            assert recorder is not None
            recorder.round(engine.judge.judged, None, "", 1000.0 * engine.cluster_time())

    def of_jobs(self) -> Iterator[Query[Any]]:
        for plan in self.world.plans:
            ended = plan.spec.fate.ended is not None and self.at > plan.spec.fate.ended
            yield EXCEPTIONS(job=plan.id)
            if not ended:
                yield from figures_of(plan.id)
                yield from (CHECKPOINT_CONFIG(job=plan.id), JOB_CONFIG(job=plan.id))


def own_memory() -> int:
    """Bytes that the recorder and its neighbours hold of what they have made since it was begun to count."""
    gc.collect()
    here = tracemalloc.Filter(inclusive=True, filename_pattern="*/flinktop/engine/journal/*")
    kept = tracemalloc.take_snapshot().filter_traces((here,))
    return sum(one.size for one in kept.statistics("filename"))


@pytest.mark.deep
@pytest.mark.parametrize(
    "length",
    [
        pytest.param(1500.0, id="twenty-five minutes"),
        pytest.param(7 * DAY, id="a week", marks=pytest.mark.long),
    ],
)
async def test_a_loop_all_the_time_hides_nothing_and_nothing_grows(
    length: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A week of synced writes would take hours.
    monkeypatch.setattr(tables, "SYNCED", "OFF")
    # Keys of events that were added last, two megabytes of them, are kept on purpose.
    monkeypatch.setattr(waiting, "MOST_REMEMBERED", 256)
    clock = ManualClock()
    path = tmp_path / "journal.db"
    journal = Journal(path, clock, most_bytes=BOUND, inline=True)
    journal.read_jobs("")
    # A week of syncs would take hours.
    with journal._written() as storage:
        storage._work(storage._file, lambda file: file.execute("PRAGMA synchronous = OFF"))
    cluster = DemoCluster("mixed", "2.3.0", clock, own=Cluster(jobs(length)))
    async with watching(cluster, clock, journal) as watch:
        await watch.until_recording()
        await watch.seconds(2)
        days = Days(watch, cluster.world)
        days.until(0.55 * length)
        tracemalloc.start()
        try:
            days.until(length)
            assert own_memory() < MOST_MEMORY
        finally:
            tracemalloc.stop()
    assert watch.engine.recorder_errors == 0
    assert path.stat().st_size <= BOUND
    names = {plan.spec.name: plan.id for plan in cluster.world.plans}
    for name, cause in (
        ("orders", "was lost"),
        ("billing", "TimeoutException"),
        ("search", "ValidationException"),
    ):
        first, *_ = watch.events(EventKind.FAILURE, job=names[name])
        assert cause in first.words
        assert journal.read_stack(first.number)
    [loop] = watch.events(EventKind.FAILURE, job=names["loop"])
    assert loop.count >= 0.9 * length / 52.0
    assert loop.last - loop.at >= 1000.0 * 0.99 * length, "it never paused"
    assert watch.events(EventKind.CHECKPOINT_FAILED, job=names["profiles"])
    [ended] = watch.events(EventKind.JOB_ENDED)
    assert ended.job == names["search"]
    journal.close(1.0)
