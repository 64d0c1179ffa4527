"""Large type: the largest letters that fit, what is cut, and what has no large letter."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from flinktop.ui.widgets.large_type import FACES, large

EVERY_ROOM = [(width, height) for width in (1, 2, 3, 7, 20, 79, 119, 399) for height in (1, 2, 3, 5, 8, 30)]
TEXTS = (
    "orders-enrichment",
    "insert-into_default_catalog.default_database.orders",
    "Straße Ünïcödé №5 x̂ дом 日本語ジョブ",
    "a\x1b[31mb\nc\td\u202e\u200b",
    "…",
    " ",
    "",
)


def test_letters_look_like_letters() -> None:
    assert large("H1", 80, 3).rows == ("█  █ ▄█ ", "█▀▀█  █ ", "▀  ▀ ▀▀▀")
    assert large("h1", 80, 5, ascii=True).rows == ("#  #  # ", "#  # ## ", "####  # ", "#  #  # ", "#  # ###")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_no_text_is_larger_than_its_room(text: str, ascii_only: bool) -> None:  # noqa: FBT001 -- a parameter
    for width, height in EVERY_ROOM:
        drawn = large(text, width, height, ascii=ascii_only)
        assert 1 <= len(drawn.rows) <= height
        assert {cell_len(row) for row in drawn.rows} == {drawn.width}, drawn
        assert drawn.width <= width
        assert not {"\x1b", "\n", "\t", "\u202e"} & set("".join(drawn.rows))


def test_more_room_has_larger_letters() -> None:
    heights = [len(large("billing", width, 40).rows) for width in range(28, 400)]
    assert heights == sorted(heights)
    assert set(heights) == {3, 5, 7, 14}
    by_rows = [len(large("billing", 400, height).rows) for height in range(1, 20)]
    assert by_rows == sorted(by_rows)
    assert set(by_rows) == {1, 3, 5, 7, 10, 14}


def test_what_does_not_fit_is_cut_with_an_ellipsis() -> None:
    whole, cut = large("orders", 29, 3), large("orders", 26, 3)
    assert (whole.cut, cut.cut) == (False, True)
    assert cut.rows[-1].endswith("▀ ▀ ▀")
    # Too narrow for any letter and the ellipsis.
    assert large("orders", 5, 3).rows == ("orde…",)
    assert large("orders", 20, 2).rows == ("orders",)
    assert large("orders", 4, 2).cut


def test_only_ascii_is_drawn_in_ascii() -> None:
    for face in FACES:
        assert "".join(large("Orders_1?", 400, face.rows, ascii=True).rows).isascii()


def test_letters_with_accents_have_large_ones_and_others_stand_as_they_are() -> None:
    assert large("Größe é", 200, 3) == large("grosse e", 200, 3)
    drawn = large("a日", 200, 3)
    assert [row[5:] for row in drawn.rows] == ["  ", "日", "  "]
    assert large("a\u0301", 200, 3) == large("a", 200, 3)
    marked = large("д\u0301", 200, 3)
    assert marked.rows[1] == "д\u0301"
    assert large("a–b", 200, 3) == large("a-b", 200, 3)  # noqa: RUF001 -- a dash


def test_all_that_can_be_typed_has_a_large_letter() -> None:
    for height in (3, 7):
        for code in range(33, 127):
            # It is not shown as it is.
            rows = large(chr(code), 40, height).rows
            assert chr(code) not in "".join(rows) or chr(code) == "#", chr(code)
