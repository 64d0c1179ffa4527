"""What is known of the clusters of a fleet, looked at again where there is news, and all now and then."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct

from flinktop.facts.fleet import ClusterFacts, FleetFacts, FleetJob, cluster_facts, cluster_jobs, fleet_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.engine.fleet import Fleet, Member
    from flinktop.settings import Profile

AGES_SECONDS: Final = 3.0
"""Between two looks at a cluster without news, whose data grows older."""
AT_ONCE: Final = 60
SHARE: Final = 0.4
"""How many clusters are looked at in one go, of many which share: a key pressed meanwhile waits for it."""
PAUSE_SECONDS: Final = 0.5
"""Until others are looked at."""


class _Look(Struct, frozen=True):
    """What was seen of one cluster, and when (engine's clock, s)."""

    at: float
    cluster: ClusterFacts
    jobs: Sequence[FleetJob]


class KnownFleet:
    """The facts of all clusters. A cluster of many jobs is looked at no more often than it has news."""

    def __init__(self, fleet: Fleet) -> None:
        """`key` of each member is its Profile. Members may come and go: that is news of them."""
        self._fleet = fleet
        self._looks: dict[str, _Look] = {}
        self._members = fleet.members  # that were looked at
        self._news = {one.name for one in fleet.members}
        self._paused_until = self._ages_at = -inf
        self._facts = FleetFacts()

    def news(self, names: Iterable[str]) -> None:
        """These have changed."""
        self._news.update(names)

    def facts(self, now: float) -> FleetFacts:
        """The facts at `now` (engine's clock, s): the same value while there was no news for a while.

        Of many clusters only a part is looked at in one go, those first whose look is the oldest.
        """
        members, looks = self._fleet.members, self._looks
        if members is self._members and now < (self._paused_until if self._news else self._ages_at):
            return self._facts
        self._members = members
        due = [one for one in members if one.name in self._news or now - self._looked_at(one) >= AGES_SECONDS]
        new = sum(one.name not in looks for one in due)
        if len(due) > (most := max(AT_ONCE, int(SHARE * len(members)), new)):
            due = sorted(due, key=self._looked_at)[:most]
            self._paused_until = now + PAUSE_SECONDS
            self._news.difference_update(one.name for one in due)
        else:
            self._news.clear()
        fresh = {one.name: self._look(one, now) for one in due}
        # In their order, which is that of equals: a row that comes moves no other but those below it.
        self._looks = {one.name: fresh.get(one.name) or looks[one.name] for one in members}
        oldest = min((one.at for one in self._looks.values()), default=inf)
        self._ages_at = max(now + PAUSE_SECONDS, oldest + AGES_SECONDS)
        self._facts = fleet_facts((one.cluster, one.jobs) for one in self._looks.values())
        return self._facts

    def _looked_at(self, member: Member) -> float:
        look = self._looks.get(member.name)
        return look.at if look is not None else -inf

    @staticmethod
    def _look(member: Member, now: float) -> _Look:
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
        return _Look(now, cluster, cluster_jobs(port, member.name, group=group))


def profile_of(member: Member) -> Profile:
    """The settings that a member was made with."""
    return cast("Profile", member.key)
