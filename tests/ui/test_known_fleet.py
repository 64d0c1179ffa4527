"""What is known of many clusters: what has news is seen soon, and no key waits for a look at all of them."""

from __future__ import annotations

from flinktop.engine.fleet import Fleet, Member
from flinktop.engine.host import Port
from flinktop.flink.connection import Connection
from flinktop.settings import Profile
from flinktop.ui.known_fleet import AGES_SECONDS, AT_ONCE, PAUSE_SECONDS, KnownFleet
from tests.manual_clock import ManualClock

LOST = "the engine ended by itself: MemoryError()"
NOW = 100.0  # engine's clock, s


def fleet_of(count: int) -> tuple[Fleet, KnownFleet]:
    """So many clusters, none of which was asked yet."""
    clock = ManualClock()
    members = []
    for number in range(count):
        name, connection = f"c{number:03}", Connection(f"http://c{number:03}.test:8081")
        members.append(
            Member(name, Port(connection, clock, name=name), Profile(name, connection, None, None))
        )
    fleet = Fleet(members)
    return fleet, KnownFleet(fleet)


def fail(fleet: Fleet, known: KnownFleet) -> None:
    """All of them change at the same time."""
    for one in fleet.members:
        one.port.failure = LOST
    known.news(one.name for one in fleet.members)


def lost(known: KnownFleet, now: float = NOW) -> set[str]:
    """The clusters that are seen to have changed."""
    return {one.name for one in known.facts(now).clusters if one.reason == LOST}


def test_news_of_a_few_clusters_are_seen_at_once() -> None:
    fleet, known = fleet_of(3)
    assert len(known.facts(NOW).clusters) == 3
    fail(fleet, known)
    assert lost(known) == {"c000", "c001", "c002"}


def test_without_news_the_same_facts_stay_until_their_ages_are_to_change() -> None:
    _, known = fleet_of(2)
    facts = known.facts(NOW)
    assert known.facts(NOW) is facts
    assert known.facts(NOW + AGES_SECONDS) is not facts


def test_of_many_clusters_with_news_a_part_is_looked_at_in_one_go_and_each_in_its_turn() -> None:
    fleet, known = fleet_of(AT_ONCE + 20)
    assert len(known.facts(NOW - 1).clusters) == AT_ONCE + 20
    fail(fleet, known)
    assert len(lost(known)) == AT_ONCE
    # Other panels ask at the same time, and new news do not push back those that wait.
    known.news(lost(known))
    assert len(lost(known)) == AT_ONCE
    assert len(lost(known, NOW + PAUSE_SECONDS)) == AT_ONCE + 20
