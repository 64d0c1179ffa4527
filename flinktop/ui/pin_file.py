"""Pinned metrics on disk: a small file that the next start reads."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from flinktop.engine.pins import Pin
from flinktop.ui.private_files import put_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

log = logging.getLogger(__name__)

NAME = "pins.json"
MOST = 400
"""Pins kept of all jobs: those of the jobs that were pinned last."""


def load(directory: Path) -> tuple[Pin, ...]:
    """The pins that were saved; () where there are none, or nobody can read them."""
    try:
        told = json.loads((directory / NAME).read_text(encoding="utf-8"))
        return tuple(_pin(one) for one in told["pins"])
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("pinned metrics could not be read: %s", error)
        return ()


def save(directory: Path, pins: Iterable[Pin]) -> str | None:
    """Keep the pins, the newest last; says why not where that fails."""
    kept = list(pins)[-MOST:]
    text = json.dumps(
        {
            "pins": [
                {"job": p.job, "vertex": p.vertex, "subtask": p.subtask, "metric": p.metric} for p in kept
            ]
        },
        indent=1,
    )
    try:
        put_text(directory / NAME, text + "\n")
    except OSError as error:
        return f"Pinned for this session; it could not be saved to {directory}: {error.strerror}."
    return None


def _pin(told: dict[str, Any]) -> Pin:
    return Pin(str(told["job"]), str(told["vertex"]), int(told["subtask"]), str(told["metric"]))
