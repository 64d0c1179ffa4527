from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region

from flinktop.ui.widgets.graph_canvas import GraphCanvas
from flinktop.ui.widgets.graph_picture import Box, Picture, Wire, changed_rows
from flinktop.ui.widgets.messages import BoxMoved, BoxOpened, VisibleBoxesChanged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.message import Message
    from textual.pilot import Pilot


def box(key: str, x: int, y: int, text: str = "", *, width: int = 12, height: int = 4) -> Box:
    line = ((text or key, "strong"),)
    return Box(key, x, y, width, height, (line,), (((("*"), "good"),), (("x4", ""),)))


def diamond(left: str = "a") -> Picture:
    """The first box feeds b and c, both of which feed d."""
    return Picture(
        54,
        9,
        (box(left, 0, 2), box("b", 20, 0), box("c", 20, 5), box("d", 42, 2)),
        (
            Wire(
                left, "b", ((12, 3), (13, 3), (13, 1), (19, 1)), label="HASH", label_at=(15, 1), label_room=3
            ),
            Wire(left, "c", ((12, 3), (13, 3), (13, 6), (19, 6))),
            Wire(
                "b",
                "d",
                ((32, 1), (33, 1), (33, 3), (41, 3)),
                label="FORWARD",
                label_at=(34, 3),
                label_room=6,
            ),
            Wire("c", "d", ((32, 6), (33, 6), (33, 4), (41, 4))),
        ),
    )


def chain(count: int) -> Picture:
    """Boxes from left to right, each a row lower than the one before."""
    boxes = tuple(box(f"n{at}", at * 20, at * 5) for at in range(count))
    wires = tuple(Wire(f"n{at}", f"n{at + 1}") for at in range(count - 1))
    return Picture(count * 20, count * 5, boxes, wires)


class Bench(App[None]):
    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__()
        self.canvas = GraphCanvas(ascii=ascii_only, empty="nothing to draw")
        self.heard: list[Message] = []
        self.painted: list[Region] = []

    def compose(self) -> ComposeResult:
        yield self.canvas

    def on_mount(self) -> None:
        refresh = self.canvas.refresh

        def noted(*regions: Region, **options: bool) -> GraphCanvas:
            self.painted.extend(regions or [Region(0, 0, 999, 999)])
            return refresh(*regions, **options)

        self.canvas.refresh = noted  # type: ignore[method-assign]  # every repaint is noted

    def on_graph_canvas_box_opened(self, message: BoxOpened) -> None:
        self.heard.append(message)

    def on_graph_canvas_box_moved(self, message: BoxMoved) -> None:
        self.heard.append(message)

    def on_graph_canvas_visible_boxes_changed(self, message: VisibleBoxesChanged) -> None:
        self.heard.append(message)

    def moves(self) -> list[str]:
        return [message.key for message in self.heard if isinstance(message, BoxMoved)]

    def opened(self) -> list[str]:
        return [message.key for message in self.heard if isinstance(message, BoxOpened)]

    def seen(self) -> list[tuple[str, ...]]:
        return [message.keys for message in self.heard if isinstance(message, VisibleBoxesChanged)]

    def lines(self) -> list[str]:
        return [strip.text for strip in self.screen._compositor.render_strips()]

    def at(self, key: str) -> tuple[int, int]:
        """Where a box stands on the screen."""
        found = next(box for box in self.canvas.picture.boxes if box.key == key)
        return found.x - self.canvas.scroll_offset.x, found.y - self.canvas.scroll_offset.y


async def settled(app: App[None]) -> None:
    for _ in range(2):
        done = asyncio.Event()
        app.screen.call_after_refresh(done.set)
        await done.wait()


@asynccontextmanager
async def bench(
    picture: Picture, size: tuple[int, int] = (60, 12), *, ascii_only: bool = False
) -> AsyncIterator[tuple[Bench, Pilot[None]]]:
    app = Bench(ascii_only=ascii_only)
    async with app.run_test(size=size) as pilot:
        app.canvas.focus()
        app.canvas.set_picture(picture)
        await settled(app)
        app.heard.clear()
        app.painted.clear()
        yield app, pilot


