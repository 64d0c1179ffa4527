"""`flinktop status --kubernetes`: the clusters are listed once, then looked at like those of the config.

An API server is sent at most 10 requests a second: of more clusters than `CLOSE` each is looked at briefly,
some at a time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec

from flinktop.engine.clock import Clock
from flinktop.flink.run_in_thread import run
from flinktop.flink.text import clean
from flinktop.headless.args import USUAL_WAIT
from flinktop.headless.kubernetes_found import SECONDS, print_problems, searched
from flinktop.headless.look_once import THREE_LOOKS_TAKE
from flinktop.headless.status import Asking, kept_of, print_report, what_is_remembered
from flinktop.headless.status_report import ClusterStatus
from flinktop.judgement.rules import as_rules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from flinktop.finding_rules import FindingRule
    from flinktop.headless.status_args import StatusArgs
    from flinktop.headless.status_report import Status
    from flinktop.judgement.finding_links import WrittenLink
    from flinktop.kubernetes_config import KubernetesEntry
    from flinktop.settings import Sources

CLOSE: Final = 6
"""Clusters of one look that are looked at closely, three times."""
AT_ONCE: Final = 4
"""Of more, so many at a time, each once."""
LANES: Final = 4
"""Requests in flight to an API server: more would only wait for their turn, and be taken for late."""
SECONDS_EACH: Final = 1.5
"""For each of them, if --wait is not given."""
BRIEF: Final = 10.0
"""For one that is looked at briefly."""
FREE_SECONDS: Final = 1.5
"""Seconds of the search that are not taken from the time to wait."""


def run_kubernetes_status(
    sources: Sources,
    entries: Sequence[KubernetesEntry],
    rules: Sequence[FindingRule],
    args: StatusArgs,
    *,
    journal: Path | None = None,
    links: Sequence[WrittenLink] = (),
) -> int:
    """Search and look at clusters, print what is wrong, and return the exit code; as `run_status`."""
    clock = Clock()

    async def ask() -> Status:
        began = clock.now()
        async with searched(sources, entries, clock, min(SECONDS, max(1.0, args.wait))) as places:
            print_problems(places)
            found = [one for place in places for one in place.clusters]
            profiles = [one.profile for one in found]
            known = await what_is_remembered(kept_of(journal), profiles, clock)
            left = args.wait - max(0.0, clock.now() - began - FREE_SECONDS)
            ways = {one.profile.connection.url: one.way for one in found}
            states = {one.profile.connection.url: one.state for one in found}
            many = len(found) > CLOSE
            asking = Asking(
                profiles,
                as_rules(rules),
                replace(args, wait=_brief(left) if many else max(left, 0.1)),
                clock,
                transport=lambda profile: ways[profile.connection.url],
                kubernetes=states,
                remembered=known,
                lanes=LANES * len(entries),
                at_once=AT_ONCE if many else None,
                until=clock.now() + _whole(args.wait, left, len(found)),
            )
            status = await asking.status()
        empty = tuple(
            ClusterStatus(target=clean(place.name), url="", error=clean(place.error), has_job=False)
            for place in places
            if place.error is not None
        )
        return msgspec.structs.replace(status, clusters=(*status.clusters, *empty))

    status = run(ask())
    print_report(status, args, clock, links)
    return status.code


def _brief(left: float) -> float:
    """The time for one of many clusters (s), of which a close look would take too many requests."""
    return max(0.1, min(left, BRIEF, THREE_LOOKS_TAKE - 1.0))


def _whole(wait: float, left: float, clusters: int) -> float:
    """The time for all clusters (s): what is left, or what they need if none was asked for."""
    return max(left, clusters * SECONDS_EACH if wait == USUAL_WAIT else 0.0)
