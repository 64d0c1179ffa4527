"""The clusters of the demo's scenarios."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flinktop.demo import jobs
from flinktop.demo.noise import between, fraction
from flinktop.demo.specs import DAY, HOUR, MIB, CheckpointSpec, Edge, Fate, JobSpec, VertexSpec

if TYPE_CHECKING:
    from collections.abc import Callable

MANY = 1000
"""Jobs of many-jobs."""
WIDE, WIDE_PARALLELISM = 500, 10
"""Vertices of wide-job, and subtasks of each."""
LAYER = 20
"""Vertices side by side in it."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The jobs of a scenario and the size of its TaskManagers."""

    jobs: tuple[JobSpec, ...]
    slots_each: int = 8
    spare_slots: int = 6


def healthy() -> tuple[JobSpec, ...]:
    """Jobs that nobody has to look at."""
    return (
        jobs.enrichment(),
        jobs.scoring(),
        jobs.impressions(),
        jobs.telemetry(),
        jobs.search_index(),
        jobs.mirror(),
        jobs.ledger(),
    )


def _idle() -> Cluster:
    return Cluster((jobs.ledger(), jobs.audit()), spare_slots=24)


def _calm() -> Cluster:
    return Cluster(healthy())


def _mixed() -> Cluster:
    return Cluster(jobs.production())


def _backpressure() -> Cluster:
    return Cluster((jobs.clickstream(), jobs.telemetry(), jobs.mirror()))


def _restart_loop() -> Cluster:
    quick = replace(jobs.inventory("stock-reservations"), fate=Fate(-41 * 60, cycle=52, fault="broker"))
    return Cluster((jobs.inventory(), quick, jobs.telemetry()))


def _failing_checkpoints() -> Cluster:
    hopeless = replace(
        jobs.profiles("profiles-shadow"),
        checkpoints=CheckpointSpec(60, 44, timeout=50, failing=1.0, culprit=2, growth=0.5),
        fate=Fate(started=-3 * HOUR),
    )
    declined = replace(
        jobs.impressions("impressions-staging"),
        checkpoints=CheckpointSpec(
            30,
            3,
            failing=0.4,
            reason="Could not materialize checkpoint 318 for operator GroupAggregate[18] (2/4).",
        ),
    )
    return Cluster((jobs.profiles(), hopeless, declined))


def _skew() -> Cluster:
    return Cluster((jobs.emails(), jobs.profiles("profiles-by-country"), jobs.telemetry()))


def _stuck_watermark() -> Cluster:
    join = jobs.enrichment()
    orders, customers, *rest = join.vertices
    stuck = replace(join, vertices=(orders, replace(customers, stuck=-27 * 60.0), *rest))
    slow = replace(jobs.telemetry(), name="telemetry-late-gateway")
    gateway, *others = slow.vertices
    slow = replace(slow, vertices=(replace(gateway, stuck=-9.5 * HOUR), *others))
    return Cluster((stuck, slow, jobs.search_index()))


def many_jobs(count: int) -> tuple[JobSpec, ...]:
    """So many jobs of all kinds, most of them healthy."""
    makers = (
        jobs.enrichment,
        jobs.telemetry,
        jobs.search_index,
        jobs.mirror,
        jobs.impressions,
        jobs.emails,
        jobs.scoring,
    )
    return tuple(_one_of_many(makers[number % len(makers)](), number) for number in range(count))


def _many_jobs() -> Cluster:
    return Cluster(many_jobs(MANY), slots_each=32, spare_slots=40)


