"""What reads texts of Kubernetes for the engine of a cluster."""

from __future__ import annotations

from typing import Protocol


class TextReader(Protocol):
    """Reads texts of one Kubernetes context, as flinktop.kubernetes.kubectl does."""

    async def logs(
        self, namespace: str, pod: str, container: str = "", *, previous: bool = False
    ) -> bytes: ...
    async def describe(self, kind: str, namespace: str, name: str) -> bytes: ...
