"""The border for foreign text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.flink.text import MOST_MARKS, clean, clean_lines
from tests.flink.shapes import steers

ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.text(
    st.sampled_from("\x1b[]0;m\x07\\\x9b\x9d\x9c\u202e\u2028\ufeff\n\r\t\x00\x85ab\ud800")
)


@given(ANY_TEXT)
def test_nothing_that_steers_passes(text: str) -> None:
    assert not steers(clean(text))
    assert not steers(clean_lines(text), lines=True)


@given(ANY_TEXT)
def test_clean_text_stays_as_it_is(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert clean_lines(clean_lines(text)) == clean_lines(text)


@pytest.mark.parametrize(
    "text",
    ["", "Source: events [v1] 作业 -> <b>x</b>", "naïve\xa0café", "👩\u200d💻", "a" * 10_000, "[/red] \\ {}"],
)
def test_ordinary_text_is_kept(text: str) -> None:
    assert clean(text) == text
    assert clean_lines(text) == text


@pytest.mark.parametrize(
    ("text", "one_line"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jx", "x"),
        ("a\nb\tc\r\nd", "a b c  d"),
        ("\x1b", "\ufffd"),
        ("a\x00b\x7fc\x9fd", "a\ufffdb\ufffdc\ufffdd"),
        ("admin\u202etxt.exe", "admintxt.exe"),
        ("a\u2028b", "a b"),
        ("\ud800", "\ufffd"),
    ],
)
def test_control_sequences_are_removed(text: str, one_line: str) -> None:
    assert clean(text) == one_line


def test_lines_keep_breaks_and_tabs_only() -> None:
    assert clean_lines("a\r\n\tat b\x1b[2J\vc\rd\x00") == "a\n\tat b c d\ufffd"


@pytest.mark.parametrize(
    "mark",
    ["\u0301", "\u0483", "\u0e31", "\u0941", "\u05b8", "\u1160", "\u20dd", "\u200d", "\ufe0f", "\U0001f3fb"],
)
def test_marks_are_not_piled_on_one_letter(mark: str) -> None:
    piled, kept = f"a{mark * 10_000}b{mark * 2}\nc", f"a{mark * MOST_MARKS}b{mark * 2}"
    assert clean(piled) == f"{kept} c"
    assert clean_lines(piled) == f"{kept}\nc"


def test_marks_do_not_pile_when_what_was_between_them_is_removed() -> None:
    assert clean("a" + ("\u0301" * MOST_MARKS + "\u202e") * 9) == "a" + "\u0301" * MOST_MARKS


@pytest.mark.parametrize(
    "text",
    [
        "ที่นี่เป็นการทดสอบ",
        "שָׁלוֹם עֲלֵיכֶם",
        "हिन्दी में परीक्षण",
        "한글 테스트",
        "e\u0301" * 50,
        "👩\u200d💻" * 50,
        "👍\U0001f3fd" * 50,
        "─" * 500,
        "😀" * 500,
    ],
)
def test_words_of_any_script_are_kept(text: str) -> None:
    assert clean(text) == text
    assert clean_lines(text) == text
