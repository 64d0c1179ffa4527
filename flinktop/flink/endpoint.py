"""An endpoint of Flink's REST API as a value, and a query: an endpoint with its ids and parameters."""

import re
import sys
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Generic, TypeVar
from urllib.parse import quote

from msgspec import Struct

T = TypeVar("T")

REQUEST_LINE = 4096  # bytes of method, target and version that Flink reads; one more is a 404
ROOM = 3500  # bytes for a target; the rest of the request line is for a proxy's base path
MOST_BYTES = 16 * 1024 * 1024  # bytes of an answer: twenty times the answer of a job of 1,000 subtasks
MOST_PARTS = 40_000  # objects and lists of an answer: two for each of 20,000 jobs
SUBTASK_PARTS = 5 * MOST_PARTS  # if each subtask has parts: six for each of 32,768, Flink's maximum
_HOLE = re.compile(r"\{(\w+)\}")

Argument = str | int | float | bool | Sequence[str] | None


class Endpoint(Struct, Generic[T], frozen=True, eq=False):
    """A GET of the REST API: its path and the type of its answer. Call it with ids to get a query.

    Compared by identity: a query is looked up thousands of times a second.
    """

    path: str  # bare path (no /v1, no leading slash) with {names} for ids
    reply: type[T]  # a msgspec Struct, a tuple or dict of them, or str for text
    every: float = 0.0  # seconds for which the server answers from its cache: earlier requests are pointless
    since: tuple[int, int] = (1, 9)  # the first release that has it
    brief: Callable[[T], T | None] | None = None
    """Reduces an answer that nobody looks at, if a whole one for each of a thousand jobs is too much;
    None keeps it whole."""
    most: int = MOST_BYTES  # maximal size of an answer in bytes
    most_parts: int = MOST_PARTS  # maximal number of objects and lists in it
    named: tuple[str, str] | None = None  # an answer's field that repeats an id of the path: ("jid", "job")

    @property
    def names(self) -> tuple[str, ...]:
        return _names(self.path)

    def __call__(self, **arguments: Argument) -> "Query[T]":
        """A query. Names of the path are ids, all others are query parameters; None is left out."""
        given = [(name, _text(value)) for name, value in arguments.items() if value is not None]
        return _query(self, tuple(given))


class Query(Struct, Generic[T], frozen=True, cache_hash=True):
    """An endpoint with its ids and parameters. Hashable, so it can be a key."""

    endpoint: Endpoint[T]
    ids: tuple[tuple[str, str], ...] = ()
    params: tuple[tuple[str, str], ...] = ()

    @property
    def target(self) -> str:
        """Percent-encoded path and query string, without a leading slash."""
        return self._target(self.params)

    def _target(self, params: tuple[tuple[str, str], ...]) -> str:
        return target(fill(self.endpoint.path, **dict(self.ids)), params)

    def parts(self, room: int = ROOM) -> tuple["Query[T]", ...]:
        """The requests for this query: several if `get` does not fit in `room` bytes.

        An empty `get` requests nothing, so there is no request; a metric id too long for any request is
        left out.
        """
        wanted = dict(self.params).get("get")
        if wanted is None:
            return (self,)
        others = tuple(pair for pair in self.params if pair[0] != "get")
        used = len(self._target((*others, ("get", ""))))
        chunks: list[list[str]] = []
        size = room + 1
        for name in filter(None, wanted.split(",")):
            length = len(quote(name, safe=":")) + 1
            if used + length > room:
                continue
            if size + length > room:
                chunks.append([])
                size = used
            chunks[-1].append(name)
            size += length
        return tuple(
            Query(self.endpoint, self.ids, tuple(sorted((*others, ("get", ",".join(chunk))))))
            for chunk in chunks
        )


@cache
def _names(path: str) -> tuple[str, ...]:
    return tuple(_HOLE.findall(path))


@lru_cache(maxsize=16_384)
def _query(endpoint: Endpoint[T], given: tuple[tuple[str, str], ...]) -> Query[T]:
    """A cached query: a table of a thousand jobs makes thousands a second."""
    pairs = {pair[0]: pair for pair in given}
    ids = tuple(pairs.pop(name, (name, "")) for name in endpoint.names)
    missing = [name for name, value in ids if not value]
    if missing:
        raise TypeError(f"{endpoint.path} needs {', '.join(missing)}")
    return Query(endpoint, ids, tuple(sorted(pairs.values())))


def fill(path: str, **ids: str | int) -> str:
    """The path with its {names} replaced by percent-encoded ids."""
    return _HOLE.sub(lambda hole: quote(str(ids[hole[1]]), safe=":"), path)


def target(path: str, params: Sequence[tuple[str, str]] = ()) -> str:
    """Path and query string; commas are not encoded, they separate the values of Flink's lists."""
    if not params:
        return path
    return path + "?" + "&".join(f"{quote(name)}={quote(value, safe=',:')}" for name, value in params)


def _text(value: str | float | Sequence[str]) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else sys.intern(",".join(value))
