"""Pinned metrics on disk: a small file that the next start reads."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from flinktop.engine.pins import Pin
from flinktop.ui.private_files import put_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

log = logging.getLogger(__name__)

NAME = "pins.json"
MOST = 400
"""Most pins kept over all jobs: those of the jobs that were pinned last."""


def load(directory: Path) -> tuple[Pin, ...]:
    """The saved pins; () where there are none, or the file can't be read."""
    try:
        text = (directory / NAME).read_bytes()
        return msgspec.json.decode(text, type=dict[str, tuple[Pin, ...]], strict=False)["pins"]
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError) as error:
        log.warning("pinned metrics could not be read: %s", error)
        return ()


def save(directory: Path, pins: Iterable[Pin]) -> str | None:
    """Save the pins, the newest last; returns why not if that fails."""
    text = msgspec.json.format(msgspec.json.encode({"pins": list(pins)[-MOST:]}), indent=1)
    try:
        put_text(directory / NAME, text.decode() + "\n")
    except OSError as error:
        return f"Pinned for this session; it could not be saved to {directory}: {error.strerror}."
    return None
