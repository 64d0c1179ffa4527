from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from flinktop.ui.widgets.guarded_rows import make_row_groups, make_rows
from flinktop.ui.widgets.table import Cell, Column, LiveTable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.geometry import Region
    from textual.message import Message
    from textual.pilot import Pilot


@dataclass(frozen=True)
class Job:
    key: str
    name: str = ""
    rate: float | None = 0.0
    style: str = ""


def rate(job: Job) -> Cell:
    return ("-", "muted") if job.rate is None else (f"{job.rate:g}", job.style)


COLUMNS = (
    Column[Job]("name", "NAME", 12, lambda job: (job.name, "strong"), sort=lambda job: job.name, flex=True),
    Column[Job]("rate", "RATE", 6, rate, sort=lambda job: job.rate, align="right", descending=True, drop=1),
    Column[Job]("key", "ID", 6, lambda job: (job.key, ""), drop=2),
)


def jobs(keys: str) -> list[Job]:
    return [Job(key, f"job {key}") for key in keys]


def many(count: int) -> list[Job]:
    return [Job(f"{at:05}", f"job {at}", float(at)) for at in range(count)]


class Bench(App[None]):
    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.table = LiveTable(COLUMNS, row_key=lambda job: job.key, **options)
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_live_table_opened(self, message: LiveTable.Opened) -> None:
        self.heard.append(message)

    def on_live_table_moved(self, message: LiveTable.Moved) -> None:
        self.heard.append(message)

    def on_live_table_visible_changed(self, message: LiveTable.VisibleChanged) -> None:
        self.heard.append(message)

    def opened(self) -> list[str]:
        return [message.key for message in self.heard if isinstance(message, LiveTable.Opened)]

    def lines(self) -> list[str]:
        return [strip.text for strip in self.screen._compositor.render_strips()]


async def settled(app: App[None]) -> None:
    # Once for what is queued, once for what that posts.
    for _ in range(2):
        done = asyncio.Event()
        app.screen.call_after_refresh(done.set)
        await done.wait()


@asynccontextmanager
async def bench(
    rows: list[Job], size: tuple[int, int] = (60, 11), **options: Any
) -> AsyncIterator[tuple[Bench, Pilot[None]]]:
    app = Bench(**options)
    async with app.run_test(size=size) as pilot:
        app.table.focus()
        app.table.set_rows(rows)
        await settled(app)
        yield app, pilot


class Painted:
    """Counts the lines a table paints and the regions it marks."""

    def __init__(self, table: LiveTable[Any], patch: pytest.MonkeyPatch) -> None:
        self.lines: list[int] = []
        self.regions: list[tuple[Region, ...]] = []
        render_line, refresh = table.render_line, table.refresh

        def painting(y: int) -> Any:
            self.lines.append(y)
            return render_line(y)

        def refreshing(*regions: Region, **options: Any) -> Any:
            self.regions.append(regions)
            return refresh(*regions, **options)

        patch.setattr(table, "render_line", painting)
        patch.setattr(table, "refresh", refreshing)


async def test_equal_rows_repaint_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(jobs("abc")) as (app, _):
        painted = Painted(app.table, monkeypatch)
        app.table.set_rows(jobs("abc"))
        await settled(app)
        assert painted.regions == []
        assert painted.lines == []


async def test_only_the_changed_line_is_repainted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(jobs("abcde")) as (app, _):
        painted = Painted(app.table, monkeypatch)
        rows = jobs("abcde")
        rows[2] = replace(rows[2], rate=7.0)
        app.table.set_rows(rows)
        await settled(app)
        assert painted.lines == [3]
        assert "7" in app.lines()[3]


async def test_of_a_changed_line_only_the_changed_stretch_is_repainted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with bench(jobs("abcde")) as (app, _):
        painted = Painted(app.table, monkeypatch)
        rows = jobs("abcde")
        rows[2] = replace(rows[2], rate=7.0)
        app.table.set_rows(rows)
        await settled(app)
        where = next(place for place in app.table._spans if place.column.key == "rate")
        assert painted.regions == [((where.x, 3, where.width, 1),)]


