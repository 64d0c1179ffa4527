"""Reading objects: one, or a list in pages."""

import base64
import json
import re
from typing import Any

from tests.kubernetes.apiserver import tables
from tests.kubernetes.apiserver.kinds import Kind
from tests.kubernetes.apiserver.routes import Target
from tests.kubernetes.apiserver.selectors import selector
from tests.kubernetes.apiserver.statuses import Refused, not_found
from tests.kubernetes.apiserver.store import Store
from tests.kubernetes.apiserver.wire import Request
from tests.kubernetes.objects import Object


def wants_table(request: Request) -> bool:
    """Whether the first kind of answer that the request accepts is a Table."""
    first = request.headers.get("accept", "").split(",")[0]
    return re.search(r"\bas=Table\b", first) is not None and "g=meta.k8s.io" in first


def one(store: Store, kind: Kind, target: Target, request: Request) -> Object:
    """One object, or a Table of it.

    Raises:
        Refused: 404.
    """
    try:
        found = store.get(kind.kind, target.namespace if kind.namespaced else "", target.name)
    except KeyError:
        raise not_found(target.resource, target.group, target.name) from None
    if wants_table(request):
        own = {"resourceVersion": found["metadata"]["resourceVersion"]}
        return tables.table(kind, [found], own, request.query.get("includeObject", "Metadata"))
    return found


class Lists:
    """Lists of a store; those asked for in pages stay as they were when the first page was given."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._begun: dict[int, tuple[int, list[Object]]] = {}

    def forget(self) -> None:
        """Who asks for another page of a list is told that it is too old."""
        self._begun.clear()

    def list(self, kind: Kind, target: Target, request: Request) -> Object:
        """One page, or all of it.

        Raises:
            Refused: 400 for a selector or a token that cannot be read, 410 for a list that is too old.
        """
        query = request.query
        limit = int(query.get("limit") or 0)
        if query.get("continue"):
            number, start = _parsed(query["continue"])
            if number not in self._begun:
                raise Refused(
                    410, "The provided continue parameter is too old to display a consistent list result."
                )
            version, items = self._begun[number]
        else:
            version, items = self._store.all(kind, target.namespace)
            items = list(filter(selector(query), items))
            number, start = len(self._begun) + 1, 0
            while number in self._begun:
                number += 1
            if limit and len(items) > limit:
                self._begun[number] = (version, items)
        page = items[start : start + limit] if limit else items[start:]
        own: dict[str, Any] = {"resourceVersion": str(version)}
        left = len(items) - start - len(page)
        if left:
            own |= {"continue": _token(number, start + len(page)), "remainingItemCount": left}
        if wants_table(request):
            return tables.table(kind, page, own, query.get("includeObject", "Metadata"))
        return {
            "kind": f"{kind.kind}List",
            "apiVersion": kind.api_version,
            "metadata": own,
            "items": [in_list(kind, each) for each in page],
        }


def in_list(kind: Kind, given: Object) -> Object:
    """An object as an item of a list: those of built-in kinds do not say what they are."""
    if kind.group:
        return given
    return {name: value for name, value in given.items() if name not in {"kind", "apiVersion"}}


def _token(number: int, start: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([number, start]).encode()).decode().rstrip("=")


def _parsed(token: str) -> tuple[int, int]:
    try:
        number, start = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(number), int(start)
    except (ValueError, TypeError):
        raise Refused(400, "continue key is not valid") from None