def _one_of_many(spec: JobSpec, number: int) -> JobSpec:
    fate = Fate(started=-between(0.1, 90.0, number, 1) * DAY)
    drawn = fraction(number, 2)
    if drawn > 0.985:  # noqa: PLR2004 -- some of a thousand
        fate = Fate(started=-3 * HOUR, cycle=between(90, 240, number, 3), fault="broker")
    elif drawn > 0.95:  # noqa: PLR2004
        end = "FAILED" if drawn > 0.975 else "FINISHED"  # noqa: PLR2004
        fate = Fate(started=-30 * HOUR, ended=-between(1, 20, number, 4) * HOUR, end=end, fault="lost")
    scale = between(0.2, 1.4, number, 5)
    vertices = tuple(replace(vertex, rate=vertex.rate * scale) for vertex in spec.vertices)
    checkpoints = replace(spec.checkpoints, savepoint=None) if spec.checkpoints is not None else None
    return replace(
        spec, name=f"{spec.name}-{number:04}", vertices=vertices, fate=fate, checkpoints=checkpoints
    )


def wide_job(name: str, count: int) -> JobSpec:
    """A job of so many vertices: layers that fan out and come together, as a large SQL program has them."""
    layer = max(1, min(LAYER, count // 5))
    vertices: list[VertexSpec] = []
    for place in range(count):
        if place < layer:
            vertices.append(
                VertexSpec(
                    f"Source: topic-{place:03}[{place}] -> Calc[{place}]",
                    WIDE_PARALLELISM,
                    rate=between(400, 2600, place, 1),
                    busy=between(0.1, 0.4, place, 2),
                    lag=between(1, 12, place, 3),
                )
            )
            continue
        inputs = [Edge(place - layer, "HASH" if place % 3 else "FORWARD")]
        if place % 5 == 0 and layer > 1:
            inputs.append(Edge(place - layer + 1, "HASH"))
        kind = ("Join", "GroupAggregate", "Calc", "WindowAggregate", "Rank")[place % 5]
        last = place >= count - layer
        vertices.append(
            VertexSpec(
                f"Sink: table_{place:03}[{place}]" if last else f"{kind}[{place}] -> Calc[{place}]",
                WIDE_PARALLELISM,
                tuple(inputs),
                selectivity=between(0.5, 0.95, place, 4),
                busy=between(0.05, 0.65, place, 5),
                hot=0.3 if place % 97 == 0 else 0.0,
                state=int(between(0, 300, place, 6)) * MIB,
            )
        )
    return JobSpec(name, tuple(vertices), Fate(started=-2.2 * DAY), CheckpointSpec(300, 24))


def _wide_job() -> Cluster:
    made = (wide_job("warehouse-500-vertices", WIDE), jobs.telemetry(), jobs.mirror())
    return Cluster(made, slots_each=4, spare_slots=10)


MAKERS: dict[str, Callable[[], Cluster]] = {
    "mixed": _mixed,
    "calm": _calm,
    "idle": _idle,
    "backpressure": _backpressure,
    "restart-loop": _restart_loop,
    "failing-checkpoints": _failing_checkpoints,
    "skew": _skew,
    "stuck-watermark": _stuck_watermark,
    "many-jobs": _many_jobs,
    "wide-job": _wide_job,
}
"""By the names in names.py."""

HOSTILE = (
    "\x1b[2J\x1b[31mred \x07bell\x1b]0;title\x07",
    "[bold red]markup[/] [/] [link=file:///etc/passwd]x",
    "\u202egnp.exe\u202c right to left \u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "endless " * 625,
    "tabs\tand\nlines\r\n<b>html</b> &amp; 作业 \U0001f600",
    "",
)
"""Names that no monitor should trip over."""


def cluster_of(name: str, *, hostile: bool = False) -> Cluster:
    """The cluster of a scenario.

    Raises:
        KeyError: there is no such scenario.
    """
    cluster = MAKERS[name]()
    if not hostile:
        return cluster
    made = (_renamed(spec, HOSTILE[place % len(HOSTILE)]) for place, spec in enumerate(cluster.jobs))
    return replace(cluster, jobs=tuple(made))


def _renamed(spec: JobSpec, bad: str) -> JobSpec:
    first, *rest = spec.vertices
    return replace(spec, name=bad, vertices=(replace(first, name=f"Source: {bad}"), *rest))