async def test_a_change_off_the_screen_repaints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(many(100)) as (app, _):
        painted = Painted(app.table, monkeypatch)
        rows = many(100)
        rows[90] = replace(rows[90], rate=-1.0)
        app.table.set_rows(rows)
        await settled(app)
        assert painted.lines == []


async def test_the_lines_painted_do_not_grow_with_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench([], size=(80, 24)) as (app, pilot):
        painted = Painted(app.table, monkeypatch)
        app.table.set_rows(many(10_000))
        await settled(app)
        assert 0 < len(painted.lines) <= 24 * 2
        painted.lines.clear()
        await pilot.press("end")
        await settled(app)
        assert 0 < len(painted.lines) <= 24 * 2
        assert app.table.cursor_key == "09999"


async def test_moving_the_cursor_paints_two_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(many(100)) as (app, pilot):
        painted = Painted(app.table, monkeypatch)
        await pilot.press("down")
        await settled(app)
        assert painted.lines == [1, 2]


async def test_the_cursor_stays_on_its_row() -> None:
    async with bench(jobs("abcde")) as (app, pilot):
        await pilot.press("j", "j")
        assert app.table.cursor_key == "c"
        for order in ("xyabcde", "edcba", "c", "cba"):
            app.table.set_rows(jobs(order))
            assert app.table.cursor_key == "c"
        assert app.table.cursor_row == Job("c", "job c")


async def test_before_it_is_moved_the_cursor_stays_on_the_first_row() -> None:
    async with bench(jobs("abcde")) as (app, pilot):
        app.table.set_rows(jobs("bacde"))
        assert app.table.cursor_key == "b"
        app.table.filter = "job"
        app.table.sort_by("name", reverse=True)
        assert app.table.cursor_key == "e"
        await pilot.press("enter")
        await settled(app)
        assert app.opened() == ["e"]
        # What was opened is what the person comes back to.
        app.table.sort_by(None)
        assert app.table.cursor_key == "e"


async def test_the_cursor_goes_to_the_nearest_that_remains() -> None:
    async with bench(jobs("abcde")) as (app, pilot):
        await pilot.press("j", "j")
        app.table.set_rows(jobs("abde"))
        assert app.table.cursor_key == "d"
        app.table.set_rows(jobs("ab"))
        assert app.table.cursor_key == "b"
        app.table.set_rows([])
        assert [app.table.cursor_key, app.table.cursor_row] == [None] * 2
        await settled(app)
        moved = [message.key for message in app.heard if isinstance(message, LiveTable.Moved)]
        assert moved == ["a", "b", "c", "d", "b", None]


@pytest.mark.deep
async def test_rows_that_come_above_do_not_move_the_cursors_row_on_the_screen() -> None:
    async with bench(many(100)) as (app, pilot):
        await pilot.press(*["down"] * 30)
        before = app.lines().index(next(line for line in app.lines() if "job 30 " in line))
        app.table.set_rows([Job("new 1"), Job("new 2"), *many(100)])
        await settled(app)
        assert "job 30 " in app.lines()[before]
        app.table.set_rows(many(100)[5:])
        await settled(app)
        assert "job 30 " in app.lines()[before]


async def test_sorting_keeps_the_cursor_and_marks_the_column() -> None:
    rows = [Job("a", "x", 1.0), Job("b", "y", None), Job("c", "z", 3.0)]
    async with bench(rows) as (app, pilot):
        await pilot.press("down")
        app.table.sort_by("rate")
        await settled(app)
        assert app.table.shown_keys() == ("c", "a", "b")
        assert app.table.cursor_key == "b"
        assert app.table.sort_label == "RATE ▼ known for 2 of 3"
        assert "▼RATE" in app.lines()[0]
        app.table.reverse_sort()
        await settled(app)
        assert app.table.shown_keys() == ("a", "c", "b")
        assert "▲RATE" in app.lines()[0]
        app.table.sort_by(None)
        assert app.table.shown_keys() == ("a", "b", "c")
        assert app.table.sort_label == ""


