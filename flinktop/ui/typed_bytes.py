"""Bytes from the terminal that are not UTF-8, which end the thread that reads Textual's keys."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from textual.drivers import linux_driver

if TYPE_CHECKING:
    from collections.abc import Callable


def take_any_bytes() -> None:
    """Have such bytes read as replacement characters; without that no key works any more, not even ctrl+c."""

    def tolerant(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
        return lambda: codecs.getincrementaldecoder(encoding)("replace")

    # The driver makes its decoder itself, and asks this name for it.
    setattr(linux_driver, "getincrementaldecoder", tolerant)  # noqa: B010 -- not exported by that module
