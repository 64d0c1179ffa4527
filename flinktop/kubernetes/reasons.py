"""Asks for the events about pods that are Pending: they say why where conditions don't."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from msgspec.structs import replace

from flinktop.kubernetes.errors import ApiError, KubernetesError
from flinktop.kubernetes.objects import Event, read
from flinktop.kubernetes.pods import pending_by_events

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.kubernetes.follow import Api, Clock
    from flinktop.kubernetes.parts import ClusterPod, Key

log = logging.getLogger(__name__)

PENDING_SECONDS: Final = 4.0
"""A pod that is Pending for less is only starting."""
AGAIN_SECONDS: Final = 30.0
FORBIDDEN_SECONDS: Final = 600.0


class Reasons:
    """Events about pods that are Pending, asked for one pod at a time."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._seen: dict[Key, float] = {}  # when a pod was first seen to be Pending
        self._asked: dict[Key, float] = {}
        self._events: dict[Key, tuple[str, tuple[Event, ...]]] = {}  # with the uid of the pod
        self._forbidden: dict[str, float] = {}  # until when a namespace is not asked

    def applied(self, key: Key, part: ClusterPod) -> ClusterPod:
        """A pod with what events say of why it is Pending."""
        if part.pod.phase != "Pending":
            for known in (self._seen, self._asked, self._events):
                known.pop(key, None)
            return part
        self._seen.setdefault(key, self._clock.now())
        uid, events = self._events.get(key, ("", ()))
        if not events or uid != part.pod.uid:
            return part
        return replace(part, pod=replace(part.pod, pending=pending_by_events(part.pod, events)))

    def forget(self, key: Key) -> None:
        """A pod is no longer there."""
        for known in (self._seen, self._asked, self._events):
            known.pop(key, None)

    def next(self, pods: Mapping[Key, ClusterPod]) -> Key | None:
        """The pod whose events are to be asked for now: without a reason first, then the longest ago."""
        now = self._clock.now()
        due = [
            (bool(pods[key].pod.pending), self._asked.get(key, 0.0), key)
            for key, since in self._seen.items()
            if key in pods
            and self._forbidden.get(key[0], now) <= now
            and now - since >= PENDING_SECONDS
            and now - self._asked.get(key, -AGAIN_SECONDS) >= AGAIN_SECONDS
        ]
        return min(due)[2] if due else None

    async def ask(self, key: Key, uid: str) -> str:
        """Ask for the events about a pod; returns why that failed, a sentence, or ""."""
        namespace, name = key
        self._asked[key] = self._clock.now()
        fields = f"involvedObject.kind=Pod,involvedObject.name={name}"
        try:
            path = f"/api/v1/namespaces/{quote(namespace, safe='')}/events"
            listed = await self._api.list_all(path, (("fieldSelector", fields),))
        except KubernetesError as error:
            log.info("no events of pod %s/%s: %s", namespace, name, error)
            if isinstance(error, ApiError) and error.status == HTTPStatus.FORBIDDEN:
                self._forbidden[namespace] = self._clock.now() + FORBIDDEN_SECONDS
            return str(error)
        events = [found for item in listed.items if (found := read(item, Event)) is not None]
        self._events[key] = uid, tuple(events[:100])
        return ""
