"""The table is whole: sentences can be filled, and every wording has its source and an example."""

from __future__ import annotations

import re

import pytest

from flinktop.known.phrase import match, needs
from flinktop.known.table import TABLE, Failure, read_table, table
from flinktop.known.traces import thrown
from flinktop.ui import keys
from tests.known.examples import Example, examples

FAILURES = table().failures
EXAMPLES = examples()
RELEASE = re.compile(r"\d+(\.\d+)*")
MOST_SENTENCE = 330
"""Characters: about three lines of a terminal."""


def test_it_knows_the_failures_that_everyone_meets() -> None:
    assert len(FAILURES) >= 60
    assert len({one.id for one in FAILURES}) == len({one.name for one in FAILURES}) == len(FAILURES)


def test_a_failure_says_what_it_means_what_to_do_and_where_to_look() -> None:
    for failure in FAILURES:
        _says_what_it_means(failure)


def _says_what_it_means(failure: Failure) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", failure.id)
    for sentence in (failure.means, failure.next):
        assert sentence[0].isupper() or sentence[0] in "{["
        assert sentence[-1] in ".}"
        assert len(sentence) <= MOST_SENTENCE
    must, may = (needs(failure.means)[at] | needs(failure.next)[at] for at in (0, 1))
    for one in failure.wording:
        names = frozenset(re.findall(r"\{(\w+)…?\}", one.message or one.log))
        assert must <= names, one.message
    assert may <= {
        name for one in failure.wording for name in re.findall(r"\{(\w+)…?\}", one.message or one.log)
    }
    assert failure.docs
    key, _, where = failure.look.partition(": ")
    assert where
    assert key in {key for command in keys.every_command() for key in command.keys}


def test_a_wording_says_where_it_was_read_and_how_long_it_holds() -> None:
    for failure in FAILURES:
        _says_where_it_was_read(failure)


def _says_where_it_was_read(failure: Failure) -> None:
    for one in failure.wording:
        assert one.read
        assert one.thrown
        assert bool(one.exception) != bool(one.log)
        assert bool(one.since) == bool(one.until)
        if one.of == "Flink":
            assert one.since
            assert "#" in one.thrown or one.thrown.startswith("RocksDB")
        if one.since:
            assert RELEASE.fullmatch(one.since)
            assert RELEASE.fullmatch(one.until)
            assert _number(one.since) <= _number(one.until)


def _number(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))


def test_every_wording_has_an_example() -> None:
    for failure in FAILURES:
        _has_an_example(failure)


def _has_an_example(failure: Failure) -> None:
    own = [one for one in EXAMPLES if one.failure == failure.id]
    for one in failure.wording:
        fits = [example for example in own if _reads(example, one.exception, one.message, one.log)]
        assert fits, one


def _reads(example: Example, classes: tuple[str, ...], message: str, log: str) -> bool:
    from flinktop.known.phrase import phrase  # noqa: PLC0415

    if log:
        return example.is_log and match(phrase(log), example.text) is not None
    found = thrown(example.text)
    named = any(found.name.endswith(name.lstrip("*.")) for name in classes)
    return named and not example.is_log and match(phrase(message), found.message) is not None


def test_every_example_is_of_a_failure() -> None:
    assert {one.failure for one in EXAMPLES} == {one.id for one in FAILURES}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("means = ", "mean = "), "mean"),
        (('name = "Not enough slots"', "name = 3"), "name"),
        (('message = "Slot request', 'message = "{a}{b} Slot request'), "no text between"),
        (('message = "Slot request', 'message = "{a Slot request'), "open brace"),
    ],
)
def test_a_mistake_in_the_table_is_named(change: tuple[str, str], said: str) -> None:
    text = TABLE.read_text(encoding="utf-8")
    assert change[0] in text
    with pytest.raises(ValueError, match=said):
        read_table(text.replace(*change, 1))