async def press(app: Bench, pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await settled(app)


# -- the drawing -------------------------------------------------------------------------------------


async def test_boxes_wires_and_labels_are_drawn() -> None:
    async with bench(diamond()) as (app, _):
        assert [line.rstrip() for line in app.lines()[:9]] == [
            "                    ╭ * ─── x4 ╮",
            "             ╭─HA…─▶│ b        ├─╮",
            "┏ * ━━━ x4 ┓ │      │          │ │        ╭ * ─── x4 ╮",
            "┃ a        ┣─┤      ╰──────────╯ ╰FORWA…─▶│ d        │",
            "┃          ┃ │                   ╭───────▶│          │",
            "┗━━━━━━━━━━┛ │      ╭ * ─── x4 ╮ │        ╰──────────╯",
            "             ╰─────▶│ c        ├─╯",
            "                    │          │",
            "                    ╰──────────╯",
        ]


async def test_ascii_has_nothing_but_ascii() -> None:
    async with bench(diamond(), ascii_only=True) as (app, _):
        # What was cut is marked as everywhere, and the app makes ASCII of that.
        assert "".join(app.lines()).replace("…", "~").isascii()
        assert "# * === x4 #" in app.lines()[2]
        assert "->| b" in app.lines()[1]


@pytest.mark.parametrize(
    "text", ["x" * 5000, "作业" * 50, "\x1b[31mred", "שלום עולם " * 9, "a\u0301" * 40, "👩‍👩‍👧" * 9]
)
async def test_a_text_of_any_kind_stays_in_its_box(text: str) -> None:
    async with bench(Picture(30, 4, (box("a", 2, 0, text), box("b", 16, 0)))) as (app, _):
        lines = app.lines()
        assert all(cell_len(line) == 60 for line in lines)
        assert lines[1].rstrip().endswith("│ b        │")
        assert "\x1b" not in lines[1]


async def test_wires_that_merely_cross_are_drawn_as_a_bridge() -> None:
    crossing = Picture(
        20,
        5,
        (),
        (Wire("a", "b", ((0, 2), (9, 2))), Wire("c", "d", ((2, 0), (5, 0), (5, 4), (9, 4)))),
    )
    boxes = tuple(box(key, 100, 10 * at) for at, key in enumerate("abcd"))
    async with bench(replace(crossing, boxes=boxes)) as (app, _):
        # The wire of the selected box goes over the other, else the upright one over the flat one.
        assert app.canvas.selected == "a"
        app.canvas.scroll_to(0, 0, animate=False, force=True)
        await settled(app)
        assert app.lines()[2].startswith("─────────▶")
        app.canvas.select("c")
        app.canvas.scroll_to(0, 0, animate=False, force=True)
        await settled(app)
        assert app.lines()[2].startswith("─────│───▶")


async def test_a_canvas_without_boxes_says_why() -> None:
    async with bench(Picture()) as (app, pilot):
        assert "nothing to draw" in app.lines()[0]
        app.canvas.set_empty("no vertices [yet]")
        await settled(app)
        assert "no vertices [yet]" in app.lines()[0]
        await press(app, pilot, "l", "j", "enter", "G")
        assert app.heard == []
        assert app.canvas.selected is None


# -- what is repainted -------------------------------------------------------------------------------


async def test_an_equal_picture_repaints_nothing() -> None:
    async with bench(diamond()) as (app, _):
        app.canvas.set_picture(diamond())
        assert app.painted == []


async def test_a_changed_line_repaints_that_line_of_that_box() -> None:
    async with bench(diamond()) as (app, _):
        before = diamond()
        after = (*before.boxes[:3], replace(before.boxes[3], lines=((("new", ""),),)))
        app.canvas.set_picture(replace(before, boxes=after))
        assert app.painted == [Region(42, 3, 12, 1)]
        await settled(app)
        assert "│ new      │" in app.lines()[3]


async def test_a_changed_box_out_of_sight_repaints_nothing() -> None:
    async with bench(chain(9)) as (app, _):
        before = chain(9)
        after = (*before.boxes[:8], replace(before.boxes[8], tone="bad"))
        app.canvas.set_picture(replace(before, boxes=after))
        assert app.painted == []


def test_rows_that_differ() -> None:
    one = Box("a", 0, 0, 10, 5, ((("x", ""),), (("y", ""),), (("z", ""),)))
    assert changed_rows(one, one) is None
    assert changed_rows(one, replace(one, lines=(one.lines[0], (("!", ""),), one.lines[2]))) == (2, 2)
    assert changed_rows(one, replace(one, above=((("!", ""),), ()))) == (0, 0)
    assert changed_rows(one, replace(one, below=((("!", ""),), ()))) == (4, 4)
    assert changed_rows(one, replace(one, tone="bad")) == (0, 4)
    assert changed_rows(
        replace(one, framed=False), replace(one, framed=False, lines=((("!", ""),), *one.lines[1:]))
    ) == (
        0,
        0,
    )


# -- moving ------------------------------------------------------------------------------------------


@pytest.mark.deep
async def test_keys_move_along_the_wires_and_within_the_column() -> None:
    async with bench(diamond()) as (app, pilot):
        for key, there in (
            ("right", "b"),
            ("down", "c"),
            ("l", "d"),
            # Back to where one came from, not to the nearest.
            ("left", "c"),
            ("k", "b"),
            ("h", "a"),
            ("G", "d"),
            ("home", "a"),
        ):
            await press(app, pilot, key)
            assert app.canvas.selected == there, key
        assert app.moves() == ["b", "c", "d", "c", "b", "a", "d", "a"]
        # Nothing feeds it, and nothing stands beside it.
        await press(app, pilot, "left", "left")
        assert app.moves()[-1] == "a"
        assert len(app.moves()) == 8


async def test_down_past_the_end_of_a_column_goes_to_the_nearest_box() -> None:
    picture = Picture(60, 20, (box("a", 0, 0), box("b", 30, 6), box("c", 0, 12)))
    async with bench(picture, (60, 20)) as (app, pilot):
        await press(app, pilot, "right", "down")
        assert app.canvas.selected == "c"
        app.canvas.select("b")
        await press(app, pilot, "down")
        assert app.canvas.selected == "c"


async def test_the_selected_box_stays_in_sight_and_visible_boxes_are_reported() -> None:
    async with bench(chain(9)) as (app, pilot):
        for at in range(1, 9):
            await press(app, pilot, "l")
            x, y = app.at(f"n{at}")
            assert 0 <= x <= 48
            assert 0 <= y <= 8
        assert "n8" in app.canvas.visible_keys()
        assert "n0" not in app.canvas.visible_keys()
        assert app.seen()[-1] == app.canvas.visible_keys()
        await press(app, pilot, "g")
        assert app.canvas.visible_keys()[0] == "n0"


async def test_scrolling_leaves_the_selection_alone_and_enter_brings_it_back_first() -> None:
    async with bench(chain(9)) as (app, pilot):
        await press(app, pilot, *["shift+right"] * 5)
        assert app.canvas.scroll_offset.x == 40
        assert app.canvas.selected == "n0"
        await press(app, pilot, "enter")
        assert app.opened() == []
        assert app.canvas.scroll_offset.x == 0
        await press(app, pilot, "enter")
        assert app.opened() == ["n0"]


async def test_a_click_selects_and_a_second_one_opens() -> None:
    async with bench(diamond()) as (app, pilot):
        await pilot.click(app.canvas, offset=(22, 6))
        await settled(app)
        assert app.canvas.selected == "c"
        assert app.opened() == []
        await pilot.click(app.canvas, offset=(22, 6))
        await settled(app)
        assert app.opened() == ["c"]
        await pilot.click(app.canvas, offset=(16, 8))
        await settled(app)
        assert app.opened() == ["c"]


async def test_selecting_from_outside_sends_no_message() -> None:
    async with bench(chain(9)) as (app, _):
        app.canvas.select("n8")
        await settled(app)
        assert app.moves() == []
        assert "n8" in app.canvas.visible_keys()
        app.canvas.select("no such box")
        app.canvas.select(None)
        assert app.canvas.selected == "n8"


async def test_the_selection_and_its_place_on_the_screen_survive_another_layout() -> None:
    async with bench(chain(9)) as (app, _):
        app.canvas.select("n5")
        await settled(app)
        before = app.at("n5")
        moved = tuple(replace(box, x=box.x + 30, y=box.y + 7) for box in chain(9).boxes)
        app.canvas.set_picture(Picture(230, 60, moved, chain(9).wires))
        await settled(app)
        assert app.canvas.selected == "n5"
        assert app.at("n5") == before


async def test_when_the_selected_box_is_removed_the_first_one_is_selected() -> None:
    async with bench(diamond()) as (app, _):
        app.canvas.select("d")
        app.canvas.set_picture(Picture(12, 4, (box("new", 0, 0),)))
        await settled(app)
        assert app.canvas.selected == "new"
        app.canvas.set_picture(Picture())
        assert app.canvas.selected is None


async def test_a_box_larger_than_the_view_and_a_view_of_one_cell() -> None:
    async with bench(Picture(80, 40, (box("a", 0, 0, width=80, height=40),)), (20, 6)) as (app, pilot):
        await press(app, pilot, "l", "j", "enter")
        assert app.opened() == ["a"]
    async with bench(diamond(), (1, 1)) as (app, pilot):
        await press(app, pilot, "l", "l", "enter")
        assert app.opened() == ["d"]


async def test_the_selected_box_has_another_shape_too_and_is_brighter_with_the_focus() -> None:
    async with bench(diamond()) as (app, _):
        focused = app.canvas.render_line(3)
        app.screen.set_focus(None)
        await settled(app)
        resting = app.canvas.render_line(3)
        assert focused.text == resting.text
        assert list(focused) != list(resting)


async def test_a_selected_line_without_a_frame_is_visible_in_the_terminals_own_colours_too() -> None:
    lines = tuple(replace(box(key, 0, at, height=1), framed=False) for at, key in enumerate("ab"))
    async with bench(Picture(12, 2, lines)) as (app, _):
        app.theme = "ansi-dark"
        await settled(app)
        selected, other = app.canvas.render_line(0), app.canvas.render_line(1)
        assert all(segment.style is not None and segment.style.reverse for segment in selected.crop(0, 12))
        assert not any(segment.style is not None and segment.style.reverse for segment in other)
        app.screen.set_focus(None)
        await settled(app)
        resting = app.canvas.render_line(0)
        assert all(segment.style is not None and segment.style.underline for segment in resting.crop(0, 12))
