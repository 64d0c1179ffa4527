"""`kubectl port-forward` to one service: where its proxy is forbidden, or would see a login."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from flinktop.flink.local_end import NoLocalEnd
from flinktop.kubernetes.down import why_down
from flinktop.kubernetes.errors import shown
from flinktop.tunnel.place import PORT
from flinktop.tunnel.state import Limits
from flinktop.tunnel.tunnel import Tunnel, TunnelDown

if TYPE_CHECKING:
    from flinktop.kubernetes.kubectl import Kubectl
    from flinktop.kubernetes.turns import Clock
    from flinktop.tunnel.state import State

log = logging.getLogger(__name__)

LIMITS: Final = Limits(longest=15.0)
"""A pod that was replaced is reached soon."""
WORDS_SECONDS: Final = 0.3
"""How long after a failed request it is waited for what kubectl prints about it."""
CLOSE_SECONDS: Final = 1.5
_NO_POD: Final = ("timed out waiting for the condition", "because pod is not running")
_POD_SECONDS: Final = 10
"""For the service's pod to run; less than the tunnel has to open."""


class PortForward:
    """A LocalEnd at a loopback port, supervised. Used on one loop at a time."""

    def __init__(
        self,
        kubectl: Kubectl,
        namespace: str,
        service: str,
        port: int,
        *,
        clock: Clock,
        limits: Limits = LIMITS,
    ) -> None:
        """Nothing is started before the first request."""
        command = kubectl.command(
            "port-forward",
            f"--namespace={namespace}",
            "--address=127.0.0.1",
            f"--pod-running-timeout={_POD_SECONDS}s",
            "--",
            f"service/{service}",
            f"{PORT}:{port}",
        )
        self._name = f"{namespace}/{service}"
        self._kubectl = kubectl
        self._limits = limits
        self._kind = ""
        self._tunnel = Tunnel(command, limits=limits, changed=self._changed, now=clock.now)
        self.now = clock.now

    async def port(self) -> int:
        """The port of 127.0.0.1 that leads to the service. Raises NoLocalEnd."""
        try:
            return await self._tunnel.port()
        except TunnelDown as down:
            raise NoLocalEnd(self._why(down.state)) from None

    def answered(self) -> None:
        """An answer has come through it."""
        self._tunnel.answered()

    async def unanswered(self, sent_at: float) -> str:
        """A request got no answer; returns what kubectl has printed since then, or ""."""
        self._tunnel.unanswered()
        return shown(await self._tunnel.words_after(sent_at, WORDS_SECONDS))

    def try_now(self) -> None:
        """Start one that is down without further delay."""
        self._tunnel.try_now()

    async def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """End it, waiting at most so long (s)."""
        await self._tunnel.close(seconds)

    def _why(self, state: State) -> str:
        if any(words in state.words for words in _NO_POD):
            return f"no pod of the service {self._name} is running ({self._kubectl.where})"
        return str(why_down(state, "port-forward", self._kubectl, self._limits))

    def _changed(self, state: State) -> None:
        if state.kind == self._kind:
            return
        self._kind = state.kind
        if state.kind == "down":
            log.warning("%s: %s; it is started again in %.0f s", self._name, self._why(state), state.pause)
        elif state.kind == "up":
            log.info("kubectl port-forward to %s is open at port %d", self._name, state.port)
