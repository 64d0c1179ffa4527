"""Phrases: what they match, which values they find, and how sentences are filled."""

from __future__ import annotations

import pytest

from flinktop.known.phrase import MOST_VALUE, fill, match, needs, phrase


@pytest.mark.parametrize(
    ("text", "message", "values"),
    [
        ("closed", "closed", {}),
        ("closed", "closed by peer", {}),
        ("closed", "it is closed", None),
        ("…closed", "it is closed", {}),
        ("", "anything", {}),
        ("topic {topic} is gone", "topic a b is gone", {"topic": "a b"}),
        ("topic {topic} is gone", "topic  is gone", None),
        ("topic {topic} is gone", "topic a\nb is gone", None),
        ("topic {}: {n}", "topic a: 5, 6", {"n": "5"}),
        ("topic {n}", "topic (5).", {"n": "(5"}),
        ("topic {n…}", "topic 5, 6\nmore", {"n": "5, 6"}),
        ("topic {n}", "topic ", None),
        ("topic {n}", "topic  5", None),
        ("{path} (gone)", "/a/b (gone)", {"path": "/a/b"}),
        ("{x} is no {x}.", "a is no a.", {"x": "a"}),
        ("{x} is no {x}.", "a is no b.", None),
        ("a …z {n}.", "a b\nc z 5.", {"n": "5"}),
        ("…a: {n};", "a, a: 5;", {"n": "5"}),
        ("…a: {n};", "a: \na: 5;", {"n": "5"}),
        ("id {n};", f"id {'x' * MOST_VALUE};", {"n": "x" * MOST_VALUE}),
        ("id {n};", f"id {'x' * (MOST_VALUE + 1)};", None),
    ],
)
def test_what_a_phrase_matches(text: str, message: str, values: dict[str, str] | None) -> None:
    assert match(phrase(text), message) == values


@pytest.mark.parametrize("text", ["{a}{b}", "{a", "…{a}x", "{a}…x"])
def test_a_phrase_that_cannot_be_matched_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"text between|open brace"):
        phrase(text)


@pytest.mark.parametrize(
    ("sentence", "values", "filled"),
    [
        ("It is gone.", {}, "It is gone."),
        ("{a} is gone.", {"a": "x"}, "x is gone."),
        ("It is gone[: {a}].", {"a": "x"}, "It is gone: x."),
        ("It is gone[: {a}].", {}, "It is gone."),
        ("[{a} ][{b} ]gone", {"b": "y"}, "y gone"),
        ("{a} is gone.", {"a": "[x] {b}\n"}, "[x] {b} is gone."),
    ],
)
def test_a_sentence_is_filled(sentence: str, values: dict[str, str], filled: str) -> None:
    assert fill(sentence, values) == filled


def test_what_a_sentence_needs() -> None:
    assert needs("{a} is[ {b}] gone[, {c}].") == (frozenset("a"), frozenset("bc"))
    with pytest.raises(KeyError):
        fill("{a} is gone.", {})
