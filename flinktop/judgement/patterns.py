"""Names and patterns of names, as the config file writes them: `billing-*`, `orders [v1]`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name is one of `patterns` or matches one; `*` is any text, `?` any character.

    All other characters mean themselves: names of jobs contain brackets.
    """
    return any(name == pattern or _regex(pattern).fullmatch(name) is not None for pattern in patterns)


def _regex(pattern: str) -> re.Pattern[str]:
    # Repeated stars would take time that grows with the power of their number.
    parts = re.split(r"([*?])", re.sub(r"\*+", "*", pattern))
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(part, re.escape(part)) for part in parts), re.DOTALL)
