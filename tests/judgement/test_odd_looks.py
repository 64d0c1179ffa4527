"""Whatever a server answers, judging it raises nothing and says nothing endless."""

from __future__ import annotations

import random
from typing import Any

import pytest

from flinktop.judgement.buffer_pools import IN, OUT
from tests.judgement.looks_flow import Course, V

RELEASES = [(1, 9, 3), (1, 12, 7), (1, 14, 6), (1, 20, 5), (2, 3, 0), None]
NAMES = ["a", "b", "c", "d", "x" * 10_000, "Source: [bold]壊れた[/]", "%s {0}", ""]
FIGURES = [None, 0.0, 1.0, -1.0, 0.95, 1000.0, 1.8e12, -9.223372036854776e18, 9.223372036854776e18, 1e300]
COUNTS = [None, 0, 1, 5, 2**63 - 1]
STATES = ["RUNNING", "FINISHED", "FAILED", "", "NEWER"]
METRICS = (
    "pendingRecords",
    "numRecordsOut",
    "numRecordsIn",
    "currentEmitEventTimeLag",
    "currentOutputWatermark",
    "watermarkAlignmentDrift",
    "numRecordsInErrors",
    "numRecordsSendErrors",
    "numLateRecordsDropped",
)
DESCRIPTIONS = [
    "",
    "Window(TumblingEventTimeWindows(5))",
    "WatermarkAssigner(rowtime=[x], watermark=[x])",
    "[" * 999,
]


def odd_vertex(dice: random.Random, ids: list[str], own: str) -> V:
    """A vertex with anything in it."""

    def some(most: int = 5) -> range:
        return range(dice.randrange(most))

    def figures() -> dict[str, Any]:
        return {name: dice.choice(FIGURES) for name in ("min", "max", "avg", "sum")}

    task = ("currentInputWatermark", "numRecordsInPerSecond", "busyTimeMsPerSecond", IN, OUT)
    metrics = [*task, *(f"{dice.choice(['a', 'Source__a', 'x'])}.{name}" for name in METRICS)]
    return V(
        id=own,
        name=dice.choice(NAMES),
        inputs=tuple(dice.choice([*ids, "gone"]) for _ in some(3)),
        description=dice.choice(DESCRIPTIONS),
        ship=dice.choice(["HASH", "FORWARD", ""]),
        shares=[(dice.choice(FIGURES), dice.choice(FIGURES)) for _ in some()],
        parallelism=dice.choice([-1, 0, 1, 3, 4]),
        max_parallelism=dice.choice([None, -1, 0, 1, 128]),
        states=[dice.choice(STATES) for _ in some()],
        records=[(dice.choice(COUNTS), dice.choice(COUNTS)) for _ in some()],
        held_up=dice.choice(FIGURES),
        records_in=dice.choice(COUNTS),
        records_out=dice.choice(COUNTS),
        metrics={name: figures() for name in metrics if dice.random() < 0.7},
        by_subtask={
            f"{n}.a.currentOutputWatermark": dice.choice(["NaN", "", "7", "1e999", "x"]) for n in some()
        },
        listed=dice.choice([None, (), tuple(metrics)]),
        fetched=dice.choice([None, 0.0, -5000.0, 90_000.0]),
        status=dice.choice(STATES),
    )


@pytest.mark.parametrize("seed", range(60))
def test_odd_looks_raise_nothing(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 -- a table of odd cases, the same each time
    ids = [dice.choice("abcdef") for _ in range(dice.randrange(7))]
    course = Course(release=RELEASES[seed % len(RELEASES)], one_look=seed % 2 == 0)
    for _ in range(8):
        for one in course.see([odd_vertex(dice, ids, own) for own in ids]):
            assert len(one.words) < 1000
            assert len(one.next) < 1500
