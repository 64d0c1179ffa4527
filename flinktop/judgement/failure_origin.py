"""Where a failure comes from: the program, a lost TaskManager, missing slots, a checkpoint, a user."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from flinktop.flink.error_text import shorten
from flinktop.judgement.places import MOST_REASON
from flinktop.model import faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flinktop.flink.exceptions import Fault


class Origin(StrEnum):
    """What a failure comes from."""

    PROGRAM = "program"
    TASKMANAGER = "TaskManager"  # lost, unreachable or shut down
    SLOTS = "slots"  # not enough of them
    CHECKPOINT = "checkpoint"  # more failed than are tolerated
    USER = "user"


_SIGNS: Final = (  # the first that is found in the chain of causes, deepest first
    (
        Origin.USER,
        re.compile(
            # Only as Flink says it: a program may well have an order that was cancelled by a user.
            r"^(?:org\.apache\.flink\.[\w.$]{1,300})?: "
            r"[^\n]{0,500}?(?:cancell?ed by (?:the )?user|Job was cancell?ed)"
            r"|^org\.apache\.flink\.[\w.$]{0,300}JobCancell(?:ation|ed)Exception"
        ),
    ),
    (
        Origin.CHECKPOINT,
        re.compile(r"tolerable (?:checkpoint )?fail|checkpoint tolerable failure threshold", re.IGNORECASE),
    ),
    (
        Origin.SLOTS,
        re.compile(
            r"NoResourceAvailableException|Could not acquire the minimum required resources"
            r"|Could not allocate (?:the required|all (?:required|requires)) (?:slot|resource)"
            r"|[Ss]lot request (?:bulk|timeout)"
        ),
    ),
    (
        Origin.TASKMANAGER,
        re.compile(
            r"[Hh]eartbeat of TaskManager with id|TaskManager\b.{0,300}no longer reachable"
            r"|[Ll]ost (?:the )?connection to task ?manager"
            r"|remote task manager|The TaskExecutor is shutting down|TaskExecutor was shut down"
            r"|TaskManager was (?:lost|killed|released)|[Aa]ssigned slot \S{1,200} was removed"
            r"|Task(?:Manager|Executor)\b.{0,300} has disconnected"
            r"|Container released on a|Diagnostics: Container"
            # Elasticsearch has an exception of this name, too.
            r"|flink\.runtime\.io\.network\.netty\.exception\.\w{1,30}TransportException"
        ),
    ),
)
_ID = re.compile(r"TaskManager with id (\S{1,300}?)(?:\([^()\s]{0,300}\))?[,.]?(?:\s|$)")
_REMOTE = re.compile(r"(?:remote|to) task ?manager '[^'\[]{0,300}\[ (\S{1,300}) \]")
_SUPPRESSED = "Recovery is suppressed by"
_MOST = 2000  # characters of a message that are searched


def origin(fault: Fault) -> Origin:
    """What a failure comes from, by its chain of causes."""
    texts = tuple(_texts(fault))
    for kind, sign in _SIGNS:
        if any(sign.search(text) for text in texts):
            return kind
    return Origin.PROGRAM


def lost_taskmanager(fault: Fault) -> str | None:
    """The id of the TaskManager that a failure says is lost; None if it names none."""
    for text in _texts(fault):
        found = _ID.search(text) or _REMOTE.search(text)
        if found is not None:
            return found[1].rstrip("(.,")
    # One that is shut down fails its own tasks with this.
    here = any("TaskExecutor" in text for text in _texts(fault))
    return fault.task_manager_id if here else None


def root(fault: Fault) -> Fault:
    """The exception with the task and the reason.

    Where Flink gives up ("Recovery is suppressed by …") it names no task: that stands beside it, as the
    failure that it gave up on.
    """
    if fault.task_name is not None or not fault.concurrent_exceptions:
        return fault
    others = sorted(fault.concurrent_exceptions, key=lambda one: one.timestamp)
    place = faults.place(fault)
    same = [one for one in others if one.task_name is not None and faults.place(one) == place]
    if not same and _gives_up(fault):
        same = [one for one in others if not _gives_up(one)]
    return same[0] if same else fault


def _gives_up(fault: Fault) -> bool:
    return faults.root(fault.stacktrace).message.startswith(_SUPPRESSED)


def reason(fault: Fault) -> str:
    """Class and message of the deepest cause, in one line."""
    return shorten(faults.reason(root(fault)), MOST_REASON)


def _texts(fault: Fault) -> Iterator[str]:
    """Class and message of each cause, the deepest first."""
    for cause in reversed(faults.causes(root(fault).stacktrace)):
        yield f"{cause.name}: {cause.message[:_MOST]}"
    if not fault.stacktrace:
        yield fault.exception_name[:_MOST]
