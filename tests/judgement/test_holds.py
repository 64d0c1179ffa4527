"""How long a sign must last, and how long a finding stays."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from flinktop.judgement import holds
from flinktop.judgement.finding import Culprit, Finding, Kind, Severity
from flinktop.judgement.holds import Held, Key, Sign


def sign(
    kind: Kind = Kind.BOTTLENECK, *, fetched: float = 0.0, vertex: str = "a", lasted: bool = False
) -> Sign:
    finding = Finding(kind=kind, severity=Severity.WARNING, words=str(kind), culprit=Culprit(vertex=vertex))
    return Sign(finding=finding, fetched=fetched, lasted=lasted)


def looks(
    *looks: tuple[float, list[Sign]], one_look: bool = False
) -> tuple[dict[Key, Held], tuple[Finding, ...]]:
    """What is held and found after looks at these times (s)."""
    held: dict[Key, Held] = {}
    now = 0.0
    for seconds, signs in looks:
        now = seconds * 1000.0
        held = holds.after(held, signs, now, one_look=one_look)
    return held, holds.raised(held, now)


def shown(*times: float, kind: Kind = Kind.BOTTLENECK) -> list[tuple[float, list[Sign]]]:
    """The same sign at each of these times, from new figures each time."""
    return [(at, [sign(kind, fetched=at * 1000.0)]) for at in times]


def test_a_sign_is_a_finding_after_its_hold() -> None:
    assert not looks(*shown(0, 10, 20, 29))[1]
    (found,) = looks(*shown(0, 10, 20, 30))[1]
    assert (found.kind, found.since) == (Kind.BOTTLENECK, 0.0)


def test_a_look_without_the_sign_begins_anew() -> None:
    assert not looks(*shown(0, 10), (20, []), *shown(30, 40, 50))[1]
    assert looks(*shown(0, 10), (20, []), *shown(30, 40, 50, 60))[1]


@pytest.mark.parametrize(("seconds", "found"), [(100.0, True), (130.0, False)])
def test_a_sign_waits_for_its_next_figures_for_two_minutes(seconds: float, *, found: bool) -> None:
    first = sign(fetched=0.0)
    held = holds.after({}, [first], 0.0)
    for at in (50.0, seconds):
        held = holds.after(held, [], at * 1000.0, unseen={first.key})
    held = holds.after(held, [sign(fetched=seconds * 1000.0)], seconds * 1000.0)
    assert bool(holds.raised(held, seconds * 1000.0)) is found


def test_a_finding_waits_for_its_next_figures_and_is_gone_only_by_them() -> None:
    seen = shown(0, 15, 30)
    held: dict[holds.Key, holds.Held] = {}
    for at, signs in seen:
        held = holds.after(held, signs, at * 1000.0)
    (key,) = held
    old = holds.after(held, [], 140_000.0, unseen={key})
    assert holds.raised(old, 140_000.0)
    # New figures without the sign: it is gone after its time, from now on.
    assert holds.raised(holds.after(old, [], 190_000.0), 190_000.0)
    assert not holds.raised(holds.after(old, [], 201_000.0), 201_000.0)


def test_a_finding_does_not_wait_for_ever() -> None:
    held: dict[holds.Key, holds.Held] = {}
    for at, signs in shown(0, 15, 30):
        held = holds.after(held, signs, at * 1000.0)
    (key,) = held
    for at in range(40, 300, 10):
        held = holds.after(held, [], at * 1000.0, unseen={key})
    assert not held


def test_what_began_anew_between_two_looks_has_not_lasted() -> None:
    """Watermarks that move every forty seconds stand still at each of two looks, but not for all the time."""

    def standing(since: float, at: float) -> tuple[float, list[Sign]]:
        found = sign(Kind.WATERMARK_STUCK, fetched=at * 1000.0)
        return at, [replace(found, begun=since * 1000.0, fetches=2)]

    assert not looks(standing(0, 30), standing(40, 70))[1]
    assert not looks(standing(0, 30), standing(40, 70), standing(40, 99))[1]
    assert looks(standing(0, 30), standing(40, 70), standing(40, 100))[1]
    assert looks(standing(0, 30), standing(0, 60))[1]


def test_the_same_figures_twice_are_one_look() -> None:
    """Flink fetches its metrics every ten seconds, however often it is asked."""
    same = [(at, [sign(fetched=1.0)]) for at in (0, 10, 20, 30, 40)]
    assert not looks(*same)[1]


def test_a_finding_stays_until_it_has_been_gone_for_its_time() -> None:
    seen = shown(0, 15, 30)
    assert looks(*seen, (89, []))[1]
    assert not looks(*seen, (89, []), (91, []))[1]


def test_three_fetches_are_enough_where_nobody_looks_again() -> None:
    assert not looks(*shown(0, 10), one_look=True)[1]
    assert looks(*shown(0, 10, 20), one_look=True)[1]
    assert not looks(*shown(0, 10, 20))[1]


@pytest.mark.parametrize("kind", [Kind.NO_DATA, Kind.UNDER_SCALED])
def test_what_needs_memory_is_never_found_in_one_look(kind: Kind) -> None:
    assert not looks(*shown(0, 10, 20, kind=kind), one_look=True)[1]


def test_flinks_own_times_prove_that_it_has_lasted() -> None:
    assert looks((0, [sign(Kind.SLOW_START, lasted=True)]))[1]


def test_a_job_that_hangs_is_critical_after_a_minute() -> None:
    (found,) = looks(*shown(0, 30, kind=Kind.STALLED))[1]
    assert found.severity is Severity.WARNING
    (found,) = looks(*shown(0, 30, 60, kind=Kind.STALLED))[1]
    assert found.severity is Severity.CRITICAL


def test_each_vertex_is_held_by_itself() -> None:
    both = [(at, [sign(fetched=at, vertex="a"), sign(fetched=at, vertex="b")]) for at in (0, 30_000)]
    held, found = looks((0, both[0][1]), (30, both[1][1]))
    assert len(held) == len(found) == 2


def test_every_kind_has_a_hold() -> None:
    assert set(holds.HOLDS) == set(Kind)
