"""The way to one Flink cluster on Kubernetes, as a transport: the service proxy, or a port-forward.

The service proxy of the API server (`/api/v1/namespaces/…/services/…/proxy`) needs no process for each
cluster, but the right to use it: `get` for GET, `create` for POST, `update` for PUT, `patch`, `delete`.
Where a method is forbidden, `kubectl port-forward` is used for it, if the right `create pods/portforward` is
there.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote

import httpx

from flinktop.flink.answers import never_forwarded
from flinktop.flink.network import tls
from flinktop.flink.tunnelled import TunnelClosed, TunnelFailed, Tunnelled
from flinktop.kubernetes.errors import ApiError, KubectlError, KubernetesError
from flinktop.kubernetes.forward import PortForward

if TYPE_CHECKING:
    import ssl

    from flinktop.flink.connection import Connection
    from flinktop.kubernetes.api import ApiServer

log = logging.getLogger(__name__)

Reach = Literal["proxy", "port-forward"]

LIMITS: Final = httpx.Limits(max_connections=None, max_keepalive_connections=8, keepalive_expiry=120)
"""No limit, as several clients of one cluster share the connections."""
FORBIDDEN_SECONDS: Final = 600.0
"""After so long the service proxy is tried again for a method that was forbidden."""
UNUSED_SECONDS: Final = 600.0
"""After so long without a request a port-forward is ended."""
_TRYING: Final = "error trying to reach service"
_NO_PODS: Final = "no endpoints available"
_SAFE: Final = frozenset({"GET", "HEAD"})


class NotReached(httpx.ConnectError):
    """Nothing was sent to the cluster; the text is a sentence."""


class NoAnswer(httpx.ReadError):
    """A request may have reached the cluster, but there is no answer; the text is a sentence."""


class ClusterWay(httpx.AsyncBaseTransport):
    """Sends the requests of all clients of one cluster. Used on one event loop at a time."""

    def __init__(
        self,
        api: ApiServer,
        namespace: str,
        service: str,
        port: int,
        scheme: str = "http",
        *,
        reach: Reach | None = None,
        login: Connection | None = None,
    ) -> None:
        """Nothing is sent or started before the first request.

        `reach` forces one way. With a `login` of the cluster's own, own headers or a client certificate, its
        requests go by port-forward: the API server must not see them, and `Authorization` would replace
        kubectl's login.
        """
        self._api = api
        self._namespace = namespace
        self._service = service
        self._port = port
        self._scheme = scheme
        self._login = login
        self._forced = "port-forward" if login is not None else reach
        self._forbidden: dict[str, tuple[str, float]] = {}
        """Methods that the service proxy refuses, the missing right as a sentence, and since when (s)."""
        self._forward: PortForward | None = None
        self._forwarded: Tunnelled | None = None
        self._forwarding = 0  # requests
        self._forwarded_at = 0.0  # the last one, by the clock (s)
        self.closed = False
        whole = f"{scheme}:{service}:{port}" if scheme == "https" else f"{service}:{port}"
        self._base = f"/api/v1/namespaces/{quote(namespace, safe='')}/services/{quote(whole, safe=':')}/proxy"
        self.key = f"{namespace}/{service}:{port}"
        """What its turns are counted under."""

    @property
    def reach(self) -> Reach:
        """The way of a GET. For any thread."""
        return self._way("GET")

    def set_share(self, share: float) -> None:
        """How much of the turns it gets when there are not enough; 1 is usual."""
        self._api.turns.set_share(self.key, share)

    def try_now(self) -> None:
        """Ask again at once although something is down."""
        self._api.try_now()
        if self._forward is not None:
            self._forward.try_now()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The cluster's answer. Raises NotReached, NoAnswer, or another error of httpx's."""
        if self._way(request.method) == "port-forward":
            return await self._by_port_forward(request)
        refused = None
        try:
            return await self._api.send(self._proxied(request), self.key, first=request.method not in _SAFE)
        except KubernetesError as error:
            refused = error
        if self._forced is None and _is_forbidden(refused):
            if request.method not in self._forbidden:
                log.warning("%s: %s; using kubectl port-forward", self.key, refused)
            self._forbidden[request.method] = str(refused), self._api.clock.now()
            return await self._by_port_forward(request)
        raise self._without_answer(refused, request)

    async def aclose(self) -> None:
        """End the port-forward; the API server is whose that made it. Nothing is sent any more."""
        self.closed = True
        self._api.turns.forget(self.key)
        await self._end_forward()

    async def end_unused(self) -> None:
        """End the port-forward if it is not used any more; the next request that needs one opens another."""
        unused = self._api.clock.now() - self._forwarded_at
        if not self._forwarding and unused >= UNUSED_SECONDS:
            await self._end_forward()

    async def _end_forward(self) -> None:
        forwarded, forward = self._forwarded, self._forward
        self._forwarded = self._forward = None
        if forwarded is not None:
            await forwarded.aclose()
        if forward is not None:
            await forward.close()

    # -- the two ways ----------------------------------------------------------------------------------

    def _way(self, method: str) -> Reach:
        if self._forced is not None:
            return self._forced
        _why, since = self._forbidden.get(method, ("", None))
        is_forbidden = since is not None and self._api.clock.now() - since < FORBIDDEN_SECONDS
        return "port-forward" if is_forbidden else "proxy"

    def _proxied(self, request: httpx.Request) -> httpx.Request:
        """The request as the API server takes it: the same path and query behind those of the service."""
        target = self._base.encode("ascii") + request.url.raw_path
        return httpx.Request(
            request.method,
            request.url.copy_with(raw_path=target),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )

    async def _by_port_forward(self, request: httpx.Request) -> httpx.Response:
        if self.closed:
            raise NotReached(f"{self.key} is not followed any more", request=request)
        forwarded = self._forwarded = self._forwarded or self._new_forward(request)
        error: httpx.TransportError
        self._forwarding += 1
        try:
            return await forwarded.handle_async_request(request)
        except TunnelClosed as closed:
            error = NotReached(f"{closed}{self._because(request.method)}", request=request)
        except TunnelFailed as failed:
            error = NoAnswer(f"kubectl port-forward does not reach the cluster: {failed}", request=request)
        except httpx.StreamConsumed:
            error = NotReached(f"try again{self._because(request.method)}", request=request)
        finally:
            self._forwarding -= 1
            self._forwarded_at = self._api.clock.now()
        raise error

    def _new_forward(self, request: httpx.Request) -> Tunnelled:
        # It ends in the pod itself. The name in its certificate is not known here, and the API server does
        # not check it either.
        verify: ssl.SSLContext | bool = False
        wrong = ""
        if self._login is not None and self._login.cert is not None and self._scheme == "https":
            try:
                verify = tls(replace(self._login, ca=None, insecure=True))
            except ValueError as error:
                wrong = str(error)
        if wrong:
            raise NotReached(wrong, request=request)
        self._forward = PortForward(
            self._api.kubectl, self._namespace, self._service, self._port, clock=self._api.clock
        )
        inner = httpx.AsyncHTTPTransport(verify=verify, trust_env=False, limits=LIMITS)
        return Tunnelled(inner, self._forward)

    def _because(self, method: str) -> str:
        """The missing right behind a sentence."""
        why, _since = self._forbidden.get(method, ("", 0.0))
        return f" ({why})" if why else ""

    def _without_answer(self, error: KubernetesError, request: httpx.Request) -> httpx.TransportError:
        if isinstance(error, ApiError):
            sentence = self._sentence(error)
            dialled = error.status < HTTPStatus.INTERNAL_SERVER_ERROR or never_forwarded(
                error.status, error.message.encode()
            )
            return (NotReached if dialled else NoAnswer)(sentence, request=request)
        if isinstance(error, KubectlError) and error.kind == "unreachable":
            # The connection may have broken after the request was passed on.
            dialled = never_forwarded(HTTPStatus.BAD_GATEWAY, str(error).encode())
            return (NotReached if dialled else NoAnswer)(str(error), request=request)
        return NotReached(str(error), request=request)

    def _sentence(self, error: ApiError) -> str:
        """What an error of the API server says of this cluster."""
        message = error.message
        at = message.lower().find(_TRYING)
        if error.status == HTTPStatus.SERVICE_UNAVAILABLE and at >= 0:
            reason = message[at + len(_TRYING) :].strip(" :'")
            return f"the API server does not reach the JobManager ({self.key}): {reason}"
        if error.status == HTTPStatus.SERVICE_UNAVAILABLE and _NO_PODS in message:
            return f"no pod of the JobManager is ready: the service {self.key} leads nowhere"
        if error.status == HTTPStatus.NOT_FOUND and error.reason == "NotFound":
            return f"there is no service {self.key} ({self._api.where}): {message}"
        return str(error)


def _is_forbidden(error: KubernetesError) -> bool:
    """Whether the right to use the service proxy is missing."""
    return isinstance(error, ApiError) and error.status == HTTPStatus.FORBIDDEN
