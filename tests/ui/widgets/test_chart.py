from __future__ import annotations

import asyncio
import math
import threading
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from flinktop.ui.widgets import chart as chart_module
from flinktop.ui.widgets.axes import Scale, round_step, thin, time_axis, value_axis
from flinktop.ui.widgets.chart import Chart, Line, Options, Run, draw, drawing_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NOW = 1_800_000_000.0
WINDOW = 900.0


def clock(at: float) -> str:
    return f"{int(at) // 3600 % 24:02}:{int(at) // 60 % 60:02}"


def short(value: float) -> str:
    return f"{value / 1000:g}k" if abs(value) >= 1000 else f"{value:g}"


def line(values: Sequence[float], *, name: str = "in", style: str = "info", until: float = NOW) -> Line:
    step = WINDOW / max(len(values) - 1, 1)
    first = until - step * (len(values) - 1)
    return Line(name, tuple((first + at * step, value) for at, value in enumerate(values)), style)


def picture(
    *lines: Line,
    width: int = 60,
    height: int = 9,
    ascii: bool = False,
    high: float | None = None,
) -> list[list[Run]]:
    options = Options(label=short, clock=clock, ascii=ascii, high=high)
    ask = drawing_thread().submit(draw, lines, width, height, since=NOW - WINDOW, until=NOW, options=options)
    return ask.result(timeout=20)


def text(rows: list[list[Run]]) -> list[str]:
    return ["".join(piece for piece, _ in runs) for runs in rows]


def drawn(rows: list[list[Run]], style: str) -> str:
    return "".join(piece for runs in rows for piece, name in runs if name == style).replace(" ", "")


def test_a_picture_has_its_size_its_axes_and_its_styles() -> None:
    rows = picture(line([1000, 5000, 2000]), line([500, 100], name="out", style="good"))
    assert [len(row) for row in text(rows)] == [60] * 9
    assert "5k" in "".join(text(rows))
    assert "07:50" in text(rows)[-1]
    assert {name for runs in rows for _, name in runs} == {"axis", "info", "good"}
    assert "\x1b" not in "".join(text(rows))
    assert len(drawn(rows, "info")) > 20


@pytest.mark.parametrize(
    "values",
    [
        [],
        [math.nan],
        [math.nan, math.nan, math.nan],
        [math.inf, -math.inf],
        [7],
        [0, 0, 0],
        [5, math.nan, 5, math.inf, 6],
        [1e308, -1e308, 1e308],
        [1e-320, 1e-310],
        [-5, -1],
        [1e15, 1, 1e-9],
    ],
)
@pytest.mark.parametrize(("width", "height"), [(60, 9), (16, 4), (200, 50)])
def test_odd_values_draw_or_leave_out_but_never_raise(values: list[float], width: int, height: int) -> None:
    rows = picture(line(values), width=width, height=height)
    assert [len(row) for row in text(rows)] == [width] * height


def test_a_gap_stays_a_gap() -> None:
    whole = drawn(picture(line([5.0] * 90)), "info")
    broken = drawn(picture(line([5.0] * 30 + [math.nan] * 30 + [5.0] * 30)), "info")
    assert len(whole) * 0.5 < len(broken) < len(whole) * 0.8


def test_one_point_is_visible() -> None:
    assert len(drawn(picture(line([3.0])), "info")) == 1


def test_points_far_beyond_a_fixed_limit_are_drawn_at_it() -> None:
    rows = picture(line([50.0, 1e12, 50.0]), high=100)
    assert drawn(rows, "info")
    assert "100" in text(rows)[0]


def test_ascii_pictures_are_ascii_and_distinguish_their_lines() -> None:
    rows = picture(line([1.0, 2.0]), line([2.0, 1.0], name="out", style="good"), ascii=True)
    assert all(row.isascii() for row in text(rows))
    assert set(drawn(rows, "info")) == {"*"}
    assert set(drawn(rows, "good")) == {"+"}


