"""Arguments of `flinktop journal`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flinktop.headless.args import add_command, add_job_filter, job_filter

if TYPE_CHECKING:
    from datetime import datetime

JOURNAL: Final = "journal"
KINDS: Final = (
    "job-started", "job-state", "job-ended", "job-gone", "job-changed", "restarted", "failure", "rescaled",
    "checkpoint-failed", "checkpoint-slow", "savepoint", "operation", "cluster-lost", "cluster-back",
    "taskmanager-came", "taskmanager-gone", "raised", "cleared", "escalated", "gap", "summary",
)  # fmt: skip
"""Kinds of events, as in `flinktop.engine.journal.event`, which a usage error must not load."""
USUAL_LINES: Final = 1000
MOST_LINES: Final = 1_000_000
_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_SPAN: Final = r"(\d{1,9}(?:\.\d{1,3})?)([smhdw])"
_TIME: Final = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:?\d{2})?)?"


@dataclass(frozen=True, slots=True)
class JournalArgs:
    """The arguments of `flinktop journal`."""

    target: str | None = None
    # Seconds before now, or a time, which is this machine's without an offset.
    since: "float | datetime | None" = None
    until: "float | datetime | None" = None
    job: str | None = None
    kinds: tuple[str, ...] = ()
    grep: str | None = None
    lines: int | None = USUAL_LINES  # None: all
    json: bool = False
    details: bool = False
    stack: bool = False


def add_journal(uses: Any, parents: Sequence[argparse.ArgumentParser]) -> None:
    """Add the parser of `journal` to argparse's subparsers."""
    parser = add_command(
        uses,
        JOURNAL,
        "print what happened on clusters, from the journal, the newest last",
        parents,
        description="Print what happened on clusters, as flinktop has recorded it in its journal: job "
        "states, restarts, failures, checkpoints, savepoints, lost clusters and TaskManagers, findings. The "
        "newest is the last line. No cluster is asked. Times are this machine's, with their offset from UTC.",
        epilog="A failure that came again is one line: when it came first, how often it came, and until "
        "when; it is printed if any part of that is between --since and --until. "
        "Exit codes: 0 done, also if nothing is found; 1 the journal can't be read; 2 usage error, or no "
        "such cluster or job.",
    )
    add = parser.add_argument
    add(
        "target",
        nargs="?",
        metavar="TARGET",
        help="only this cluster: its address, or its name in the config or the journal (default: all)",
    )
    time = "90s, 30m, 2h, 3d or 1w ago, a date or a time such as 2026-11-28T02:00 or 2026-11-28T02:00Z"
    add("--since", metavar="TIME", type=_when, help=f"only what happened since then: {time}")
    add("--until", metavar="TIME", type=_when, help="only what happened before then")
    add_job_filter(parser)
    add(
        "--kind",
        dest="kinds",
        metavar="KIND",
        action="append",
        choices=KINDS,
        help=f"only this kind, may be repeated: {', '.join(KINDS)}",
    )
    add("--grep", metavar="TEXT", help="only what has this text in its sentence, names or details, any case")
    lines = parser.add_mutually_exclusive_group()
    lines.add_argument(
        "-n", "--lines", metavar="N", type=_lines, help=f"the last N events (default: {USUAL_LINES})"
    )
    lines.add_argument("--all", dest="every", action="store_true", help="all events")
    add("--json", action="store_true", help="one JSON document for each event, a line each; has the details")
    add(
        "--details",
        action="store_true",
        help="with further lines: differences of a configuration, what to do",
    )
    add("--stack", action="store_true", help="with the stack traces of failures")


def journal_args(given: dict[str, Any]) -> JournalArgs:
    """Remove the arguments of `journal`, but its target, from `given`.

    Raises ValueError with a sentence if one is wrong.
    """
    return JournalArgs(
        since=given.pop("since", None),
        until=given.pop("until", None),
        job=job_filter(given),
        kinds=tuple(dict.fromkeys(given.pop("kinds", ()))),
        grep=given.pop("grep", None),
        lines=None if given.pop("every", False) else given.pop("lines", USUAL_LINES),
        json=given.pop("json", False),
        details=given.pop("details", False),
        stack=given.pop("stack", False),
    )


def _when(text: str) -> "float | datetime":
    # Every command makes this parser, few read a time.
    import re  # noqa: PLC0415
    from datetime import datetime  # noqa: PLC0415

    if (span := re.fullmatch(_SPAN, text, re.ASCII)) is not None:
        return float(span[1]) * _UNITS[span[2]]
    try:
        if re.fullmatch(_TIME, text, re.ASCII):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(
        f"'{text}' must be a time: 90s, 30m, 2h, 3d or 1w ago, a date such as 2026-11-28, or "
        "2026-11-28T02:00, with Z or +01:00 at its end if it is not this machine's time"
    )


def _lines(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_LINES:
        raise argparse.ArgumentTypeError(f"'{text}' must be a number of events from 1 to {MOST_LINES}")
    return int(text)
