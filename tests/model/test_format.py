"""Numbers, sizes and times as a person reads them: tables, and promises that hold for any float."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flinktop.model import format as fmt

NUMBERS = st.none() | st.floats() | st.integers(-(2**63), 2**63)
INF = math.inf
NAN = math.nan


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "…"),
        (NAN, "…"),
        (0, "0"),
        (0.01, "<0.1"),
        (0.05, "0.1"),
        (0.96, "1.0"),
        (7, "7"),
        (7.46, "7.5"),
        (9.96, "10"),
        (12.4, "12"),
        (999, "999"),
        (999.4, "999"),
        (999.5, "1.0k"),
        (1234, "1.2k"),
        (9949, "9.9k"),
        (9950, "10k"),
        (81_000, "81k"),
        (999_499, "999k"),
        (999_500, "1.0M"),
        (4_500_000, "4.5M"),
        (2**63 - 1, "9.2E"),
        (1e18, "1.0E"),
        (1e21, ">999E"),
        (-1, "-1"),
        (-0.01, "-0.1"),
        (-1234, "-1.2k"),
        (-1e300, "-999E"),
        (INF, "∞"),
        (-INF, "-∞"),
    ],
)
def test_count(value: float | None, text: str) -> None:
    assert fmt.count(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "…"),
        (NAN, "…"),
        (-1, "–"),  # noqa: RUF001 -- the dash that says absent
        (INF, "–"),  # noqa: RUF001 -- the same
        (0, "0 B"),
        (512, "512 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1536, "1.5 kB"),
        (20 * 1024**2, "20 MB"),
        (2**63 - 1, "8.0 EB"),
        (1e300, "∞"),
    ],
)
def test_size(value: float | None, text: str) -> None:
    assert fmt.size(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "…"),
        (NAN, "…"),
        (-5, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 m"),
        (3599, "59 m"),
        (3600, "1 h"),
        (2 * 3600 + 300, "2 h 5 m"),
        (9 * 3600 + 59 * 60, "9 h 59 m"),
        (10 * 3600 + 300, "10 h"),
        (86_400, "1 d"),
        (86_400 + 7200, "1 d 2 h"),
        (12 * 86_400 + 7200, "12 d"),
        (INF, "∞"),
        (-INF, "0 s"),
    ],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert fmt.duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "…"),
        (NAN, "…"),
        (-1, "–"),  # noqa: RUF001 -- the dash that says absent
        (0, "0 ms"),
        (14.4, "14 ms"),
        (999.4, "999 ms"),
        (999.6, "1.0 s"),
        (6_700, "6.7 s"),
        (9_960, "10 s"),
        (61_000, "1 m"),
        (INF, "∞"),
    ],
)
def test_milliseconds(value: float | None, text: str) -> None:
    assert fmt.milliseconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "…"), (NAN, "…"), (0, "0"), (4, "0"), (996, "100"), (1300, "100"), (-1, "0"), (INF, "100")],
)
def test_per_mille(value: float | None, text: str) -> None:
    assert fmt.per_mille(value) == text


@pytest.mark.parametrize(
    ("epoch", "offset", "text"),
    [
        (0, 0, "00:00:00"),
        (0, 9 * 3600, "09:00:00"),
        (0, -1800, "23:30:00"),
        (1_700_000_000.9, 0, "22:13:20"),
        (NAN, 0, "…"),
        (INF, 0, "…"),
        (1e20, 0, "…"),
        (0, 86_400, "…"),
    ],
)
def test_clock(epoch: float, offset: float, text: str) -> None:
    assert fmt.clock(epoch, offset) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.125, "0.125"), (0.5, "0.5"), (1.0, "1"), (2, "2"), (10.0, "10"), (1 / 3, "0.333"), (0.0, "0")],
)
def test_cores_are_not_rounded_to_others(value: float, text: str) -> None:
    assert fmt.cores(value) == text


def test_moment() -> None:
    assert fmt.moment(1_700_000_000, -3600) == "2023-11-14 21:13:20"
    assert fmt.moment(NAN, 0) == "…"


@pytest.mark.parametrize(
    ("offset", "name"),
    [(0, "UTC"), (32_400, "+09:00"), (-12_600, "-03:30"), (20_700, "+05:45"), (NAN, "UTC"), (INF, "UTC")],
)
def test_offset_name(offset: float, name: str) -> None:
    assert fmt.offset_name(offset, 0.0) == name


def test_this_machines_zone_is_the_same_in_both() -> None:
    name = fmt.offset_name(None, 1_700_000_000)
    offset = 0.0 if name == "UTC" else int(name[:3]) * 3600 + int(name[0] + name[4:]) * 60
    assert fmt.clock(1_700_000_000, None) == fmt.clock(1_700_000_000, offset)


@given(NUMBERS)
@example(-999.4e15)
@example(0.0499999)
def test_a_count_fits_in_five_cells(value: float | None) -> None:
    assert 0 < len(fmt.count(value)) <= 5


@given(NUMBERS)
@example(999.49 * 1024**6)
def test_a_size_fits_in_six_cells(value: float | None) -> None:
    assert 0 < len(fmt.size(value)) <= 6


@given(NUMBERS)
def test_a_duration_fits_in_eight_cells_for_a_century(seconds: float | None) -> None:
    text = fmt.duration(seconds)
    if seconds is None or not seconds > 100 * 365 * 86_400:
        assert 0 < len(text) <= 8


@given(NUMBERS)
def test_milliseconds_and_percentages_always_have_a_text(value: float | None) -> None:
    assert fmt.milliseconds(value)
    assert len(fmt.per_mille(value)) <= 3


@given(st.floats(), st.none() | st.floats())
@example(253_402_300_799.0, 3600.0)
@example(-62_135_596_800.0, None)
def test_times_always_have_a_text(epoch: float, offset: float | None) -> None:
    assert len(fmt.clock(epoch, offset)) in (1, 8)
    assert fmt.moment(epoch, offset)
    assert len(fmt.offset_name(offset, epoch)) in (3, 6)


@given(st.floats(1, 1e18))
def test_a_count_is_precise_to_five_per_cent(value: float) -> None:
    text = fmt.count(value)
    unit = " kMGTPE".find(text[-1]) if text[-1].isalpha() else 0
    number = float(text.rstrip("kMGTPE")) * 1000.0**unit
    assert abs(number - value) <= 0.05 * value


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_a_longer_time_never_reads_shorter(one: float, other: float) -> None:
    short, long = sorted((one, other))
    assert _seconds(fmt.duration(short)) <= _seconds(fmt.duration(long))


def _seconds(text: str) -> int:
    words = text.split()
    sizes = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
    return sum(int(number) * sizes[unit] for number, unit in zip(words[::2], words[1::2], strict=True))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "…"), (0, "0 s"), (59.9, "59 s"), (60, "1 m"), (7199, "1 h"), (86_400 * 12 + 5, "12 d")],
)
def test_a_span_has_one_unit(seconds: float | None, text: str) -> None:
    assert fmt.span(seconds) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0 s"),
        (-1, "0 s"),
        (500, "500 ms"),
        (5000, "5 s"),
        (90_000, "1 m 30 s"),
        (600_000, "10 m"),
        (90_000_500, "1 d 1 h 500 ms"),
    ],
)
def test_a_configured_duration_is_exact_to_the_millisecond(milliseconds: int, text: str) -> None:
    assert fmt.exact(milliseconds) == text


@pytest.mark.parametrize(
    ("away", "text"),
    [
        (0, "12:00:00"),
        (-3600, "11:00:00"),
        (3600, "13:00:00"),
        (-13 * 3600, "03-04 23:00"),
        (-40 * 86_400, "01-24 12:00"),
        (-400 * 86_400, "2025-01-29"),
    ],
)
def test_a_time_near_by_is_a_time_of_day_and_one_far_away_a_date(away: float, text: str) -> None:
    noon = 1_772_712_000.0  # 2026-03-05 12:00:00 UTC
    assert fmt.near(noon + away, 0.0, noon) == text
    assert len(fmt.near(noon + away, 0.0, noon)) <= 11


def test_a_time_no_calendar_has_is_not_known() -> None:
    assert fmt.near(9.2e15, 0.0, 0.0) == fmt.UNKNOWN


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1384.0, "1384"),
        (-2.0, "-2"),
        (0.1667, "0.167"),
        (1e15, "1000000000000000"),
        (math.inf, "∞"),
    ],
)
def test_a_number_is_written_without_loss(value: float, text: str) -> None:
    assert fmt.exact_number(value) == text


@pytest.mark.parametrize(("part", "text"), [(0.0, "0 %"), (0.001, "<1 %"), (0.61, "61 %"), (1.0, "100 %")])
def test_something_is_never_a_share_of_nothing(part: float, text: str) -> None:
    assert fmt.share(part) == text


@pytest.mark.parametrize(
    ("part", "text"),
    [(0.0, "0 %"), (0.001, "<1 %"), (0.005, "<1 %"), (0.006, "1 %"), (0.5, "50 %"), (1.0, "100 %")],
)
def test_a_share_that_is_something_is_never_nothing(part: float, text: str) -> None:
    assert fmt.share(part) == text
