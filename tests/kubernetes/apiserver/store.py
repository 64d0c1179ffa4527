"""The objects of the server, each change with a version of its own, and those who watch them."""

import asyncio
import copy
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.kubernetes.apiserver.kinds import KINDS, Kind
from tests.kubernetes.objects import Object, changed, metadata

Key = tuple[str, str]
"""Namespace (empty where there is none) and name."""


@dataclass(frozen=True, slots=True)
class Change:
    """One object is other than it was; `now` is None if it was removed, `before` if it was created."""

    version: int
    kind: Kind
    before: Object | None
    now: Object | None

    @property
    def last(self) -> Object:
        """The object, a removed one as it was last."""
        last = self.now or self.before
        assert last is not None
        return last


class Forgotten(Exception):  # noqa: N818 -- it says what happened
    """What happened since that version is no longer known."""

    def __init__(self, oldest: int) -> None:
        super().__init__(oldest)
        self.oldest = oldest


class Store:
    """Objects by kind; may be changed from any thread."""

    def __init__(self) -> None:
        self.kinds: list[Kind] = list(KINDS)
        self._lock = threading.RLock()
        self._version = 100
        self._objects: dict[str, dict[Key, Object]] = {}
        self._history: list[Change] = []
        self._oldest = self._version
        self._watchers: list[Callable[[Change], None]] = []

    @property
    def version(self) -> int:
        """The version of the last change."""
        return self._version

    def kind(self, group: str, version: str, plural: str) -> Kind | None:
        found = (kind for kind in self.kinds if (kind.group, kind.plural) == (group, plural))
        return next((kind for kind in found if kind.version == version), None)

    def remove_kind(self, plural: str) -> None:
        """As in a cluster where that CRD is not installed."""
        self.kinds = [kind for kind in self.kinds if kind.plural != plural]

    def _kind_of(self, given: Object) -> Kind:
        return next(kind for kind in KINDS if kind.kind == given["kind"])

    def put(self, *given: Object) -> list[Object]:
        """Create objects, or replace those of the same names; returned as they are stored."""
        return [self._put(each) for each in given]

    def _put(self, given: Object) -> Object:
        kind = self._kind_of(given)
        with self._lock:
            namespace = given["metadata"].get("namespace", "")
            if kind.namespaced and ("", namespace) not in self._objects.get("Namespace", {}):
                self._put(namespace_object(namespace))
            made = copy.deepcopy(given)
            before = self._of(kind).get(_key(made))
            own = made["metadata"]
            own["uid"] = before["metadata"]["uid"] if before else own.get("uid") or str(uuid.uuid4())
            self._version += 1
            own["resourceVersion"] = str(self._version)
            own["managedFields"] = [_written(made)]
            self._of(kind)[_key(made)] = made
            self._changed(Change(self._version, kind, before, made))
            return made

    def patch(self, kind: str, namespace: str, name: str, **fields: Any) -> Object:
        """Change values of an object: `status__lifecycleState="UPGRADING"`."""
        with self._lock:
            return self._put(changed(self.get(kind, namespace, name), **fields))

    def remove(self, kind: str, namespace: str, name: str) -> None:
        """Delete one object."""
        with self._lock:
            of = next(each for each in KINDS if each.kind == kind)
            before = self._of(of).pop((namespace, name))
            self._version += 1
            before = copy.deepcopy(before)
            before["metadata"]["resourceVersion"] = str(self._version)
            self._changed(Change(self._version, of, before, None))

    def get(self, kind: str, namespace: str, name: str) -> Object:
        """One object.

        Raises:
            KeyError: There is none.
        """
        with self._lock:
            return self._objects[kind][namespace, name]

    def all(self, kind: Kind, namespace: str = "") -> tuple[int, list[Object]]:
        """The objects of a namespace or of all, by namespace and name, and the version of this state."""
        with self._lock:
            found = sorted(self._of(kind).items())
            return self._version, [each for (where, _), each in found if not namespace or where == namespace]

    def forget(self) -> None:
        """Drop the history: who asks for changes since an earlier version is told that it is too old."""
        with self._lock:
            self._history.clear()
            self._version += 1  # something happened elsewhere, or the newest version would still be known
            self._oldest = self._version

    @contextmanager
    def following(self, since: int) -> Iterator["asyncio.Queue[Change]"]:
        """All changes since a version, in order, on the running loop; none are missed.

        Raises:
            Forgotten: That is too long ago.
        """
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Change] = asyncio.Queue()

        def tell(change: Change) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, change)

        with self._lock:
            if since < self._oldest:
                raise Forgotten(self._oldest)
            for change in self._history:
                if change.version > since:
                    queue.put_nowait(change)
            self._watchers.append(tell)
        try:
            yield queue
        finally:
            with self._lock:
                self._watchers.remove(tell)

    def _of(self, kind: Kind) -> dict[Key, Object]:
        return self._objects.setdefault(kind.kind, {})

    def _changed(self, change: Change) -> None:
        self._history.append(change)
        for tell in self._watchers:
            tell(change)


def _key(given: Object) -> Key:
    return given["metadata"].get("namespace", ""), given["metadata"]["name"]


def _written(given: Object) -> Object:
    """Who wrote which fields: a large part of what an API server sends of every object."""
    fields = {name: value for name, value in given.items() if name in {"spec", "status", "message", "reason"}}
    return {
        "manager": "kube-controller-manager",
        "operation": "Update",
        "apiVersion": given["apiVersion"],
        "time": given["metadata"].get("creationTimestamp"),
        "fieldsType": "FieldsV1",
        "fieldsV1": _fields(fields),
    }


def _fields(value: Object) -> Object:
    return {f"f:{name}": _fields(inner) if isinstance(inner, dict) else {} for name, inner in value.items()}


def namespace_object(name: str) -> Object:
    own = metadata("Namespace", name, "", labels={"kubernetes.io/metadata.name": name})
    del own["namespace"]
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": own,
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }
