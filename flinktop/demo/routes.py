"""Finds the reply to a path: which endpoints there are, and from which release on."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from flinktop.demo.replies import checkpoints, cluster, files, jobs, metrics, processes, rescales, vertices
from flinktop.demo.replies.asked import NOT_FOUND, Asked, Refusal, Replies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.demo.world import Moment
    from flinktop.flink.endpoint import Endpoint

REPLIES: Replies = {
    endpoint: reply
    for room in (checkpoints, cluster, files, jobs, metrics, processes, rescales, vertices)
    for endpoint, reply in room.REPLIES.items()
}


@cache
def _by_length() -> dict[int, list[tuple[tuple[str, ...], Endpoint[Any]]]]:
    """The endpoints' paths in parts, by how many; /jobs/overview is no job, so ids come after words."""
    found: dict[int, list[tuple[tuple[str, ...], Endpoint[Any]]]] = {}
    for parts, endpoint in sorted(
        ((tuple(one.path.split("/")), one) for one in REPLIES),
        key=lambda route: [part.startswith("{") for part in route[0]],
    ):
        found.setdefault(len(parts), []).append((parts, endpoint))
    return found


def reply(endpoint: Endpoint[Any], moment: Moment, ids: Mapping[str, str], params: Mapping[str, str]) -> Any:
    """The document of an endpoint as the moment's release has it; text for what is no JSON.

    Raises:
        Refusal: Flink would answer with an error.
    """
    document = REPLIES[endpoint](Asked(moment, ids, params))
    # Lists are of metrics and of settings, which have the same keys in every release.
    return moment.release.keep(document) if isinstance(document, dict) else document


def answer(moment: Moment, path: str, params: Mapping[str, str]) -> Any:
    """The document for a path (unquoted, without a leading slash).

    Raises:
        Refusal: Flink would answer with an error.
    """
    parts = path.removeprefix("v1/").split("/")
    for own, endpoint in _by_length().get(len(parts), ()):
        pairs = list(zip(own, parts, strict=True))
        ids = [given for part, given in pairs if part.startswith("{")]
        fits = all(part == given or part.startswith("{") for part, given in pairs)
        if fits and moment.release.since(*endpoint.since):
            return reply(endpoint, moment, dict(zip(endpoint.names, ids, strict=True)), params)
    raise Refusal(NOT_FOUND, f"Unable to load requested file /{path}.", "")