def test_pictures_are_not_cut_to_the_terminal() -> None:
    assert [len(row) for row in text(picture(line([1, 2]), width=300, height=80))] == [300] * 80


def test_a_picture_knows_nothing_of_the_one_before() -> None:
    first = picture(line([1, 5, 2]))
    picture(line([1e9, 2e9], style="bad"), ascii=True, width=30)
    assert picture(line([1, 5, 2])) == first


def test_a_line_keeps_its_shape_while_it_moves() -> None:
    def shape(until: float) -> str:
        points = tuple((NOW - 400 + at * 2.97 + 0.11, float(at % 40)) for at in range(80))
        options = Options(label=short, clock=clock)
        ask = drawing_thread().submit(
            draw, [Line("in", points)], 62, 9, since=until - WINDOW, until=until, options=options
        )
        return drawn(ask.result(timeout=20), "info")

    column = WINDOW / 58.5
    assert shape(NOW) == shape(NOW + 2 * column)


def test_all_drawing_happens_in_one_thread() -> None:
    threads = {drawing_thread().submit(threading.get_ident).result(timeout=5) for _ in range(20)}
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    assert drawing_thread() is drawing_thread()
    # A picture that takes long does not keep the process from its end.
    assert [one.daemon for one in threading.enumerate() if one.ident in threads] == [True]


@pytest.mark.parametrize(
    ("values", "rows", "high", "low_high", "labels"),
    [
        ([0, 81_000], 7, None, (0, 100_000), ("0", "50k", "100k")),
        ([], 7, None, (0, 1), ("0", "0.5", "1")),
        ([0, 0], 7, None, (0, 1), ("0", "0.5", "1")),
        ([3], 2, None, (0, 5), ("0", "5")),
        ([30], 7, 100, (0, 100), ("0", "50", "100")),
        ([-3, 4], 7, None, (-5, 5), ("-5", "0", "5")),
        ([math.nan, math.inf, 8], 7, None, (0, 10), ("0", "5", "10")),
    ],
)
def test_value_axis(
    values: list[float], rows: int, high: float | None, low_high: tuple[float, float], labels: tuple[str, ...]
) -> None:
    axis = value_axis(values, rows, short, high)
    assert (axis.low, axis.high) == low_high
    assert axis.labels == labels


def test_labels_that_round_to_the_same_text_appear_once() -> None:
    axis = value_axis([2], 20, lambda value: f"{value:.0f}")
    assert len(set(axis.labels)) == len(axis.labels) == len(axis.ticks)


def test_time_axis_has_round_times_with_room_between() -> None:
    axis = time_axis(NOW - 900, NOW, 50, clock)
    assert [tick % 300 for tick in axis.ticks] == [0] * len(axis.ticks)
    assert 2 <= len(axis.ticks) <= 5
    assert len(time_axis(NOW - 900, NOW, 5, clock).ticks) <= 2
    assert len(time_axis(NOW - 90 * 86400, NOW, 80, clock).ticks) <= 9


@pytest.mark.parametrize(
    ("least", "step"), [(1, 1), (1.1, 2), (2.1, 2.5), (3, 5), (6, 10), (0.03, 0.05), (700, 1000)]
)
def test_round_step(least: float, step: float) -> None:
    assert round_step(least) == pytest.approx(step)


def test_thinning_keeps_spikes_and_gaps() -> None:
    across = time_axis(0, 1000, 50, clock)
    points = [(float(at), 1.0) for at in range(1000)]
    points[500] = (500.0, 99.0)
    points[700] = (700.0, math.nan)
    kept = thin(points, across, value_axis([99], 9, short), 50)
    assert len(kept) < 300
    assert (500.0, 99.0) in kept
    assert any(math.isnan(value) for _, value in kept)
    assert [at for at, _ in kept] == sorted(at for at, _ in kept)