async def test_sorting_shows_the_top_and_an_arrow_brings_the_cursor_there() -> None:
    async with bench(many(100)) as (app, pilot):
        await pilot.press("down")
        app.table.sort_by("rate")
        await settled(app)
        assert app.table.visible_keys()[0] == "00099"
        assert app.table.cursor_key == "00001"
        await pilot.press("enter")
        await settled(app)
        assert app.opened() == []
        assert "00001" in app.table.visible_keys()
        app.table.sort_by("rate")
        await pilot.press("down")
        assert app.table.cursor_key == "00099"


async def test_the_next_sort_goes_round_the_columns() -> None:
    async with bench(jobs("ab")) as (app, _):
        labels = []
        for _step in range(3):
            app.table.next_sort()
            labels.append(app.table.sort_label)
        assert labels == ["NAME ▲", "RATE ▼", ""]
        app.table.sort_by("key")
        assert app.table.sort_label == ""


async def test_a_column_without_room_is_sorted_by_as_well() -> None:
    async with bench(jobs("ab"), size=(18, 10)) as (app, _):
        assert "RATE" not in app.lines()[0]
        app.table.next_sort()
        app.table.next_sort()
        assert app.table.sort_label == "RATE ▼"


async def test_new_rows_come_in_sorted() -> None:
    async with bench(many(3)) as (app, _):
        app.table.sort_by("rate")
        app.table.set_rows([*many(3), Job("x", "new", 99.0)])
        assert app.table.shown_keys() == ("x", "00002", "00001", "00000")


async def test_the_filter_looks_into_all_cells_whatever_the_case() -> None:
    async with bench([Job("a", "Orders"), Job("b", "clicks"), Job("c", "reORDER")]) as (app, _):
        app.table.filter = "order"
        assert app.table.shown_keys() == ("a", "c")
        app.table.filter = "nothing"
        await settled(app)
        assert "nothing matches 'nothing'" in app.lines()[1]
        app.table.filter = ""
        assert app.table.shown_keys() == ("a", "b", "c")


async def test_the_callers_match_decides() -> None:
    async with bench(many(5), match=lambda job, text: job.rate == float(text)) as (app, _):
        app.table.filter = "3"
        assert app.table.shown_keys() == ("00003",)
        assert app.table.cursor_key == "00003"


async def test_an_empty_table_says_so() -> None:
    async with bench([], empty="no jobs yet") as (app, _):
        assert app.lines()[1].strip() == "no jobs yet"
        app.table.set_empty("no jobs\nsubmit one")
        await settled(app)
        assert [line.strip() for line in app.lines()[1:4]] == ["no jobs", "submit one", ""]
        app.table.set_rows(jobs("a"))
        await settled(app)
        assert "job a" in app.lines()[1]


async def test_keys_and_visible_rows() -> None:
    async with bench(many(100)) as (app, pilot):
        assert app.table.visible_keys() == tuple(f"{at:05}" for at in range(10))
        for key, cursor in (
            ("G", 99),
            ("k", 98),
            ("pageup", 89),
            ("g", 0),
            ("pagedown", 9),
            ("end", 99),
            ("home", 0),
        ):
            await pilot.press(key)
            assert app.table.cursor_key == f"{cursor:05}"
        await pilot.press("G")
        await settled(app)
        told = [message.keys for message in app.heard if isinstance(message, LiveTable.VisibleChanged)]
        assert told[0] == tuple(f"{at:05}" for at in range(10))
        assert told[-1] == tuple(f"{at:05}" for at in range(90, 100)) == app.table.visible_keys()


async def test_enter_and_the_second_click_open() -> None:
    async with bench(jobs("abc")) as (app, pilot):
        await pilot.press("enter")
        await pilot.click(offset=(5, 3))
        assert app.table.cursor_key == "c"
        assert app.opened() == ["a"]
        await pilot.click(offset=(5, 3))
        await settled(app)
        assert app.opened() == ["a", "c"]
        await pilot.click(offset=(5, 9))
        assert app.table.cursor_key == "c"


async def test_a_click_on_the_header_sorts_and_turns() -> None:
    async with bench(many(3)) as (app, pilot):
        at = app.lines()[0].index("RATE")
        await pilot.click(offset=(at, 0))
        assert app.table.sort_label == "RATE ▼"
        await pilot.click(offset=(at, 0))
        assert app.table.sort_label == "RATE ▲"
        await pilot.click(offset=(app.lines()[0].index("ID"), 0))
        assert app.table.sort_label == "RATE ▲"


