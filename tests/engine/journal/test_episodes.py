"""Repeats that follow each other are one row; a pause begins another, whoever counts."""

from __future__ import annotations

from flinktop.engine.journal.episodes import GAP_MS, MOST, Episodes, placed, remembered, rounded
from tests.engine.journal.given import JOB, NOW, failure


def groups(*times: float, before: Episodes | None = None) -> list[str]:
    known, found = before or {}, []
    for at in times:
        known, group, _ = placed(known, "fault", at)
        found.append(group)
    return found


def test_repeats_within_ten_minutes_are_one() -> None:
    assert len(set(groups(NOW, NOW + GAP_MS, NOW + 2 * GAP_MS))) == 1


def test_one_after_a_pause_is_another() -> None:
    first, second = groups(NOW, NOW + GAP_MS + 1)
    assert first != second


def test_the_first_one_is_told_from_repeats() -> None:
    known, _, first = placed({}, "fault", NOW)
    _, _, second = placed(known, "fault", NOW + 1)
    assert (first, second) == (True, False)


def test_an_older_one_that_comes_late_leaves_what_goes_on_as_it_is() -> None:
    known, group, _ = placed({}, "fault", NOW)
    known, older, _ = placed(known, "fault", NOW - 10 * GAP_MS)
    assert older != group
    assert placed(known, "fault", NOW + 1)[1] == group


def test_an_episode_goes_on_after_a_restart() -> None:
    _, group, _ = placed({}, "fault", NOW)
    kept = [failure(1, at=NOW, last=NOW + 5000, group=group)]
    again = remembered(kept)[JOB]
    assert placed(again, "fault", NOW + 6000)[1] == group


def test_a_group_of_another_form_is_ignored() -> None:
    assert remembered([failure(1, group=""), failure(2, group="a b"), failure(3, group="lonely")]) == {}


def test_of_many_repeated_things_the_last_are_remembered() -> None:
    known: Episodes = {}
    for number in range(MOST + 10):
        known, _, _ = placed(known, f"fault {number}", NOW + number)
    assert len(known) == MOST
    assert f"fault {MOST + 9}" in known


def test_times_some_seconds_apart_are_mostly_the_same_key() -> None:
    same = sum(rounded(NOW + at) == rounded(NOW + at + 5000) for at in range(0, 600_000, 1000))
    assert same >= 570
