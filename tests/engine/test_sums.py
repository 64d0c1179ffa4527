"""Which of many jobs restarts is found by sums over groups of them."""

from __future__ import annotations

import math

from flinktop.engine.sums import GROUP, Sums
from flinktop.flink.features import Features
from flinktop.flink.metrics import AggregatedMetric

NEW, OLD = Features(release=(1, 20, 5)), Features(release=(1, 9, 3))
JOBS = tuple(f"{number:032x}" for number in range(350))


class Cluster:
    """Answers as Flink does: one metric that no job of the group has empties the whole answer."""

    def __init__(self, jobs: tuple[str, ...] = JOBS) -> None:
        self.counters: dict[str, dict[str, float]] = {
            job: {"numRestarts": 0, "fullRestarts": 0, "numberOfFailedCheckpoints": 0, "uptime": 30_000}
            for job in jobs
        }
        self.requests = 0

    def round(self, sums: Sums, features: Features = NEW) -> list[str]:
        """Answer what the sums want now, once each; the jobs that are found."""
        found: list[str] = []
        for ask in list(sums.asks(features)):
            params = dict(ask.query.params)
            names, jobs = params["get"].split(","), params["jobs"].split(",")
            assert len(ask.query.target) < 3600
            self.requests += 1
            values = {
                name: [self.counters[job][name] for job in jobs if name in self.counters[job]]
                for name in names
            }
            whole = all(values.values())
            answer = tuple(
                AggregatedMetric(name, min=_number(min(values[name])), sum=_number(sum(values[name])))
                for name in names
                if whole
            )
            found += sums.take(ask.query, answer)
        return found


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def searched(sums: Sums, cluster: Cluster, rounds: int = 9) -> list[str]:
    return [job for _ in range(rounds) for job in cluster.round(sums)]


def test_a_few_requests_watch_all_jobs() -> None:
    sums, cluster = Sums(), Cluster()
    sums.watch(JOBS)
    assert cluster.round(sums) == []
    assert cluster.requests == -(-len(JOBS) // GROUP)


def test_the_job_whose_counter_moves_is_found() -> None:
    sums, cluster = Sums(), Cluster()
    sums.watch(JOBS)
    assert searched(sums, cluster, 2) == []
    cluster.counters[JOBS[123]]["numRestarts"] += 1
    assert set(searched(sums, cluster)) == {JOBS[123]}
    cluster.counters[JOBS[349]]["numberOfFailedCheckpoints"] += 3
    assert JOBS[349] in searched(sums, cluster)
    assert searched(sums, cluster) == []


def test_what_moved_before_anybody_looked_is_no_news() -> None:
    sums, cluster = Sums(), Cluster()
    for counters in cluster.counters.values():
        counters["numRestarts"] = 5
    sums.watch(JOBS)
    assert searched(sums, cluster) == []


def test_jobs_without_checkpoints_are_watched_all_the_same() -> None:
    sums, cluster = Sums(), Cluster()
    for counters in cluster.counters.values():
        del counters["numberOfFailedCheckpoints"]
    sums.watch(JOBS)
    assert searched(sums, cluster, 3) == []
    cluster.counters[JOBS[7]]["numRestarts"] += 1
    assert searched(sums, cluster) == [JOBS[7]]


def test_before_1_10_the_counter_has_another_name() -> None:
    sums, cluster = Sums(), Cluster()
    sums.watch(JOBS[:3])
    assert cluster.round(sums, OLD) == []
    cluster.counters[JOBS[1]]["fullRestarts"] += 1
    assert [job for _ in range(5) for job in cluster.round(sums, OLD)] == [JOBS[1]]


def test_counters_of_long_ago_are_not_searched() -> None:
    sums, cluster = Sums(), Cluster()
    for counters in cluster.counters.values():
        counters |= {"numRestarts": 9, "uptime": 3_600_000}
    sums.watch(JOBS)
    assert searched(sums, cluster, 1) == []
    cluster.counters[JOBS[42]] |= {"numRestarts": 10, "uptime": 5_000}
    cluster.requests = 0
    assert set(searched(sums, cluster, 8)) == {JOBS[42]}
    assert cluster.requests <= 8 * 4 + 14


def test_an_uptime_that_is_no_number_ends_no_search() -> None:
    sums, cluster = Sums(), Cluster()
    for counters in cluster.counters.values():
        counters["uptime"] = math.nan
    sums.watch(JOBS[:8])
    assert searched(sums, cluster, 1) == []
    for job in JOBS[1:3]:
        cluster.counters[job]["numRestarts"] += 1
    assert set(searched(sums, cluster, 12)) == set(JOBS[1:3])


def test_a_job_that_ends_takes_no_news_with_it() -> None:
    sums, cluster = Sums(), Cluster()
    sums.watch(JOBS)
    assert searched(sums, cluster, 1) == []
    cluster.counters[JOBS[42]]["numRestarts"] += 1
    del cluster.counters[JOBS[41]]
    sums.watch([job for job in JOBS if job != JOBS[41]])
    assert set(searched(sums, cluster)) == {JOBS[42]}


def test_jobs_come_and_go() -> None:
    sums, cluster = Sums(), Cluster()
    sums.watch(JOBS[:150])
    assert searched(sums, cluster, 2) == []
    sums.watch(JOBS[50:])
    asked = [ask.query.params for ask in sums.asks(NEW)]
    assert all(JOBS[0] not in dict(params)["jobs"] for params in asked)
    assert all(any(job in dict(params)["jobs"] for params in asked) for job in JOBS[50:])
    assert searched(sums, cluster, 2) == []
    cluster.counters[JOBS[340]]["numRestarts"] += 1
    assert JOBS[340] in searched(sums, cluster)


def test_a_group_whose_request_failed_is_asked_again_in_its_turn() -> None:
    sums, cluster = Sums(), Cluster()
    sums.watch(JOBS)
    assert cluster.round(sums) == []
    cluster.counters[JOBS[5]]["numRestarts"] += 1
    cluster.round(sums)
    for ask in list(sums.asks(NEW)):
        sums.failed(ask.query)
    assert len(list(sums.asks(NEW))) == 4
