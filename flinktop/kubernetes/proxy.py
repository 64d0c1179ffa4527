"""`kubectl proxy` at a unix socket: the way of all requests to one API server; it ends with flinktop."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from flinktop.kubernetes.down import why_down
from flinktop.tunnel.place import SOCKET
from flinktop.tunnel.state import Limits
from flinktop.tunnel.tunnel import Tunnel, TunnelDown

if TYPE_CHECKING:
    from flinktop.kubernetes.kubectl import Kubectl
    from flinktop.kubernetes.turns import Clock
    from flinktop.tunnel.state import State

log = logging.getLogger(__name__)

LIMITS: Final = Limits(longest=30.0)
CLOSE_SECONDS: Final = 1.5
_OPTIONS: Final = (
    f"--unix-socket={SOCKET}",
    # Without it kubectl drops the path of an API server's address, such as Rancher's /k8s/clusters/….
    "--append-server-path=true",
    "--accept-paths=^/(api|apis|version)(/|$)",
    # As its default, which also rejects paths of services in a namespace that is called pods.
    "--reject-paths=^/api/v1/namespaces/[^/]+/pods/[^/]+/(exec|attach)(/|$)",
)


class Proxy:
    """Started with the first request, and again whenever it ends. Used on one loop at a time."""

    def __init__(self, kubectl: Kubectl, clock: Clock, limits: Limits = LIMITS) -> None:
        self._kubectl = kubectl
        self._limits = limits
        self._kind = ""
        command = kubectl.command("proxy", *_OPTIONS)
        self._tunnel = Tunnel(command, limits=limits, changed=self._changed, now=clock.now)

    async def socket(self) -> str:
        """The path of the socket, waiting while it starts. Raises KubectlError."""
        try:
            return await self._tunnel.socket()
        except TunnelDown as down:
            error = why_down(down.state, "proxy", self._kubectl, self._limits)
        raise error

    def start_again(self) -> None:
        """Start it anew: it reads kubectl's configuration, and logs in, only then."""
        self._tunnel.start_again()

    def try_now(self) -> None:
        """Start one that is down without further delay."""
        self._tunnel.try_now()

    def answered(self) -> None:
        """An answer has come through it."""
        self._tunnel.answered()

    def unanswered(self) -> None:
        """No answer has come to a request: if that lasts, it is started again."""
        self._tunnel.unanswered()

    async def words_after(self, moment: float, seconds: float) -> str:
        """What it or a login program has printed since a moment (clock, s), waiting at most `seconds`."""
        return await self._tunnel.words_after(moment, seconds)

    async def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """End it, waiting at most so long (s)."""
        await self._tunnel.close(seconds)

    def _changed(self, state: State) -> None:
        if state.kind == self._kind:
            return
        self._kind = state.kind
        if state.kind == "down":
            log.warning("%s", why_down(state, "proxy", self._kubectl, self._limits))
        elif state.kind == "up":
            log.info("kubectl proxy is open (%s)", self._kubectl.where)
