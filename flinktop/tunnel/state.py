"""What is known of a tunnel, and the lines by which its keeper tells it."""

import json
from typing import Final, Literal, NamedTuple

from flinktop.tunnel.place import Place

Kind = Literal["idle", "starting", "up", "down"]
Why = Literal["", "ended", "late", "silent", "taken", "missing", "unstartable", "keeper"]

MOST_WORDS: Final = 300
"""Characters of the last words: a line of the keeper must fit into one atomic write to a pipe."""


class State(NamedTuple):
    """The state of a tunnel. Texts of the command are not cleaned."""

    kind: Kind = "idle"
    port: int = 0  # of this machine, at which it begins
    group: int = 0  # the process group of the command
    why: Why = ""
    """Why it is down: the command ended; it took no connections in time; nothing came through; another
    program has the port; there is no such program; it can't be started; its keeper was ended."""
    code: int | None = None  # exit code of the command, -9: ended by signal 9
    words: str = ""  # the last line that the command has printed
    printed: int = 0  # bytes that it has printed; grows also when it prints the same again
    pause: float = 0.0  # seconds from then on until it is started again


class Limits(NamedTuple):
    """Times of a tunnel (s)."""

    start: float = 15.0  # for the command to take connections
    settle: float = 1.0
    """The time that a port is watched where it is unclear whether the command has opened it."""
    grace: float = 1.0  # for the command to end by itself
    shortest: float = 1.0  # pause before it is started again
    longest: float = 60.0
    good: float = 60.0
    """After a run of this length the next pause is the shortest again."""
    silent: float = 30.0
    """After so long without any answer, although requests were sent through it, it is started again."""


class Order(NamedTuple):
    """What a keeper is to run."""

    command: tuple[str, ...]  # program and arguments, with {port} or {socket}
    limits: Limits
    place: Place = Place()
    """The unix socket at which the command takes connections; without one, a free port of each start."""

    def as_text(self) -> str:
        return json.dumps(self)

    @classmethod
    def from_text(cls, text: str) -> "Order":
        command, limits, place = json.loads(text)
        return cls(tuple(command), Limits(*limits), Place(*place))


def as_line(state: State) -> bytes:
    """The state as one line of the keeper's output, below the 4096 bytes that a pipe takes at once."""
    words = state.words if len(state.words) <= MOST_WORDS else f"{state.words[: MOST_WORDS - 1]}…"
    return json.dumps(state._replace(words=words)).encode() + b"\n"


def from_line(line: bytes) -> State | None:
    """The state in a line; None for any other line."""
    try:
        found = json.loads(line)
        return State(*found) if isinstance(found, list) else None
    except (ValueError, TypeError):
        return None
