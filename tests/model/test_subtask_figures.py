"""Which metrics a subtask is asked for, and how its answers are read."""

from __future__ import annotations

import pytest

from flinktop.flink.jobs import JobVertex
from flinktop.flink.metrics import Metric
from flinktop.model import rates
from flinktop.model.subtask_figures import ENDED, NO_WATERMARK, by_subtask, output_watermark, subtask_ids

MIDDLE = JobVertex("v", "parse -> enrich")


def ids(
    *, source: bool = False, sink: bool = False, times: bool = True, listed: tuple[str, ...] = ()
) -> set[str]:
    found = subtask_ids(
        JobVertex("v", "Source: events -> map -> Sink: out"),
        source=source,
        sink=sink,
        times=times,
        listed=listed,
    )
    return set(found.ids)


def test_a_vertex_in_the_middle_has_rates_times_and_a_watermark() -> None:
    assert ids() == {*rates.RATE_IDS, *rates.TIME_IDS, "currentInputWatermark"}


def test_a_source_takes_nothing_in_and_a_sink_sends_nothing() -> None:
    assert "numRecordsInPerSecond" not in ids(source=True)
    assert "currentInputWatermark" not in ids(source=True)
    assert "numRecordsOutPerSecond" not in ids(sink=True)


def test_time_metrics_are_not_requested_from_old_releases() -> None:
    assert ids(times=False) == {*rates.RATE_IDS, "currentInputWatermark"}


def test_the_operators_of_a_chain_are_requested() -> None:
    listed = (
        "Source__events.numRecordsOutPerSecond",
        "Sink__out.numRecordsInPerSecond",
        "map.numRecordsInPerSecond",
        "numRecordsInPerSecond",
    )
    asked = ids(source=True, sink=True, times=False, listed=listed)
    assert asked == {"Source__events.numRecordsOutPerSecond", "Sink__out.numRecordsInPerSecond"}


@pytest.mark.parametrize(
    ("name", "listed", "expected"),
    [
        (
            "Source: events",
            ["Source__events.currentOutputWatermark"],
            "Source__events.currentOutputWatermark",
        ),
        (
            "Source: t[27] -> Calc[28] -> WatermarkAssigner[29]",
            [
                "WatermarkAssigner[29].currentOutputWatermark",
                "Source__t[27].currentOutputWatermark",
                "Calc[28].currentOutputWatermark",
                "Calc[28].currentInputWatermark",
            ],
            "WatermarkAssigner[29].currentOutputWatermark",
        ),
        ("Source: events", ["numRecordsOut"], None),
        ("Source: events", [], None),
    ],
)
def test_a_sources_watermark_is_its_last_operators(
    name: str, listed: list[str], expected: str | None
) -> None:
    assert output_watermark(name, listed) == expected


def test_a_huge_operator_name_is_not_requested_by_subtask() -> None:
    long = f"{'事' * 80}.currentOutputWatermark"
    vertex = JobVertex("v", "事" * 3000)
    found = subtask_ids(vertex, source=True, sink=False, times=False, listed=[long])
    assert found.ids == ("numRecordsOutPerSecond",)


def test_ids_are_requested_by_subtask() -> None:
    found = subtask_ids(MIDDLE, source=False, sink=False, times=False, listed=())
    assert found.of([3, 12])[:2] == ("3.numRecordsInPerSecond", "3.numRecordsOutPerSecond")
    assert found.of([3, 12])[-1] == "12.currentInputWatermark"


def test_answers_are_read_by_subtask_and_measure() -> None:
    found = by_subtask(
        [
            Metric("0.numRecordsInPerSecond", "12.5"),
            Metric("10.busyTimeMsPerSecond", "NaN"),
            Metric("10.idleTimeMsPerSecond", "250"),
            Metric("10.currentInputWatermark", "-9223372036854775808"),
            Metric("0.currentInputWatermark", "1700000000000"),
            Metric("1.Op [x].currentOutputWatermark", "9223372036854775807"),
            Metric("0.somethingElse", "1"),
            Metric("numRecordsInPerSecond", "7"),
        ]
    )
    assert found == {
        0: {"taken": 12.5, "watermark": 1_700_000_000_000.0},
        10: {"busy": None, "idle": None, "watermark": NO_WATERMARK},
        1: {"watermark": ENDED},
    }


def test_the_ends_of_a_chain_are_summed() -> None:
    found = by_subtask([Metric("0.a.numRecordsInPerSecond", "1"), Metric("0.b.numRecordsInPerSecond", "2")])
    assert found == {0: {"taken": 3.0}}