class Bench(App[None]):
    CSS = "Chart { height: 1fr; }"

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.chart = Chart("records/s", **options)

    def compose(self) -> ComposeResult:
        yield self.chart

    def rows(self) -> list[str]:
        return [strip.text for strip in self.screen._compositor.render_strips()]

    def show(self, *lines: Line, until: float = NOW, label: Callable[[float], str] = short) -> None:
        self.chart.set_lines(lines, Options(label=label, clock=clock), since=until - WINDOW, until=until)

    async def drawn(self) -> None:
        await self.workers.wait_for_complete()
        done = asyncio.Event()
        self.screen.call_after_refresh(done.set)
        await done.wait()


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    threads: list[str] = []

    def counting(*args: Any, **options: Any) -> list[list[Run]]:
        threads.append(threading.current_thread().name)
        return draw(*args, **options)

    monkeypatch.setattr(chart_module, "draw", counting)
    return threads


async def test_a_chart_is_drawn_in_its_thread_under_its_legend(draws: list[str]) -> None:
    app = Bench()
    async with app.run_test(size=(70, 12)):
        app.show(line([1000, 5000]), line([0, 200], name="out", style="good"))
        await app.drawn()
        assert app.rows()[0].split() == ["records/s", "━", "in", "5k", "━", "out", "200"]
        assert "6k┤" in "".join(app.rows())
        assert "07:50" in app.rows()[-1]
        assert len(draws) == 1
        assert draws[0].startswith("flinktop-chart")


async def test_a_chart_is_redrawn_only_when_it_moves_by_a_column(draws: list[str]) -> None:
    app = Bench()
    async with app.run_test(size=(60, 12)):
        column = WINDOW / 60
        start = math.ceil(NOW / column) * column
        for part in (0.1, 0.3, 0.5, 0.7, 0.9):
            app.show(line([1, 2, 3], until=start + part * column), until=start + part * column)
            await app.drawn()
        assert len(draws) == 1
        app.show(line([1, 2, 3], until=start + 1.1 * column), until=start + 1.1 * column)
        await app.drawn()
        assert len(draws) == 2


async def test_the_legend_keeps_up_between_pictures(draws: list[str]) -> None:
    app = Bench()
    async with app.run_test(size=(60, 12)):
        app.show(line([1, 2, 3]))
        await app.drawn()
        app.show(line([1, 2, 7]))
        await app.drawn()
        assert app.rows()[0].split()[-1] == "7"
        assert len(draws) == 1


async def test_another_size_is_drawn_and_the_old_picture_stays_until_then(draws: list[str]) -> None:
    app = Bench()
    async with app.run_test(size=(60, 12)) as pilot:
        app.show(line([1, 2, 3]))
        await app.drawn()
        await pilot.resize_terminal(100, 20)
        async with asyncio.timeout(20):
            # Where others use the processor the pilot takes the app for idle before it has seen the new size.
            while len(app.rows()) < 20 or not app.rows()[-1].strip():
                await app.drawn()
        assert len(draws) >= 2
        assert all(cell_len(row) == 100 for row in app.rows())
        assert app.rows()[-1].strip()


async def test_other_lines_and_titles_are_drawn_at_once(draws: list[str]) -> None:
    app = Bench()
    async with app.run_test(size=(60, 12)):
        app.show(line([1, 2, 3]))
        await app.drawn()
        app.show(line([1, 2, 3], name="other"))
        await app.drawn()
        app.chart.set_title("another job")
        await app.drawn()
        assert len(draws) == 3
        assert "another job" in app.rows()[0]


async def test_an_empty_chart_shows_a_text(draws: list[str]) -> None:
    app = Bench(empty="collecting, first point in 3 s")
    async with app.run_test(size=(60, 12)):
        await app.drawn()
        assert "collecting, first point in 3 s" in "".join(app.rows())
        app.show(line([math.nan, math.nan]))
        app.chart.set_empty("no job is running")
        await app.drawn()
        assert "no job is running" in "".join(app.rows())
        assert draws == []
        app.show(line([1, 2]))
        await app.drawn()
        assert "no job is running" not in "".join(app.rows())
        assert "┤" in "".join(app.rows())


