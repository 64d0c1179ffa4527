from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from flinktop.ui.widgets.celltext import clip, fit, safe, wrap

ANY_TEXT = st.text(alphabet=st.characters(), max_size=60)


@given(ANY_TEXT)
def test_nothing_safe_is_a_control_or_a_joiner(text: str) -> None:
    assert not [char for char in safe(text) if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not set(safe(text)) & set("\u200b\u200d\ufe0f\u202e\u2066\ufeff")


@given(ANY_TEXT, st.integers(0, 40), st.sampled_from(["left", "right"]))
def test_fitted_text_has_exactly_its_width(text: str, width: int, align: str) -> None:
    for middle in (False, True):
        shown = fit(text, width, "right" if align == "right" else "left", middle=middle)
        assert cell_len(shown) == width


@given(ANY_TEXT, st.integers(1, 20))
def test_wrapped_lines_never_exceed_width_or_number(text: str, width: int) -> None:
    lines = wrap(text, width, 3)
    assert len(lines) <= 3
    assert all(cell_len(line) <= width for line in lines)


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("注文の処理", 6, "注文…"),
        ("注文の処理", 5, "注文…"),
        ("注文", 4, "注文"),
        ("e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"),
        ("a\tb\nc", 5, "a b c"),
        ("\x1b[2J", 4, "\N{REPLACEMENT CHARACTER}[2J"),
        ("x" * 10_000, 4, "xxx…"),
        ("", 3, ""),
        ("abc", 0, ""),
    ],
)
def test_clip(text: str, width: int, shown: str) -> None:
    assert clip(text, width) == shown


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 5, "ab…fg"),
        ("abcdefg", 6, "abc…fg"),
        ("abcdefg", 2, "a…"),
        ("abcdefg", 1, "…"),
        ("  count_per_user.numRecordsIn", 18, "  count_p…ecordsIn"),
        ("注文の処理", 7, "注文…理"),
        ("注文の処理", 8, "注文…理"),
        ("abcde\u0301f\u0301", 4, "ab…f\u0301"),
        ("\x1b[2J and more", 5, "\N{REPLACEMENT CHARACTER}[…re"),
        ("x" * 10_000 + "y", 5, "xx…xy"),
    ],
)
def test_a_text_cut_in_its_middle_keeps_both_ends(text: str, width: int, shown: str) -> None:
    assert clip(text, width, middle=True) == shown


def test_a_long_name_of_zero_width_still_has_an_ellipsis() -> None:
    assert clip("\u0301" * 10_000, 5).endswith("…")


def test_wrap_keeps_line_ends_and_breaks_between_words() -> None:
    assert wrap("one two three\nfour", 8, 9) == ["one two", "three", "four"]


def test_marks_are_not_piled_on_one_letter() -> None:
    assert safe("e\u0301\u0323 e" + "\u0301" * 500 + "x") == "e\u0301\u0323 e" + "\u0301" * 4 + "x"