@pytest.mark.parametrize("width", [20, 21, 26, 33, 40, 61, 80, 120, 200])
async def test_hostile_names_never_leave_their_cells(width: int) -> None:
    names = [
        "\x1b[2Jboom",
        "[bold]x[/] [/",
        "注文の処理パイプライン" * 9,
        "n" * 10_000,
        "e\u0301" * 50,
        "a\nb\tc\x9b\u202e",
    ]
    rows = [Job(str(at), name, 1234.0) for at, name in enumerate(names)]
    async with bench(rows, size=(width, 9)) as (app, _):
        lines = app.lines()
        assert all(cell_len(line) == width for line in lines)
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for line in lines for char in line)
        if width >= 26:
            ends = {cell_len(line[: line.index("1234") + 4]) for line in lines if "1234" in line}
            assert len(ends) == 1
            assert sum("1234" in line for line in lines) == len(names)
        if width >= 33:
            assert "[bold]x" in lines[2]


async def test_a_tiny_terminal_works() -> None:
    async with bench(many(50), size=(20, 5)) as (app, pilot):
        await pilot.resize_terminal(3, 1)
        await pilot.press("down", "pagedown", "G", "enter")
        await pilot.resize_terminal(120, 40)
        await settled(app)
        assert app.table.cursor_key == "00049"
        assert "00049" in app.table.visible_keys()


async def test_an_unknown_style_is_plain() -> None:
    rows = [Job("a", "one", 1.0, "no such style"), Job("b", "two", 1.0)]
    async with bench(rows) as (app, pilot):
        await pilot.press("down", "down")
        app.table.set_rows([*rows, Job("c")])
        unknown, plain = app.table.render_line(1), app.table.render_line(3)
        assert {str(segment.style) for segment in plain} >= {str(list(unknown)[-1].style)}


async def test_the_cursor_shows_without_colours_and_less_without_focus() -> None:
    async with bench(jobs("ab")) as (app, _):
        focused = app.table.render_line(1)
        assert all(segment.style and segment.style.reverse for segment in focused)
        assert not any(segment.style and segment.style.reverse for segment in app.table.render_line(2))
        app.screen.set_focus(None)
        await settled(app)
        resting = app.table.render_line(1)
        assert all(segment.style and segment.style.bold and not segment.style.reverse for segment in resting)


async def test_status_colours_stay_on_the_cursors_row() -> None:
    async with bench([Job("a", "x", 1.0, "bad"), Job("b", "y", 1.0, "bad")]) as (app, _):

        def colours(y: int, *, behind: bool) -> set[object]:
            styles = [segment.style for segment in app.table.render_line(y) if segment.text.strip() == "1"]
            return {style.bgcolor if behind else style.color for style in styles if style}

        assert colours(1, behind=True) == colours(2, behind=False) != set()


async def test_dim_rows_have_one_faded_colour() -> None:
    async with bench([Job("a"), Job("b", "old", 1.0, "bad")], dim=lambda job: job.key == "b") as (app, _):
        assert len({str(segment.style) for segment in app.table.render_line(2)}) == 1


async def test_ascii_marks() -> None:
    async with bench([Job("a", "x" * 100)], size=(30, 5), ascii=True) as (app, _):
        app.table.sort_by("rate")
        await settled(app)
        assert "vRATE" in app.lines()[0]


async def test_setting_the_cursor() -> None:
    async with bench(many(100)) as (app, _):
        app.table.cursor_key = "00050"
        assert "00050" in app.table.visible_keys()
        app.table.cursor_key = "no such row"
        assert app.table.cursor_key == "00050"


async def test_a_cell_that_cannot_be_made_is_marked_and_the_rest_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with bench(jobs("ab")) as (app, _):
        rows = jobs("abc")
        broken: Any = "broken"
        rows[1] = replace(rows[1], rate=broken)
        app.table.set_rows(rows)
        await settled(app)
        assert app.lines()[2].split() == ["job", "b", "?", "b"]
        assert "job c" in app.lines()[3]
        app.table.sort_by("rate")
        app.table.filter = "job"
        await settled(app)
        assert app.table.shown_keys() == ("b", "a", "c")
        assert len([line for line in caplog.records if "column rate" in line.message]) == 1


