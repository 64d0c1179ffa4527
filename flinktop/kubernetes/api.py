"""The API server of one context: documents, whole lists, and watches, all through one `kubectl proxy`."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Struct, field

from flinktop.kubernetes.errors import (
    ApiError,
    KubectlError,
    KubernetesError,
    Status,
    api_error,
    shown,
    status_of,
)
from flinktop.kubernetes.kubectl_text import is_warning
from flinktop.kubernetes.login import Login
from flinktop.kubernetes.proxy import Proxy
from flinktop.kubernetes.turns import Turns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    import httpx

    from flinktop.kubernetes.kubectl import Kubectl
    from flinktop.kubernetes.turns import Clock
    from flinktop.kubernetes.wire import Wire

log = logging.getLogger(__name__)

T = TypeVar("T")

SECONDS: Final = 30.0
"""For one whole answer."""
MOST_BYTES: Final = 64 << 20
MOST_EVENT: Final = 8 << 20
"""Bytes of one object in a watch: etcd takes 1.5 MB."""
PAGE: Final = 200
"""Objects of a list in one answer."""
WATCH_SECONDS: Final = 300
"""After so long the API server is asked to end a watch; many end it much sooner."""
_SILENT_BEYOND: Final = 30.0
_LISTS: Final = 3
"""Times that a list is begun whose next page has expired; the last time it is not in pages."""
_LONGEST_WAIT: Final = 10.0
_TRIES: Final = 2
WORDS_SECONDS: Final = 0.3
"""How long it is waited for what a login program has printed."""
_AUTHENTICATED: Final = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
"""What the API server refuses only after it has accepted a login."""
ITSELF: Final = ""
"""Whose turns are those of lists and watches."""
_ITS_SHARE: Final = 4.0


class Listed(Struct, frozen=True):
    """All objects of a kind at one moment."""

    items: tuple[msgspec.Raw, ...]
    version: str
    """The resourceVersion from which a watch goes on."""


class Event(Struct, frozen=True):
    """A change in a watch."""

    type: str  # ADDED, MODIFIED, DELETED; BOOKMARK has nothing but a newer version
    object: msgspec.Raw
    version: str


class _ListMeta(Struct):
    version: str = field(default="", name="resourceVersion")
    next_page: str = field(default="", name="continue")


class _Page(Struct):
    metadata: _ListMeta = field(default_factory=_ListMeta)
    items: list[msgspec.Raw] | None = None


class _Change(Struct):
    type: str
    object: msgspec.Raw


class _Meta(Struct):
    version: str = field(default="", name="resourceVersion")


class _Object(Struct):
    metadata: _Meta = field(default_factory=_Meta)


class ApiServer:
    """Asks the API server of one context. Used on one event loop at a time."""

    def __init__(
        self, kubectl: Kubectl, clock: Clock, *, proxy: Proxy | None = None, turns: Turns | None = None
    ) -> None:
        """Starts nothing before the first request."""
        self.kubectl = kubectl
        self.clock = clock
        self.turns = turns or Turns(clock)
        self.turns.set_share(ITSELF, _ITS_SHARE)
        self._proxy = proxy or Proxy(kubectl, clock)
        self._login = Login(clock)
        self._opened: Wire | None = None
        self.on_login_accepted: Callable[[], None] | None = None
        """Called when a login that was lost is accepted again."""

    @property
    def where(self) -> str:
        """The context, as sentences name it."""
        return self.kubectl.where

    async def get(
        self,
        path: str,
        params: Iterable[tuple[str, str]] = (),
        *,
        seconds: float = SECONDS,
        most: int = MOST_BYTES,
    ) -> bytes:
        """The answer to a GET of a percent-encoded path that begins with a slash. Raises KubernetesError."""
        async with self._answer(path, params) as response, asyncio.timeout(seconds):
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > most:
                    raise ApiError(200, f"an answer of more than {most >> 20} MiB ({self.where})")
        return bytes(body)

    async def list_all(self, path: str, params: Iterable[tuple[str, str]] = ()) -> Listed:
        """All objects of a list, however many pages it has. Raises KubernetesError."""
        params = tuple(params)
        for left in reversed(range(_LISTS)):
            try:
                return await self._list(path, params, PAGE if left else 0)
            except ApiError as error:
                # The next page has expired, because much has changed meanwhile.
                if error.status != HTTPStatus.GONE or not left:
                    raise
        raise AssertionError

    async def watch(
        self, path: str, version: str, params: Iterable[tuple[str, str]] = (), *, seconds: int = WATCH_SECONDS
    ) -> AsyncIterator[Event]:
        """What changes after a version, as it comes; ends when the API server ends it, which is usual.

        Raises ApiError 410 if the version is too old: the list is to be read again; else KubernetesError.
        """
        asked = (
            *params,
            ("watch", "1"),
            ("resourceVersion", version),
            ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", str(seconds)),
        )
        async with self._answer(path, asked, seconds + _SILENT_BEYOND) as response:
            lines = self._lines(response)
            while (line := await self._next(lines)) is not None:
                yield self._event(line)

    async def send(self, request: httpx.Request, cluster: str, *, first: bool = False) -> httpx.Response:
        """Send a request for a cluster behind the API server in its turn; the answer is the cluster's.

        Raises KubernetesError if kubectl or the API server refuses it, httpx.TransportError without an
        answer. The answer's extension `waited` is the time for which nothing was sent (s).
        """
        return await self._send(request, cluster, first=first, ours=False)

    def try_now(self) -> None:
        """Ask again at once, although the login is lost or the proxy is down: a person wants that."""
        self._login.try_now()
        self._proxy.try_now()

    async def close(self) -> None:
        """Close all connections, and end the proxy."""
        await self.turns.close()
        if self._opened is not None:
            await self._opened.close()
        await self._proxy.close()

    # -- one request -----------------------------------------------------------------------------------

    @property
    def _wire(self) -> Wire:
        if self._opened is None:
            # httpx takes 25 ms to import, and is not needed for the first paint.
            from flinktop.kubernetes.wire import Wire  # noqa: PLC0415

            self._opened = Wire(self._proxy, self.where)
        return self._opened

    async def _send(self, request: httpx.Request, cluster: str, *, first: bool, ours: bool) -> httpx.Response:
        from flinktop.kubernetes.wire import refusal  # noqa: PLC0415 -- as above

        began = self.clock.now()
        self._login.check()
        tries_left = _TRIES
        while True:
            tries_left -= 1
            await self.turns.take(cluster, first=first)
            sent_at = self.clock.now()
            waited = sent_at - began
            try:
                response = await self._wire.send(request)
            except KubectlError as down:
                # It may be down because it is to log in anew.
                raise self._refused(down) or self._login.error or down from None
            error = await refusal(response, self.where, ours=ours)
            if error is None or (isinstance(error, ApiError) and error.status in _AUTHENTICATED):
                self._accepted()
            if error is None:
                response.extensions["waited"] = waited
                return response
            error = await self._with_words(error, sent_at)
            if not tries_left or not self._may_repeat(error):
                raise self._refused(error) or error

    def _accepted(self) -> None:
        if self._login.accepted():
            log.info("the login of kubectl to %s is accepted again", self.where)
            if self.on_login_accepted is not None:
                self.on_login_accepted()

    async def _with_words(self, error: KubernetesError, sent_at: float) -> KubernetesError:
        """The error, that of a login program with what it has printed: often it is what to do."""
        if not isinstance(error, KubectlError) or error.kind != "login":
            return error
        words = shown(await self._proxy.words_after(sent_at, WORDS_SECONDS))
        return KubectlError("login", f"{error}: {words}") if words and not is_warning(words) else error

    def _may_repeat(self, error: KubernetesError) -> bool:
        """Whether a request that was refused, and not passed on, is to be sent once more."""
        match error:
            case ApiError(status=HTTPStatus.TOO_MANY_REQUESTS):
                wait = error.retry_after or 1.0
                self.turns.hold(wait)
                return wait <= _LONGEST_WAIT
            case ApiError(status=HTTPStatus.UNAUTHORIZED):
                # Now kubectl runs its login program, if it has one, and uses what that gives.
                return True
        return False

    def _refused(self, error: KubernetesError) -> KubernetesError | None:
        """Note an error that is one of kubectl's login, and return it; None for another."""
        status = error.status if isinstance(error, ApiError) else 0
        kind = error.kind if isinstance(error, KubectlError) else ""
        if status != HTTPStatus.UNAUTHORIZED and kind != "login":
            return None
        if self._login.refused(error):
            log.warning("%s", error)
            # It reads its configuration, where a new login may be, only at its start.
            self._proxy.start_again()
        return error

    @asynccontextmanager
    async def _answer(
        self, path: str, params: Iterable[tuple[str, str]], silent: float = SECONDS
    ) -> AsyncIterator[httpx.Response]:
        """The answer to a GET for the API server itself; raises KubernetesError."""
        from flinktop.kubernetes import wire  # noqa: PLC0415 -- as above

        query = urlencode(tuple(params))
        request = wire.request("GET", f"{path}?{query}" if query else path, seconds=SECONDS, silent=silent)
        with wire.explaining(self.where):
            response = await self._send(request, ITSELF, first=False, ours=True)
            try:
                yield response
            finally:
                await response.aclose()

    async def _list(self, path: str, params: tuple[tuple[str, str], ...], size: int) -> Listed:
        items: list[msgspec.Raw] = []
        limit = (("limit", str(size)),) if size else ()
        next_page = ""
        while True:
            more = (("continue", next_page),) if next_page else ()
            page = self._decoded(await self.get(path, (*params, *limit, *more)), _Page)
            items.extend(page.items or ())
            next_page = page.metadata.next_page
            if not next_page:
                return Listed(tuple(items), page.metadata.version)

    async def _lines(self, response: httpx.Response) -> AsyncIterator[bytes]:
        begun = bytearray()
        async for part in response.aiter_raw():
            *lines, rest = part.split(b"\n")
            for line in lines:
                begun += line
                if begun.strip():
                    yield bytes(begun)
                begun.clear()
            begun += rest
            if len(begun) > MOST_EVENT:
                raise ApiError(200, f"an object of more than {MOST_EVENT >> 20} MiB ({self.where})")

    async def _next(self, lines: AsyncIterator[bytes]) -> bytes | None:
        """The next line of a watch; None at its end, also one without a farewell, as of a gateway's."""
        from flinktop.kubernetes import wire  # noqa: PLC0415 -- as above

        try:
            with wire.explaining(self.where):
                return await anext(lines, None)
        except KubectlError as broken:
            log.info("a watch has ended: %s", broken)
            return None

    def _event(self, line: bytes) -> Event:
        change = self._decoded(line, _Change)
        if change.type == "ERROR":
            status = status_of(change.object)
            raise api_error(0, status if status is not None else Status("Status"), self.where)
        return Event(change.type, change.object, self._decoded(change.object, _Object).metadata.version)

    def _decoded(self, body: bytes | msgspec.Raw, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            sentence = (
                f"the API server of {self.where} gave an answer that can't be read: {shown(str(error))}"
            )
        raise ApiError(200, sentence)
