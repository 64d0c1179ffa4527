"""The tunnel to a cluster: its end for the HTTP client, and what is said about it."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Final

from flinktop.engine.link import TunnelLink
from flinktop.flink.local_end import NoLocalEnd
from flinktop.flink.text import clean
from flinktop.model import redaction
from flinktop.model.command_line import command_line
from flinktop.tunnel.place import PORT
from flinktop.tunnel.state import Limits
from flinktop.tunnel.tunnel import Tunnel, TunnelDown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flinktop.engine.clock import Clock
    from flinktop.flink.connection import Connection
    from flinktop.tunnel.state import State

log = logging.getLogger(__name__)

WORDS_SECONDS: Final = 0.3
"""How long after a failed request it is waited for what the command prints about it."""
CLOSE_SECONDS: Final = 1.5
"""How long a command for scripts waits at its end for that of the tunnel's command."""
SOME_PORT: Final = 8081
MOST_WORDS, MOST_COMMAND = 160, 120
"""Characters of the last words, and of the command, in a sentence."""
_PROMPT: Final = re.compile(
    r"(?i)(?:password|passphrase|passcode|verification code|otp|pin)\b[^:]*:\s*$|\(yes/no|\?\s*$"
)


class TunnelEnd:
    """A tunnel as the HTTP clients of one cluster share it. Used on one loop at a time."""

    def __init__(
        self,
        command: Sequence[str],
        cluster: str,
        clock: Clock,
        *,
        limits: Limits = Limits(),  # noqa: B008 -- frozen
        opened: Callable[[], object] = lambda: None,
    ) -> None:
        """Nothing is started before the first request. `opened` is called when it has opened."""
        self._command = tuple(command)
        self._cluster = cluster
        self._limits = limits
        self._opened = opened
        self._kind = ""
        self._tunnel = Tunnel(command, limits=limits, changed=self._changed, now=clock.now)
        self.now = clock.now

    async def port(self) -> int:
        """The port of 127.0.0.1 that leads to the cluster. Raises NoLocalEnd."""
        try:
            return await self._tunnel.port()
        except TunnelDown as down:
            raise NoLocalEnd(self._why(down.state)) from None

    def answered(self) -> None:
        """An answer has come through the tunnel."""
        self._tunnel.answered()

    async def unanswered(self, sent_at: float) -> str:
        """A request got no answer; returns what the tunnel's command has printed since then, or ""."""
        self._tunnel.unanswered()
        return _shown(await self._tunnel.words_after(sent_at, WORDS_SECONDS))

    def try_now(self) -> None:
        """Start a tunnel that is down without further delay."""
        self._tunnel.try_now()

    async def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """End the tunnel, waiting at most so long (s) for its command."""
        await self._tunnel.close(seconds)

    @property
    def link(self) -> TunnelLink:
        """Whether the tunnel is open. Safe from any thread."""
        match self._tunnel.state.kind:
            case "starting":
                return TunnelLink("starting")
            case "down":
                return TunnelLink("ended", self._tunnel.retry_at)
        return TunnelLink()

    def _why(self, state: State) -> str:
        return why_down(state, self._command, self._cluster, self._limits)

    def _changed(self, state: State) -> None:
        if state.kind == self._kind:
            return
        self._kind = state.kind
        if state.kind == "down":
            log.warning("%s; it is started again in %.0f s", self._why(state), state.pause)
        elif state.kind == "up":
            log.info("the tunnel to %s is open at port %d", self._cluster, state.port)
            self._opened()


def tunnel_end(
    connection: Connection, cluster: str, clock: Clock, opened: Callable[[], object] = lambda: None
) -> TunnelEnd | None:
    """The tunnel of a connection; None for one that has none."""
    if not connection.tunnel:
        return None
    return TunnelEnd(connection.tunnel, cluster, clock, opened=opened)


def why_down(state: State, command: Sequence[str], cluster: str, limits: Limits) -> str:
    """Why a tunnel is not open, and what to do: one sentence without its full stop."""
    words = _shown(state.words)
    said = f": {words}" if words else ""
    by_hand = f"{said}; to see more, run by hand: {_line(command, state.port)}"
    late = f"was not open within {limits.start:g} s"
    match state.why:
        case "missing":
            what = f"can't start: there is no program {clean(command[0])}; correct tunnel in the config"
        case "unstartable":
            what = f"can't start {clean(command[0])}{said}; correct tunnel in the config"
        case "late" if _PROMPT.search(state.words):
            key = "use a key or an agent (ssh: -o BatchMode=yes)"
            what = f"{late}{said}; nobody can answer that here: {key}"
        case "late":
            what = f"{late}{'' if said else ': its command printed nothing'}{by_hand}"
        case "silent":
            what = f"let no answer through for {limits.silent:g} s, and is started again{said}"
        case "taken":
            what = f"found no free port on this machine{by_hand}"
        case "keeper":
            what = "was ended together with the process that keeps it; it is started again"
        case _ if state.code is not None and state.code < 0:
            what = f"was ended by signal {-state.code}{said}; it is started again"
        case _ if not state.code:
            shared = " (ssh that shares a connection: add -o ControlPath=none)" if _is_ssh(command) else ""
            what = f"ended (0){said}; its command must stay in the foreground{shared}"
        case _:
            what = f"ended ({state.code}){by_hand}"
    return f"the tunnel to {clean(cluster)} {what}"


def _is_ssh(command: Sequence[str]) -> bool:
    return command[0].rpartition("/")[2] in ("ssh", "autossh")


def _shown(words: str) -> str:
    plain = redaction.text(clean(words)).strip().rstrip(".")
    return plain if len(plain) <= MOST_WORDS else f"{plain[: MOST_WORDS - 1]}…"


def _line(command: Sequence[str], port: int) -> str:
    """The command as it was run."""
    line = command_line([word.replace(PORT, str(port or SOME_PORT)) for word in command])
    return line if len(line) <= MOST_COMMAND else f"{line[: MOST_COMMAND - 1]}…"
