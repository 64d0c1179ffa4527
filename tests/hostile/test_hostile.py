"""A server that means ill: flinktop lives, reacts, stays small, and its terminal is its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.attacks import Attack, generated, named
from tests.hostile.terminal import Figures, endure

FEW = 30
"""Generated attacks of a test; the command tries five hundred."""


def withstood(figures: Figures) -> None:
    assert figures.answers > figures.attacks // 2, figures
    assert figures.good, figures


def some(*names: str) -> list[Attack]:
    found = [one for one in named() if one.name in names]
    assert len(found) == len(names)
    return found


def test_one_of_each_kind_is_withstood(tmp_path: Path) -> None:
    attacks = some(
        "text: sequences", "text: titles that never end", "numbers: 5,000 digits", "packed twice", "deep"
    )
    withstood(endure(tmp_path, attacks))


@pytest.mark.deep
def test_all_that_once_did_harm_is_withstood(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    figures = endure(tmp_path, named())
    record_property("figures", str(figures))
    withstood(figures)


@pytest.mark.deep
def test_generated_attacks_are_withstood(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    figures = endure(tmp_path, [generated(seed) for seed in range(FEW)])
    record_property("figures", str(figures))
    withstood(figures)


def test_what_is_sent_is_the_same_for_the_same_seed() -> None:
    for seed in range(20):
        once, again = (
            list(generated(seed).answer("jobs/overview", b'{"jobs":[{"jid":"a","name":"b"}]}'))
            for _ in range(2)
        )
        assert once == again
