"""What is wrong with jobs on a real Flink: the right kind, culprit and subtask, in time, and nothing else."""

from typing import Any

import pytest

from tests.live.judged_cases import RELEASES, V2_3
from tests.live.judged_scenes import (
    SCENES,
    SIDE_BY_SIDE,
    TIME_TO_JUDGE,
    WELL,
    Outcome,
    outcomes,
    scenes_of,
    table,
)

pytestmark = pytest.mark.live

CROWDED = {SIDE_BY_SIDE.name: 60.0}
"""Seconds more where a dozen ill jobs start at once: they share thirty requests a minute, and two cores."""


def hold_right(name: str, found: list[Outcome], record_property: Any) -> None:
    lines = list(table(found))
    record_property("table", "\n".join(lines))
    assert not [one for one in found if one.wrong is not None], "\n".join(lines)
    allowed = TIME_TO_JUDGE + CROWDED.get(name, 0.0)
    late = [one.late - one.hold for one in found if one.late is not None and one.expected not in WELL]
    assert not [one for one in late if one > allowed], "\n".join(lines)


@pytest.mark.parametrize(
    "name",
    [
        # Each has a cluster of its own.
        pytest.param(name, marks=pytest.mark.xdist_group(name))
        for name in ("side by side", "too few slots", "lost TaskManager")
    ],
)
def test_what_is_wrong_is_said(name: str, record_property: Any) -> None:
    hold_right(name, SCENES[name](V2_3), record_property)


@pytest.mark.long  # forty minutes; `outcomes` says how it goes on where it stopped
@pytest.mark.parametrize(
    ("release", "name"), [(release, name) for release in RELEASES for name in scenes_of(release)]
)
def test_on_every_release(release: str, name: str, record_property: Any) -> None:
    hold_right(name, outcomes(release, name), record_property)
