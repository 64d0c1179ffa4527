"""Watches: changes as JSON lines until the time is up, with bookmarks."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tests.kubernetes.apiserver import tables
from tests.kubernetes.apiserver.kinds import Kind
from tests.kubernetes.apiserver.lists import wants_table
from tests.kubernetes.apiserver.routes import Target
from tests.kubernetes.apiserver.selectors import Test, selector
from tests.kubernetes.apiserver.statuses import too_old
from tests.kubernetes.apiserver.store import Change, Forgotten, Store
from tests.kubernetes.apiserver.wire import Request
from tests.kubernetes.objects import Object

LONGEST = 1800.0
"""Seconds that a watch lasts for which no time was asked."""
LOOKS_EVERY = 0.25
"""Seconds between two looks at whether somebody still watches."""


@dataclass(slots=True)
class Watches:
    """All watches of a server, and how they are closed."""

    store: Store
    longest: float = LONGEST
    """Seconds after which each is closed, even if it was asked for longer."""
    bookmark_every: float = 60.0
    open: int = 0
    started: int = 0
    cut: int = 0
    """Each time that this grows, all open watches are closed at once."""

    def watch(self, kind: Kind, target: Target, request: Request) -> AsyncIterator[bytes]:
        """The lines of one watch.

        Raises:
            Refused: 400 for a selector that cannot be read.
        """
        return self._lines(_Watch(kind, target.namespace, request, selector(request.query)))

    async def _lines(self, watch: "_Watch") -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        seconds = float(watch.request.query.get("timeoutSeconds") or LONGEST)
        ends = loop.time() + min(seconds or LONGEST, self.longest)
        cut = self.cut
        self.open += 1
        self.started += 1
        try:
            version, lines = self._beginning(watch)
            for line in lines:
                yield line
            try:
                with self.store.following(version) as changes:
                    # The headers are sent at once, however quiet it is.
                    yield b""
                    marked = loop.time()
                    while not watch.request.gone and self.cut == cut and (left := ends - loop.time()) > 0:
                        try:
                            change = await asyncio.wait_for(changes.get(), min(left, LOOKS_EVERY))
                        except TimeoutError:
                            if watch.bookmarks and loop.time() - marked >= self.bookmark_every:
                                marked = loop.time()
                                yield watch.bookmark(self.store.version)
                        else:
                            if told := watch.line(change):
                                yield told
                    if watch.bookmarks and self.cut == cut:
                        yield watch.bookmark(self.store.version)
            except Forgotten as error:
                yield _line("ERROR", too_old(version, error.oldest).status())
        finally:
            self.open -= 1

    def _beginning(self, watch: "_Watch") -> tuple[int, list[bytes]]:
        """From which version on changes are told, and what there is already if that is asked for."""
        query = watch.request.query
        asked = int(query.get("resourceVersion") or 0)
        initial = query.get("sendInitialEvents") == "true"
        if asked and not initial:
            return asked, []
        version, items = self.store.all(watch.kind, watch.namespace)
        lines = [watch.event("ADDED", each) for each in items if watch.test(each)]
        if initial:
            lines.append(watch.bookmark(version, {"k8s.io/initial-events-end": "true"}))
        return version, lines


@dataclass(slots=True)
class _Watch:
    """What one watch asked for."""

    kind: Kind
    namespace: str
    request: Request
    test: Test

    @property
    def bookmarks(self) -> bool:
        return self.request.query.get("allowWatchBookmarks") in {"true", "1"}

    def line(self, change: Change) -> bytes | None:
        """A change as this watch sees it: what leaves its selection is deleted to it."""
        if change.kind.kind != self.kind.kind:
            return None
        if self.namespace and change.last["metadata"].get("namespace") != self.namespace:
            return None
        before = change.before is not None and self.test(change.before)
        now = change.now is not None and self.test(change.now)
        if not before and not now:
            return None
        return self.event("DELETED" if not now else "MODIFIED" if before else "ADDED", change.last)

    def event(self, what: str, given: Object) -> bytes:
        if wants_table(self.request):
            include = self.request.query.get("includeObject", "Metadata")
            own = {"resourceVersion": given["metadata"]["resourceVersion"]}
            return _line(what, tables.table(self.kind, [given], own, include))
        return _line(what, given)

    def bookmark(self, version: int, annotations: dict[str, str] | None = None) -> bytes:
        own: Object = {"resourceVersion": str(version), "creationTimestamp": None}
        if annotations:
            own["annotations"] = annotations
        return _line(
            "BOOKMARK", {"kind": self.kind.kind, "apiVersion": self.kind.api_version, "metadata": own}
        )


def _line(what: str, given: Object) -> bytes:
    document = {"type": what, "object": given}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
