"""The words of a widget that has nothing to show yet."""

import re
from typing import Final

_LOADING: Final = re.compile(r"\b(loading[\w' ]*)…")


def empty_words(text: str, *, ascii_only: bool) -> str:
    """Such words as the terminal can show them: "loading jobs..." where it has no ellipsis."""
    return _LOADING.sub(r"\1...", text) if ascii_only else text
