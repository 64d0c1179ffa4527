"""Verdicts on recordings of real jobs where flinktop is started again in the middle of them."""

from __future__ import annotations

import pytest

from tests.depth import in_depth
from tests.judgement.labels import labels
from tests.judgement.score import score
from tests.judgement.test_scores import WELL

SHARES = (0.3, 0.5, 0.7)
FAST = ("loop", "declined", "expired", "jobmanager", "killed", "lost", "flapping")
"""In the names of recordings of which what is remembered tells."""
LEAST = 0.94


@pytest.mark.deep
@pytest.mark.parametrize("share", in_depth(SHARES, (0.5,)))
def test_what_memory_tells_is_told_after_a_restart(share: float) -> None:
    some = tuple(
        one for one in labels() if one.release != "1.14.6" and any(name in one.file for name in FAST)
    )
    found = score(some, restarted=share)
    assert len(found) > 20
    assert [f"{one.label.file}: {one.wrong}" for one in found if one.wrong is not None] == []


@pytest.mark.long
@pytest.mark.parametrize("share", in_depth(SHARES, (), (0.5,)))
def test_nearly_all_is_right_at_once_and_no_healthy_job_is_called_ill(share: float) -> None:
    """An idle job is said to be healthy until three fetches have shown that nothing passes."""
    found = score(labels(), restarted=share)
    wrong = [one for one in found if one.wrong is not None and not one.wrong.endswith((" healthy", " idle"))]
    assert len(wrong) <= (1 - LEAST) * len(found)
    assert [f"{one.label.file}: {one.wrong}" for one in wrong if one.label.kind in WELL] == []
