"""An API server without a network: objects by kind, watches that tests close, errors that tests set."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from typing import Any

import msgspec

from flinktop.kubernetes.api import Event, Listed
from flinktop.kubernetes.errors import ApiError, KubernetesError
from tests.kubernetes.objects import Object

RESOURCES = {
    "FlinkDeployment": "flinkdeployments",
    "FlinkSessionJob": "flinksessionjobs",
    "FlinkStateSnapshot": "flinkstatesnapshots",
    "Service": "services",
    "Pod": "pods",
    "Event": "events",
}


class ScriptedApi:
    """What a Site asks. Paths are told apart by their resource and namespace."""

    def __init__(self, *objects: Object, where: str = "minikube") -> None:
        self.where = where
        self.errors: dict[str, KubernetesError] = {}
        """By resource: what lists and watches of it raise."""
        self.watch_errors: dict[str, KubernetesError] = {}
        """By resource: what watches of it raise, lists don't."""
        self.answers = asyncio.Event()
        """While it is cleared lists have no answer."""
        self.answers.set()
        self.asked: list[str] = []
        self._objects: dict[str, dict[tuple[str, str], Object]] = defaultdict(dict)
        self._version = 0
        self._watches: dict[str, list[asyncio.Queue[Event | KubernetesError | None]]] = defaultdict(list)
        for one in objects:
            self.put(one)

    def put(self, *objects: Object) -> None:
        """Create or replace objects."""
        for one in objects:
            known = self._objects[RESOURCES[one["kind"]]]
            kind = "MODIFIED" if _key(one) in known else "ADDED"
            known[_key(one)] = one
            self._tell(kind, one)

    def delete(self, *objects: Object) -> None:
        for one in objects:
            del self._objects[RESOURCES[one["kind"]]][_key(one)]
            self._tell("DELETED", one)

    def forget_silently(self, *objects: Object) -> None:
        """Delete objects without any watch being told, as after a version that is too old."""
        for one in objects:
            del self._objects[RESOURCES[one["kind"]]][_key(one)]

    def close_watches(self, error: KubernetesError | None = None) -> None:
        """End all watches, as API servers do after a time; with an error if they are cut off."""
        for queues in self._watches.values():
            for queue in queues:
                queue.put_nowait(error)

    @property
    def watching(self) -> int:
        return sum(len(queues) for queues in self._watches.values())

    def count(self, words: str) -> int:
        return sum(words in asked for asked in self.asked)

    # -- what is asked ---------------------------------------------------------------------------------

    async def list_all(self, path: str, params: Iterable[tuple[str, str]] = ()) -> Listed:
        resource, namespace = _resource(path)
        self.asked.append(f"list {path}")
        await self.answers.wait()
        self._raise(self.errors, resource)
        items = [
            msgspec.Raw(json.dumps(one).encode())
            for one in self._objects[resource].values()
            if (namespace is None or one["metadata"]["namespace"] == namespace) and _selects(one, params)
        ]
        return Listed(tuple(items), str(self._version))

    async def watch(
        self, path: str, version: str, params: Iterable[tuple[str, str]] = ()
    ) -> AsyncIterator[Event]:
        resource, namespace = _resource(path)
        self.asked.append(f"watch {path} {version}")
        self._raise(self.errors | self.watch_errors, resource)
        queue: asyncio.Queue[Event | KubernetesError | None] = asyncio.Queue()
        self._watches[resource].append(queue)
        try:
            while (event := await queue.get()) is not None:
                if isinstance(event, KubernetesError):
                    raise event
                one = json.loads(bytes(event.object))
                if (namespace is None or one["metadata"]["namespace"] == namespace) and _selects(one, params):
                    yield event
            self._raise(self.errors | self.watch_errors, resource)
        finally:
            self._watches[resource].remove(queue)

    def _raise(self, errors: dict[str, KubernetesError], resource: str) -> None:
        if resource in errors:
            raise errors[resource]

    def _tell(self, kind: str, one: Object) -> None:
        self._version += 1
        event = Event(kind, msgspec.Raw(json.dumps(one).encode()), str(self._version))
        for queue in self._watches[RESOURCES[one["kind"]]]:
            queue.put_nowait(event)


def gone() -> ApiError:
    return ApiError(410, "too old", reason="Expired")


def forbidden(resource: str) -> ApiError:
    return ApiError(403, f"the right to list {resource} in the whole cluster is missing", reason="Forbidden")


def missing() -> ApiError:
    return ApiError(404, "the server could not find the requested resource", reason="NotFound")


def busy(seconds: float) -> ApiError:
    return ApiError(429, "fewer requests", reason="TooManyRequests", retry_after=seconds)


def _key(one: Object) -> tuple[str, str]:
    return one["metadata"]["namespace"], one["metadata"]["name"]


def _resource(path: str) -> tuple[str, str | None]:
    parts = path.strip("/").split("/")
    return parts[-1], parts[-2] if parts[-3] == "namespaces" else None


def _selects(one: Any, params: Iterable[tuple[str, str]]) -> bool:
    asked = dict(params)
    if "labelSelector" in asked and one["metadata"].get("labels", {}).get("component") not in (
        "jobmanager",
        "taskmanager",
    ):
        return False
    about = one.get("involvedObject", {})
    fields = {"reason": one.get("reason")} | {
        f"involvedObject.{name}": value for name, value in about.items()
    }
    wanted = [part.partition("=") for part in asked.get("fieldSelector", "").split(",") if part]
    return all(fields.get(name) == value for name, _, value in wanted)
