"""The way to a cluster through a tunnel: its end on this machine, whoever keeps it open."""

from typing import Protocol


class NoLocalEnd(Exception):  # noqa: N818 -- the name says what happened
    """The tunnel is not open; the text is a sentence, without control characters."""


class LocalEnd(Protocol):
    """The end of a tunnel on this machine, shared by all connections to a cluster."""

    async def port(self) -> int:
        """The port of 127.0.0.1 to connect to; waits, not for ever, while the tunnel opens.

        Raises NoLocalEnd.
        """

    def answered(self) -> None:
        """An answer has come through the tunnel."""

    async def unanswered(self, sent_at: float) -> str:
        """A request that was sent at `sent_at` (by `now`, s) got no answer through the tunnel.

        Returns what the tunnel has printed about it, cleaned; "" if nothing.
        """

    def now(self) -> float:
        """Its clock (s)."""
