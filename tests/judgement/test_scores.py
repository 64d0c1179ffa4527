"""Verdicts on recordings of real jobs: what each was made to do is what is said of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.judgement.labels import labels
from tests.judgement.score import Score, score

pytestmark = pytest.mark.deep

LEAST = 0.95
WELL = {"healthy", "idle", "starting", "canceling", "finished", "canceled"}


@pytest.fixture(scope="module")
def scores() -> list[Score]:
    return score(labels())


def test_nearly_all_verdicts_are_right(
    scores: list[Score], record_property: Callable[[str, object], None]
) -> None:
    wrong = [f"{one.label.file}, {one.label.kind}: {one.wrong}" for one in scores if one.wrong is not None]
    by_release = Counter(one.label.release for one in scores if one.wrong is None)
    record_property("figures", f"{len(scores) - len(wrong)} of {len(scores)} right: {dict(by_release)}")
    assert len(wrong) <= (1 - LEAST) * len(scores), "\n".join(wrong)


def test_no_healthy_job_is_called_ill(scores: list[Score]) -> None:
    assert [f"{one.label.file}: {one.wrong}" for one in scores if one.label.kind in WELL and one.wrong] == []


def test_no_kind_is_mostly_wrong(scores: list[Score]) -> None:
    whole = Counter(one.label.kind for one in scores)
    right = Counter(one.label.kind for one in scores if one.wrong is None)
    assert {kind for kind in whole if right[kind] < whole[kind] / 2} == set()


@pytest.mark.long
def test_in_one_look_nothing_else_is_said_of_healthy_jobs() -> None:
    """`flinktop status` looks three times; what it says of a job that is well is nothing."""
    well = [one for one in score(labels(), one_look=True) if one.label.kind in WELL]
    assert [f"{one.label.file}: {one.wrong}" for one in well if one.wrong] == []
