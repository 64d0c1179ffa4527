"""How a watermark lag is written, and when it has a colour."""

from __future__ import annotations

import math

import pytest

from flinktop.model import lag


def every(seconds: float, *lags: float) -> list[tuple[float, float]]:
    """Points that far apart."""
    return [(1000.0 + seconds * number, value) for number, value in enumerate(lags)]


@pytest.mark.parametrize(
    ("seconds", "cell", "words"),
    [
        (0.0, "<10 s", "<10 s"),
        (9.9, "<10 s", "<10 s"),
        (10.0, "10 s", "10 s ±10 s"),
        (59.0, "59 s", "59 s ±10 s"),
        (90.0, "1 m", "1 m"),
        (32_700.0, "9 h", "9 h 5 m"),
    ],
)
def test_a_lag_is_written_as_precisely_as_it_is_known(seconds: float, cell: str, words: str) -> None:
    assert (lag.text(seconds), lag.words(seconds)) == (cell, words)


@pytest.mark.parametrize(
    ("points", "tone"),
    [
        (every(30, 70, 100, 130, 160, 190), "warn"),
        (every(10, *range(100, 230, 10)), "warn"),
        (every(30, 500, 530, 560, 590, 620), "bad"),
        # Over ten minutes, and growing slowly.
        (every(30, 3600, 3606, 3612, 3618, 3624), "bad"),
        # Constant, however late, as far as its precision tells.
        (every(30, 3600, 3600, 3600, 3600, 3600), ""),
        (every(10, *[3600, 3610, 3605, 3601, 3609] * 4), ""),
        # It has grown once, and stands since then.
        (every(30, 70, 190, 190, 190, 190), ""),
        # It grows for less than two minutes, or nobody knows for how long.
        (every(30, 70, 100, 130, 160), ""),
        (every(30, 700), ""),
        ([], ""),
        # Not late.
        (every(30, 0, 10, 25, 40, 55), ""),
        # It catches up.
        (every(30, 900, 800, 720, 680, 640), ""),
        (every(30, 100, 500, 300, 320, 340), ""),
        # Nothing is known any more.
        ([*every(30, 70, 100, 130, 160, 190), (1150.0, math.nan)], ""),
        # Rarely looked at, and looked at too rarely.
        (every(300, 70, 370), "warn"),
        (every(1000, 70, 1070), ""),
    ],
)
def test_a_lag_has_a_colour_while_it_is_long_and_grows(points: list[tuple[float, float]], tone: str) -> None:
    assert lag.tone(points) == tone


def test_points_are_remembered_as_far_back_as_the_colour_looks_and_once_each() -> None:
    points: lag.Points = ()
    for at in range(0, 3000, 10):
        points = lag.add_point(points, float(at), float(at))
        points = lag.add_point(points, float(at), float(at))
    assert len(points) == lag.REACH / 10 + 1
    assert lag.tone(points) == "bad"