async def test_a_failing_sort_value_is_last() -> None:
    def order(job: Job) -> float:
        return 1 / (job.rate or 0.0)

    columns = (replace(COLUMNS[1], sort=order), *COLUMNS[:1])
    async with bench([Job("a", rate=0.0), Job("b", rate=1.0), Job("c", rate=2.0)]) as (app, _):
        app.table.set_columns(columns)
        app.table.sort_by("rate", reverse=False)
        assert app.table.shown_keys() == ("c", "b", "a")


def made(job: Job) -> Job:
    if job.key == "b":
        raise OverflowError("cannot convert float infinity to integer")
    return job


async def test_what_cannot_be_made_into_a_row_is_below_the_others_by_its_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with bench([]) as (app, _):
        for _look in range(2):
            app.table.set_rows(
                make_rows(jobs("abc"), made, key=lambda job: job.key, name=lambda job: job.name)
            )
            await settled(app)
        assert [line.split() for line in app.lines()[1:4]] == [
            ["job", "a", "0", "a"],
            ["job", "c", "0", "c"],
            ["job", "b", "?", "?"],
        ]
        assert len([line for line in caplog.records if "row b" in line.message]) == 1
        app.table.sort_by("name")
        assert app.table.shown_keys() == ("a", "c", "b")
        app.table.cursor_key = "b"
        assert (app.table.cursor_key, app.table.cursor_row) == ("b", None)
        app.table.filter = "job b"
        assert app.table.shown_keys() == ("b",)


def test_rows_put_together_keep_what_could_not_be_made() -> None:
    rows = make_rows(jobs("ab"), made, key=lambda job: job.key)
    rows += make_row_groups(jobs("bc"), lambda job: (job, made(job)), key=lambda job: job.key)
    assert [row.key for row in rows] == ["a", "c", "c"]
    assert [odd.key for odd in rows.failed] == ["b", "b"]


@pytest.mark.deep
async def test_the_cursor_passes_over_headings() -> None:
    rows = [Job("H1"), *jobs("ab"), Job("H2"), *jobs("c"), Job("H3")]
    async with bench(rows, heading=lambda job: job.key if job.key.startswith("H") else "") as (app, pilot):
        table = app.table
        assert table.cursor_key == "a"
        seen = []
        for key in ("j", "j", "j", "k", "k", "k", "G", "g"):
            await pilot.press(key)
            seen.append(table.cursor_key)
        assert seen == ["b", "c", "c", "b", "a", "a", "c", "a"]
        lines = app.lines()
        assert [lines[at].strip("─ ") for at in (1, 4, 6)] == ["H1", "H2", "H3"]
        assert all(lines[at].startswith("───") and lines[at].rstrip().endswith("───") for at in (1, 4, 6))
        await pilot.click(LiveTable, offset=(3, 4))
        assert table.cursor_key == "c"
        await pilot.press("enter")
        assert app.opened() == ["c"]


async def test_the_heading_comes_into_sight_with_the_first_row_below_it() -> None:
    rows = [Job("H"), *many(50)]
    async with bench(rows, size=(40, 6), heading=lambda job: "today" if job.key == "H" else "") as (
        app,
        pilot,
    ):
        await pilot.press("G", "g")
        await settled(app)
        assert app.lines()[1].startswith("─── today ───")


async def test_rows_that_come_under_the_cursor_are_no_headings() -> None:
    def heading(job: Job) -> str:
        return job.key if job.key.startswith("H") else ""

    async with bench(jobs("ab"), heading=heading) as (app, pilot):
        await pilot.press("j")
        app.table.set_rows([Job("H1"), Job("H2"), *jobs("c")])
        await settled(app)
        assert app.table.cursor_key == "c"
        app.table.set_rows([Job("H")])
        await settled(app)
        await pilot.press("j", "enter")
        assert not app.opened()
        app.table.set_rows([])
        await settled(app)
        assert app.table.cursor_key is None
