"""`flinktop clusters --kubernetes`: the clusters found in Kubernetes, and whether each answers."""

# ruff: noqa: T201 -- this module prints

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from flinktop.engine.clock import Clock
from flinktop.flink.run_in_thread import run
from flinktop.flink.text import clean
from flinktop.headless.args import DONE, UNREACHABLE
from flinktop.headless.ask_clusters import answers_of
from flinktop.headless.cells import cells
from flinktop.headless.kubernetes_found import searched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.headless.ask_clusters import Answer
    from flinktop.headless.cluster_args import ClustersArgs
    from flinktop.headless.kubernetes_found import FoundCluster, Searched
    from flinktop.kubernetes_config import KubernetesEntry
    from flinktop.settings import Sources

TITLES: Final = ("NAME", "SERVICE", "CONTEXT", "PODS", "OPERATOR", "")
ANSWERS: Final = "ANSWERS"


def run_kubernetes_clusters(sources: Sources, entries: Sequence[KubernetesEntry], args: ClustersArgs) -> int:
    """Print what is found, and return the exit code."""

    async def look() -> tuple[tuple[Searched, ...], list[Answer | None]]:
        async with searched(sources, entries, clock) as places:
            found = [one for place in places for one in place.clusters]
            if not args.ask or args.names:
                return places, [None] * len(found)
            ways = {one.profile.connection.url: one.way for one in found}
            profiles = [one.profile for one in found]
            answers = await answers_of(profiles, lambda profile: ways[profile.connection.url])
            return places, list(answers)

    clock = Clock()
    places, answers = run(look())
    found = [one for place in places for one in place.clusters]
    problems = [f"{clean(place.name)}: {clean(one)}" for place in places for one in place.problems]
    problems += [clean(place.error) for place in places if place.error is not None and not place.problems]
    if args.json:
        document = {
            "clusters": [_object(one, answer) for one, answer in zip(found, answers, strict=True)],
            "problems": problems,
        }
        print(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        _print(found, answers, args)
    for problem in problems if not args.json else ():
        print(f"flinktop: {problem}", file=sys.stderr)
    return UNREACHABLE if any(place.error is not None for place in places) else DONE


def _print(found: Sequence[FoundCluster], answers: Sequence[Answer | None], args: ClustersArgs) -> None:
    if args.names:
        print("".join(f"{clean(one.profile.name)}\n" for one in found), end="")
        return
    if not found:
        return
    rows = [TITLES, *map(_row, found)]
    kept = [at for at in range(len(TITLES)) if any(row[at] for row in rows[1:])]
    widths = {at: max(cells(row[at]) for row in rows) for at in kept}
    last = [ANSWERS if args.ask else "", *(one.words if one is not None else "" for one in answers)]
    for row, words in zip(rows, last, strict=True):
        parts = [row[at] + " " * (widths[at] - cells(row[at])) for at in kept]
        print("  ".join((*parts, words)).rstrip())


def _row(one: FoundCluster) -> tuple[str, ...]:
    """The cells of a cluster, in the order of TITLES."""
    state, profile = one.state, one.profile
    pods = [pod for pod in state.pods if pod.gone is None]
    marks = {"read-only": profile.connection.read_only, "protected": profile.protected}
    marks[f"group {profile.group}"] = bool(profile.group)
    return (
        clean(profile.name),
        clean(state.service),
        clean(state.context),
        f"{sum(pod.ready for pod in pods)}/{len(pods)}" if pods else "",
        clean(state.operator.lifecycle) if state.operator is not None else "",
        ", ".join(mark for mark, is_so in marks.items() if is_so),
    )


def _object(one: FoundCluster, answer: Answer | None) -> dict[str, Any]:
    profile, state = one.profile, one.state
    return {
        "name": profile.name,
        "url": profile.connection.url,
        "context": state.context,
        "namespace": state.namespace,
        "service": state.service or None,
        "operator": state.operator.name if state.operator is not None else None,
        "read_only": profile.connection.read_only,
        "protected": profile.protected,
        "group": profile.group or None,
        "answers": answer.answers if answer is not None else None,
        "flink": answer.flink if answer is not None else None,
        "reason": answer.reason or None if answer is not None else None,
    }