@pytest.mark.parametrize("size", [(1, 1), (5, 2), (12, 4), (15, 30), (80, 1), (80, 4), (20, 5)])
async def test_a_small_chart_shows_what_fits(size: tuple[int, int], draws: list[str]) -> None:
    app = Bench()
    async with app.run_test(size=size):
        app.show(line([1, 2, 3, 4]), line([math.nan, 2], name="out"))
        await app.drawn()
        assert all(cell_len(row) == size[0] for row in app.rows())
        small = size[0] < 16 or size[1] < 5
        assert (not draws) == small
        if small and size[0] >= 12 and size[1] > 1:
            assert "█" in "".join(app.rows())


async def test_foreign_names_never_reach_the_picture_nor_the_terminal() -> None:
    app = Bench()
    async with app.run_test(size=(80, 12)):
        app.chart.set_title("\x1b[2J[bold]注文[/]" * 40)
        app.show(line([1, 2], name="\x1b]0;x\x07" + "注文" * 200))
        await app.drawn()
        assert all(cell_len(row) == 80 for row in app.rows())
        assert not any(ord(char) < 32 for row in app.rows() for char in row)
        app.chart.set_title("jobs")
        await app.drawn()
        assert "注文" in app.rows()[0]


async def test_a_failed_picture_is_reported_and_the_next_one_is_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(*_: Any, **__: Any) -> list[list[Run]]:
        raise ValueError("no room")

    app = Bench()
    async with app.run_test(size=(60, 12)):
        with monkeypatch.context() as patch:
            patch.setattr(chart_module, "draw", failing)
            app.show(line([1, 2, 3]))
            await app.drawn()
            assert "cannot draw this" in "".join(app.rows())
        app.show(line([1, 2, 3], until=NOW + 60), until=NOW + 60)
        await app.drawn()
        assert "cannot draw this" not in "".join(app.rows())


async def test_without_a_clock_the_axis_counts_back() -> None:
    app = Bench(ascii=True)
    async with app.run_test(size=(60, 12)):
        app.chart.set_lines([line([1, 2])], Options(label=short), since=NOW - WINDOW, until=NOW)
        await app.drawn()
        assert app.rows()[-1].split() == ["-15m", "-10m", "-5m", "now"]
        assert all(row.isascii() for row in app.rows())


@pytest.mark.parametrize(
    ("scale", "greatest", "ticks"),
    [
        ("decimal", 39_000, (0, 10_000, 20_000, 30_000, 40_000)),
        ("bytes", 39_000, (0, 10_240, 20_480, 30_720, 40_960)),
        ("bytes", 3 * 1024**3, (0, 1024**3, 2 * 1024**3, 3 * 1024**3)),
        ("bytes", 900, (0, 250, 500, 750, 1000)),
        ("whole", 1, (0, 1)),
        ("whole", 7, (0, 2, 4, 6, 8)),
        ("seconds", 130, (0, 60, 120, 180)),
        ("seconds", 0.4, (0, 0.1, 0.2, 0.3, 0.4)),
        ("seconds", 20 * 86400, (0, 5 * 86400, 10 * 86400, 15 * 86400, 20 * 86400)),
        ("milliseconds", 250_000, (0, 120_000, 240_000, 360_000)),
        ("milliseconds", 35, (0, 10, 20, 30, 40)),
    ],
)
def test_ticks_are_round_in_the_units_of_what_is_drawn(
    scale: Scale, greatest: float, ticks: tuple[float, ...]
) -> None:
    assert value_axis([greatest], 12, str, None, scale).ticks == pytest.approx(ticks)
