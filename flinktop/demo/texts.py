"""The demo's long texts (texts.json): stack traces, lines of logs, configurations."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def texts() -> dict[str, Any]:
    """All of them by name."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("texts.json").read_bytes())
    return found


def trace(fault: str) -> str:
    """The exception that ends a run, as Java writes it, by the name that a Fate calls it; "" for none."""
    return "".join(f"{line}\n" for line in texts()["faults"].get(fault, ()))


def exception_class(trace: str) -> str:
    """The class of a trace's exception."""
    return trace.partition(":")[0]
