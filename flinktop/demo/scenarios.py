"""The clusters of the demo's scenarios: the jobs (jobs.json) of a retail company."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from flinktop.demo.numbers import between, fraction
from flinktop.demo.specs import DAY, HOUR, CheckpointSpec, Edge, Fate, JobSpec, VertexSpec

if TYPE_CHECKING:
    from collections.abc import Callable

MANY = 1000  # jobs in many-jobs
WIDE, WIDE_PARALLELISM = 500, 10  # vertices of wide-job, and their parallelism
LAYER = 20  # vertices in each of its layers
ENRICHMENT, SCORING, IMPRESSIONS = "orders-enrichment", "payments-fraud-scoring", "ad-impressions"
TELEMETRY, SEARCH, MIRROR = "iot-telemetry-rollup", "search-index-updater", "cdc-orders-mirror"
EMAILS, PROFILES, LEDGER = "notification-dispatcher", "user-profiles", "daily-ledger-export"


class Cluster(msgspec.Struct, frozen=True):
    """The jobs of a scenario and the size of its TaskManagers."""

    jobs: tuple[JobSpec, ...]
    slots_each: int = 8
    spare_slots: int = 6


@cache
def known_jobs() -> dict[str, JobSpec]:
    """All jobs of the company by name, healthy and unhealthy ones."""
    text = Path(__file__).with_name("jobs.json").read_bytes()
    return {spec.name: spec for spec in msgspec.json.decode(text, type=tuple[JobSpec, ...])}


def _jobs(*names: str) -> tuple[JobSpec, ...]:
    return tuple(known_jobs()[name] for name in names)


def _restart_loop() -> Cluster:
    loop, healthy = _jobs("inventory-sync", TELEMETRY)
    quick = Fate(-41 * 60, cycle=52, fault="broker")
    return Cluster((loop, replace(loop, name="stock-reservations", fate=quick), healthy))


def _failing_checkpoints() -> Cluster:
    slow, healthy = _jobs(PROFILES, IMPRESSIONS)
    hopeless = CheckpointSpec(60, 44, timeout=50, failing=1.0, culprit=2, growth=0.5)
    reason = "Could not materialize checkpoint 318 for operator GroupAggregate[18] (2/4)."
    declined = CheckpointSpec(30, 3, failing=0.4, reason=reason)
    return Cluster(
        (
            slow,
            replace(slow, name="profiles-shadow", checkpoints=hopeless, fate=Fate(-3 * HOUR)),
            replace(healthy, name="impressions-staging", checkpoints=declined),
        )
    )


def _skew() -> Cluster:
    skewed, profiles, healthy = _jobs(EMAILS, PROFILES, TELEMETRY)
    # One tenant sends more than its subtask can take, and holds back the source for all.
    skewed = replace(_changed(_changed(skewed, 0, held=0.62), 1, busy=0.95), swing=0.03)
    profiles = replace(
        profiles, name="profiles-by-country", checkpoints=CheckpointSpec(duration=9, culprit=2)
    )
    return Cluster((skewed, _changed(profiles, 2, hot=0.45), healthy))


def _stuck_watermark() -> Cluster:
    join, slow, healthy = _jobs(ENRICHMENT, TELEMETRY, SEARCH)
    slow = replace(slow, name="telemetry-late-gateway")
    # An ordinary join does not wait for watermarks; one with the customers as of the order does.
    join = _changed(join, 1, name="Source: customers[4] -> DropUpdateBefore[5] -> WatermarkAssigner[6]")
    join = _changed(join, 1, stuck=-27 * 60.0, described={"WatermarkAssigner[6]": _CHANGED_AT})
    join = _changed(join, 2, name="TemporalJoin[7] -> Calc[8]", described={"TemporalJoin[7]": _AS_OF})
    return Cluster((join, _changed(slow, 0, stuck=-9.5 * HOUR), healthy))


_CHANGED_AT = "[6]:WatermarkAssigner(rowtime=[changed_at], watermark=[(changed_at - 8000:INTERVAL SECOND)])"
_AS_OF = (
    "[7]:TemporalJoin(joinType=[InnerJoin], where=[((customer_id = id) AND "
    "__TEMPORAL_JOIN_CONDITION(ordered_at, changed_at, __TEMPORAL_JOIN_CONDITION_PRIMARY_KEY(id), "
    "__TEMPORAL_JOIN_LEFT_KEY(customer_id), __TEMPORAL_JOIN_RIGHT_KEY(id)))], "
    "select=[order_id, customer_id, amount, ordered_at, id, country, segment, changed_at])"
)


def _changed(spec: JobSpec, place: int, **fields: Any) -> JobSpec:
    """A job with one vertex changed."""
    vertices = list(spec.vertices)
    vertices[place] = replace(vertices[place], **fields)
    return replace(spec, vertices=tuple(vertices))


def many_jobs(count: int) -> tuple[JobSpec, ...]:
    """`count` jobs of all kinds, most of them healthy."""
    kinds = _jobs(ENRICHMENT, TELEMETRY, SEARCH, MIRROR, IMPRESSIONS, EMAILS, SCORING)
    return tuple(_one_of_many(kinds[number % len(kinds)], number) for number in range(count))


def _one_of_many(spec: JobSpec, number: int) -> JobSpec:
    fate = Fate(started=-between(0.1, 90.0, number, 1) * DAY)
    drawn = fraction(number, 2)
    if drawn > 0.985:  # noqa: PLR2004 -- some of a thousand
        fate = Fate(started=-3 * HOUR, cycle=between(90, 240, number, 3), fault="broker")
    elif drawn > 0.95:  # noqa: PLR2004
        end = "FAILED" if drawn > 0.975 else "FINISHED"  # noqa: PLR2004
        fate = Fate(started=-30 * HOUR, ended=-between(1, 20, number, 4) * HOUR, end=end, fault="lost")
    scale = between(0.2, 1.4, number, 5)
    return replace(
        spec,
        name=f"{spec.name}-{number:04}",
        vertices=tuple(replace(vertex, rate=vertex.rate * scale) for vertex in spec.vertices),
        fate=fate,
        checkpoints=replace(spec.checkpoints, savepoint=None) if spec.checkpoints is not None else None,
    )


def wide_job(name: str, count: int) -> JobSpec:
    """A job of `count` vertices in layers that fan out and join, like those of a large SQL program."""
    layer = max(1, min(LAYER, count // 5))
    made = tuple(_one_of_wide(place, layer, last=place >= count - layer) for place in range(count))
    return JobSpec(name, made, Fate(started=-2.2 * DAY), CheckpointSpec(300, 24))


def _one_of_wide(place: int, layer: int, *, last: bool) -> VertexSpec:
    if place < layer:
        return VertexSpec(
            f"Source: topic-{place:03}[{place}] -> Calc[{place}]",
            WIDE_PARALLELISM,
            rate=between(400, 2600, place, 1),
            busy=between(0.1, 0.4, place, 2),
            lag=between(1, 12, place, 3),
        )
    inputs = [Edge(place - layer, "HASH" if place % 3 else "FORWARD")]
    if place % 5 == 0 and layer > 1:
        inputs.append(Edge(place - layer + 1))
    kind = ("Join", "GroupAggregate", "Calc", "WindowAggregate", "Rank")[place % 5]
    return VertexSpec(
        f"Sink: table_{place:03}[{place}]" if last else f"{kind}[{place}] -> Calc[{place}]",
        WIDE_PARALLELISM,
        tuple(inputs),
        selectivity=between(0.5, 0.95, place, 4),
        busy=between(0.05, 0.65, place, 5),
        hot=0.3 if place % 97 == 0 else 0.0,
        state=int(between(0, 300, place, 6)),
    )


def _wide_job() -> Cluster:
    wide = wide_job("warehouse-500-vertices", WIDE)
    return Cluster((wide, *_jobs(TELEMETRY, MIRROR)), slots_each=4, spare_slots=10)


MAKERS: dict[str, Callable[[], Cluster]] = {  # by the names in names.py
    "mixed": lambda: Cluster(tuple(known_jobs().values())),
    "healthy": lambda: Cluster(_jobs(ENRICHMENT, SCORING, IMPRESSIONS, TELEMETRY, SEARCH, MIRROR, LEDGER)),
    "idle": lambda: Cluster(_jobs(LEDGER, "legacy-audit-copy"), spare_slots=24),
    "backpressure": lambda: Cluster(_jobs("clickstream-sessions", TELEMETRY, MIRROR)),
    "restart-loop": _restart_loop,
    "failing-checkpoints": _failing_checkpoints,
    "skew": _skew,
    "stuck-watermark": _stuck_watermark,
    "many-jobs": lambda: Cluster(many_jobs(MANY), slots_each=32, spare_slots=40),
    "wide-job": _wide_job,
}
