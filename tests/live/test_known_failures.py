"""Well-known failures produced on real clusters: flinktop names each, with its values, and no other."""

from typing import Any

import pytest

from tests.live.judged_cases import RELEASES, V2_3
from tests.live.known_cases import GROUPS, Group
from tests.live.known_scenes import line, outcomes, table

pytestmark = [pytest.mark.live, pytest.mark.long]

NEWEST_FIRST = RELEASES[::-1]


def test_there_are_enough_of_them() -> None:
    on_newest = {case.failure for group in GROUPS for case in group.of(V2_3)}
    assert len(on_newest) >= 50


@pytest.mark.parametrize(
    ("release", "group"),
    [(release, group) for release in NEWEST_FIRST for group in GROUPS if group.of(release)],
    ids=lambda one: one.name if isinstance(one, Group) else one,
)
def test_a_real_failure_is_named(
    release: str, group: Group, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    found = []
    with capsys.disabled():
        print(f"\n{release} {group.name}: {len(group.of(release))} failures", flush=True)  # noqa: T201  it takes minutes
        for one in outcomes(release, group, group.of(release)):
            print(line(one), flush=True)  # noqa: T201  the same
            found.append(one)
    record_property("table", "\n".join(table(found)))
    assert not [line(one) for one in found if one.wrong is not None]
    assert len(found) == len(group.of(release))
