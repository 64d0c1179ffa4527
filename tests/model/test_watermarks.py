"""Who holds a vertex back."""

from __future__ import annotations

import math

import pytest

from flinktop.flink.metrics import Metric
from flinktop.model import watermarks
from flinktop.model.watermarks import Held

NONE, END = "-9223372036854775808", "9223372036854775807"


def told(*values: str) -> dict[int, float]:
    return watermarks.marks(
        [Metric(f"{index}.currentInputWatermark", value) for index, value in enumerate(values)]
    )


def test_flinks_values_for_no_watermark_and_the_end() -> None:
    assert told(NONE, END, "5000") == {0: -math.inf, 1: math.inf, 2: 5000.0}


def test_other_metrics_are_passed_over() -> None:
    assert watermarks.marks([Metric("currentInputWatermark", "1"), Metric("0.x", None)]) == {}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("5000", "5000"), None),
        (("5000",), None),
        ((NONE, NONE), None),
        ((END, END), None),
        ((), None),
        (("5000", "9000", "8000"), Held(0, 4.0, 0)),
        (("9000", "5000", "5000"), Held(1, 4.0, 1)),
        (("9000", NONE), Held(1, math.inf, 0)),
        ((END, "5000", "6000"), Held(1, 1.0, 0)),
        ((END, "5000"), None),
    ],
)
def test_who_holds_back(values: tuple[str, ...], expected: Held | None) -> None:
    assert watermarks.held(told(*values)) == expected
