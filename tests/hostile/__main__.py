"""The command: see the package for its use."""

from __future__ import annotations

import argparse
import sys
import tempfile
from itertools import chain
from pathlib import Path

from tests.hostile.attacks import GENERATED, generated, named
from tests.hostile.server import HostileServer
from tests.hostile.terminal import endure

SECONDS = 10.0
"""For which each attack lasts where the server is looked at by hand."""


def main() -> int:
    """Attack; 0 when flinktop was as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description="A server that means ill.")
    parser.add_argument("--generated", type=int, default=GENERATED, help="how many beside the named ones")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--serve", action="store_true", help="only serve, each attack in turn")
    parser.add_argument("--port", type=int, default=0, help="where to serve")
    parser.add_argument("--each", type=int, default=3, help="after so many attacks a key is timed")
    parser.add_argument("--only", default="", help="attacks with this in their names")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.generated)
    attacks = [one for one in chain(named(), map(generated, seeds)) if asked.only in one.name]
    if asked.serve:
        with HostileServer(asked.port) as server:
            _say(server.url)
            for attack in attacks:
                _say(attack.name)
                server.attack = attack
                server.wait(SECONDS)
        return 0
    with tempfile.TemporaryDirectory(prefix="flinktop-hostile-") as home:
        figures = endure(Path(home), attacks, _say, each=asked.each)
    _say(str(figures))
    return 0 if figures.unharmed and figures.prompt else 1


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 -- what the command is for


if __name__ == "__main__":
    sys.exit(main())
