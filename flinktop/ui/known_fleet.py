"""What is known of the clusters of a fleet, looked at again where there is news, and all now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from flinktop.facts.fleet import ClusterFacts, FleetFacts, FleetJob, cluster_facts, cluster_jobs, fleet_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.engine.fleet import Fleet, Member
    from flinktop.settings import Profile

AGES_SECONDS: Final = 3.0
"""Between two looks at a cluster without news, whose data grows older."""


class KnownFleet:
    """The facts of all clusters. A cluster of many jobs is looked at no more often than it has news."""

    def __init__(self, fleet: Fleet) -> None:
        """`key` of each member is its Profile. Members may come and go: that is news of them."""
        self._fleet = fleet
        self._parts: dict[str, tuple[ClusterFacts, Sequence[FleetJob]]] = {}
        self._news = {one.name for one in fleet.members}
        self._all_at = float("-inf")
        self._facts = FleetFacts()

    def news(self, names: Iterable[str]) -> None:
        """These have changed."""
        self._news.update(names)

    def facts(self, now: float) -> FleetFacts:
        """The facts at `now` (engine's clock, s): the same value while there was no news for a while."""
        due = now - self._all_at >= AGES_SECONDS
        if not due and not self._news:
            return self._facts
        # In their order, which is that of equals: a row that comes moves no other but those below it.
        parts = {}
        for one in self._fleet.members:
            known = None if due or one.name in self._news else self._parts.get(one.name)
            parts[one.name] = known or self._look(one)
        self._parts = parts
        if due:
            self._all_at = now
        self._news.clear()
        self._facts = fleet_facts(self._parts.values())
        return self._facts

    @staticmethod
    def _look(member: Member) -> tuple[ClusterFacts, Sequence[FleetJob]]:
        profile, port = profile_of(member), member.port
        group = profile.group
        cluster = cluster_facts(
            port,
            member.name,
            label=profile.label,
            colour=profile.colour,
            group=group,
            protected=profile.protected,
        )
        return cluster, cluster_jobs(port, member.name, group=group)


def profile_of(member: Member) -> Profile:
    """The settings that a member was made with."""
    return cast("Profile", member.key)
