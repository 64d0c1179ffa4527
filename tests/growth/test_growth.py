"""Nothing that reads foreign text takes time out of proportion to it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from flinktop.flink.text import MOST, clean_lines, cut
from tests.growth import quadratic
from tests.growth.__main__ import faster
from tests.growth.functions import FUNCTIONS
from tests.growth.patterns import beginnings, compiled

FROZE = {
    "clean": "\x9d",
    "clean_lines": "\x1b]\x90",
    "java_sentence, inside": "\n",
    "a line of the log": "a",
    "task": " ",
    "page_title": "<title",
    "a document": "\x9d",
    "a broken document": '\\"',
    "chained_ids": "_->_",
    "a line behind a dialog": "\u0301",
}
"""Functions by the text of which a megabyte once took them minutes."""


def tried(*words: str, seconds: float) -> subprocess.CompletedProcess[str]:
    """A pattern that has gone wild can only be ended with its process."""
    return subprocess.run(
        [sys.executable, "-m", "tests.growth", *words],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


@pytest.mark.deep
@pytest.mark.parametrize("name", FROZE)
def test_what_once_froze_is_linear(name: str) -> None:
    assert faster(name, FUNCTIONS[name], (FROZE[name],), 10_000) is None


@pytest.mark.deep
def test_a_quadratic_pattern_would_be_found() -> None:
    done = tried("10000", "--every", "--of", quadratic.__name__, seconds=60)
    assert done.returncode > 0
    assert "quadratic.NESTED" in done.stdout


def test_all_patterns_are_tried_and_their_beginnings_are_what_they_match() -> None:
    found = dict(compiled())
    assert len(found) >= 40
    assert "flinktop.model.redaction._NAME" in found
    whole = [
        pattern.search(beginnings(pattern)[-1])
        for name, pattern in found.items()
        if name.endswith("_SEQUENCE")
    ]
    assert all(whole)


@pytest.mark.parametrize(
    "letters",
    [
        pytest.param("2000", marks=pytest.mark.deep),
        # What is linear up to here is so beyond: so much text takes minutes.
        pytest.param("50000", marks=pytest.mark.long),
        pytest.param("1000000", marks=pytest.mark.long),
    ],
)
def test_every_pattern_and_all_functions_are_linear(
    letters: str, record_property: Callable[[str, object], None]
) -> None:
    done = tried(letters, seconds=900)
    record_property("figures", done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stdout


def test_a_long_text_keeps_both_ends() -> None:
    text = "first " + "x" * 1_000_000 + " last"
    kept = cut(text)
    assert len(kept) <= MOST
    assert kept.startswith("first ")
    assert kept.endswith(" last")
    assert "letters are left out" in kept
    assert cut(kept) == kept
    assert clean_lines(kept) == kept
