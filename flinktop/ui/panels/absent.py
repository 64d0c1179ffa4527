"""What a cluster does not have, in words: its release is too old, or it is a HistoryServer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flinktop.engine.host import Port
    from flinktop.flink.endpoint import Endpoint


def missing_words(port: Port, endpoint: Endpoint[Any], what: str) -> str:
    """Why there is no `what` on this cluster, as one sentence; "" where there should be.

    Args:
        port: The cluster.
        endpoint: Where it would be asked for.
        what: In the plural, as it stands in the middle of a sentence.
    """
    features = port.features
    if features.history_server:
        return f"This is a HistoryServer: it keeps ended jobs and has no {what}."
    if not features.has(*endpoint.since):
        major, minor = endpoint.since
        return f"Flink {major}.{minor} or later is needed for {what} (this is {features.version})."
    return ""
