"""Checks `tunnel` of a cluster in the config file."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from flinktop.allowed import NotAllowed
from flinktop.flink.connection import Connection, is_loopback, normal_form

PORT: Final = "{port}"
MOST_WORDS: Final = 100
_SSH: Final = ("ssh", "autossh")
_VALUED: Final = frozenset("BbcDEeFIiJLlmOopQRSWw")
"""Options of ssh that take a value: what follows in the same word is no option."""


def command(words: tuple[str, ...]) -> tuple[str, ...]:
    """Check the command of a tunnel: a program and its arguments, with {port} in one of them at least."""
    if len(words) > MOST_WORDS:
        raise NotAllowed(f"must have at most {MOST_WORDS} words, not {len(words)}")
    if PORT in words[0]:
        raise NotAllowed(f"must begin with a program, without {PORT}")
    if not any(PORT in word for word in words[1:]):
        raise NotAllowed(
            f"must hold {PORT} in a word, where the port of this machine belongs: flinktop chooses it, "
            f'as in ["ssh", "-N", "-L", "{PORT}:jobmanager:8081", "bastion"]'
        )
    if words[0].rpartition("/")[2] in _SSH and any(map(_goes_to_background, words[1:])):
        raise NotAllowed("must stay in the foreground, so that flinktop can watch and end it: leave out -f")
    return words


def _goes_to_background(word: str) -> bool:
    """Whether a word of ssh's holds the option -f."""
    if not word.startswith("-"):
        return False
    for letter in word[1:]:
        if letter == "f":
            return True
        if letter in _VALUED:
            return False
    return False


def misleading_url(clusters: Iterable[tuple[str, Connection]]) -> tuple[str, str] | None:
    """The name of a cluster whose URL does not tell which cluster it is, and a sentence; None if all do.

    What flinktop remembers of a cluster is kept under its URL, whatever tunnel leads there.
    """
    clusters = tuple(clusters)
    first: dict[str, tuple[str, Connection]] = {}
    for name, connection in clusters:
        if connection.tunnel and is_loopback(urlsplit(connection.url).hostname or ""):
            return name, (
                "url names this machine, but a tunnel leads elsewhere: write the address that the cluster "
                "has there, or any name of its own, such as http://jobmanager:8081; it need not be known here"
            )
        other, known = first.setdefault(normal_form(connection.url), (name, connection))
        if known.tunnel != connection.tunnel:
            return name, (
                f"{name} and {other} have the same url, but not the same tunnel: give each a url of its own "
                "(with a tunnel its host can be any name), or flinktop takes them for one cluster"
            )
    return None
