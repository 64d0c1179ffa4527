"""An address as a link of the terminal (OSC 8)."""

from __future__ import annotations

LONGEST = 2083
"""Letters of an address that terminals take: https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda."""


def link_style(url: str) -> str:
    """The style of a text that leads to an address, which is percent-encoded: it holds no quotes."""
    plain = url.isascii() and url.isprintable() and not {"'", '"', " "} & set(url)
    link = f"link='{url}' " if plain and len(url) <= LONGEST else ""
    return f"{link}underline $primary"
