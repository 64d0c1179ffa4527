"""A server that means ill: flinktop lives, reacts, stays small, and its terminal is its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.attacks import generated, named
from tests.hostile.terminal import Figures, endure

FEW = 20
"""Generated attacks of a test; the command tries five hundred."""


def withstood(figures: Figures) -> None:
    assert figures.answers > figures.attacks // 2, figures
    assert figures.unharmed, figures


@pytest.mark.deep
def test_all_that_once_did_harm_is_withstood(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    figures = endure(tmp_path, named(), each=3)
    record_property("figures", str(figures))
    withstood(figures)


@pytest.mark.long
def test_generated_attacks_are_withstood(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    figures = endure(tmp_path, [generated(seed) for seed in range(FEW)], each=2)
    record_property("figures", str(figures))
    withstood(figures)


def test_what_is_sent_is_the_same_for_the_same_seed() -> None:
    for seed in range(20):
        once, again = (
            list(generated(seed).answer("jobs/overview", b'{"jobs":[{"jid":"a","name":"b"}]}'))
            for _ in range(2)
        )
        assert once == again
