"""Pods and clusters that are no longer there, kept for some minutes: why a pod ended is wanted afterwards."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

if TYPE_CHECKING:
    from flinktop.kubernetes.discovery import Found
    from flinktop.kubernetes.parts import ClusterPod, Key

POD_SECONDS: Final = 900.0
MOST_PODS: Final = 30
"""Pods of one owner that are kept: a restart loop makes a new one every few seconds."""
CLUSTER_SECONDS: Final = 900.0


class GonePods:
    """Pods that vanished, with what was last known of them."""

    def __init__(self) -> None:
        self.pods: dict[tuple[str, str, str], ClusterPod] = {}
        """By namespace, name and uid; a StatefulSet's pods have the same name again."""

    def add(self, key: Key, last: ClusterPod, now: float) -> None:
        """Keep a pod that vanished at `now` (s since 1970)."""
        self.pods[(*key, last.pod.uid)] = replace(last, pod=replace(last.pod, gone=now, ready=False))
        its = [one for one, pod in self.pods.items() if one[0] == key[0] and pod.owner == last.owner]
        for old in its[:-MOST_PODS]:
            del self.pods[old]

    def back(self, key: Key, pod: ClusterPod) -> None:
        """Forget a pod that is listed again: it had vanished from what may be read."""
        self.pods.pop((*key, pod.pod.uid), None)

    def expire(self, now: float) -> bool:
        """Forget those that have been gone for long; whether there were any."""
        old = [key for key, one in self.pods.items() if now - (one.pod.gone or 0.0) > POD_SECONDS]
        for key in old:
            del self.pods[key]
        return bool(old)

    def by_namespace(self) -> dict[str, list[ClusterPod]]:
        """The pods of each namespace, the newest first."""
        found: dict[str, list[ClusterPod]] = defaultdict(list)
        for (namespace, _, _), pod in reversed(self.pods.items()):
            found[namespace].append(pod)
        return found


class GoneClusters:
    """Clusters that were deleted."""

    def __init__(self) -> None:
        self._found: dict[str, Found] = {}  # by name

    def update(self, before: dict[str, Found], current: dict[str, Found], now: float) -> None:
        """Keep those of `before` that are not current; both by name. Their pods are no longer followed."""
        for name, found in before.items():
            if name not in current:
                pods = tuple(
                    pod if pod.gone is not None else replace(pod, gone=now, ready=False)
                    for pod in found.state.pods
                )
                self._found[name] = replace(found, state=replace(found.state, deleted=now, pods=pods))
        for name in [name for name in self._found if name in current]:
            del self._found[name]

    def expire(self, now: float) -> bool:
        """Forget those that were deleted long ago; whether there were any."""
        old = [
            name for name, one in self._found.items() if now - (one.state.deleted or 0.0) > CLUSTER_SECONDS
        ]
        for name in old:
            del self._found[name]
        return bool(old)

    @property
    def found(self) -> tuple[Found, ...]:
        """What was last known of each, with `state.deleted`."""
        return tuple(self._found.values())
