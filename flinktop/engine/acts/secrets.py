"""Arguments and settings of a program as they may be written to disk: without what looks like a secret.

A program's arguments are its own affair, and some hold passwords. What stands after a word that says so
(`--password x`, `--db.password=x`, `sasl.jaas.config: x`) and the user part of a URL are replaced by HIDDEN.
What gives no such sign can't be told from other text and is kept.
"""

import re
from collections.abc import Mapping

HIDDEN = "******"
_WORD = re.compile(
    r"pass(word|wd|phrase)?$|passw|secret|token|credential|api[-_.]?key|access[-_.]?key|private[-_.]?key"
    r"|jaas|authorization|\bpwd\b|connection[-_.]?string",
    re.IGNORECASE,
)
# Bounded: an argument may be a megabyte of letters, each of which could begin a scheme.
_USER = re.compile(r"([a-z][a-z0-9+.-]{0,20}://)[^/\s@]{1,500}@", re.IGNORECASE)


def arguments(words: tuple[str, ...]) -> tuple[str, ...]:
    """A program's arguments without secrets."""
    shown: list[str] = []
    hide_next = False
    for word in words:
        name, sign, _ = word.partition("=")
        if hide_next and not word.startswith("--"):
            shown.append(HIDDEN)
        elif sign and _WORD.search(name):
            shown.append(f"{name}={HIDDEN}")
        else:
            shown.append(_USER.sub(rf"\1{HIDDEN}@", word))
        hide_next = word.startswith("-") and not sign and _WORD.search(word) is not None
    return tuple(shown)


def settings(values: Mapping[str, str]) -> dict[str, str]:
    """Settings without secrets."""
    return {
        key: HIDDEN if _WORD.search(key) else _USER.sub(rf"\1{HIDDEN}@", value)
        for key, value in values.items()
    }


def hides(words: tuple[str, ...], values: Mapping[str, str]) -> bool:
    """Whether something was taken out, so that these can't be used again as they are."""
    return any(HIDDEN in word for word in (*words, *values.values()))
