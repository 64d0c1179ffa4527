"""Which file of a log directory is a process's own, as far as the names in its list say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.flink.logs import LogFile

OF_TASKMANAGERS = ("taskexecutor", "taskmanager")
OF_JOBMANAGERS = (  # what Flink's scripts and its images put into the names of log files
    *("standalonesession", "standalonejob", "jobmanager"),
    *("kubernetes-session", "kubernetes-application", "yarn-session"),
)
OF_OTHERS = ("historyserver", "sql-gateway", "sql-client", "-client-", "zookeeper", "python")


def own_files(files: Iterable[LogFile], *, taskmanager: bool, stdout: bool) -> tuple[LogFile, ...]:
    """The files that may be what …/log or …/stdout sends; Flink's list does not say which one that is.

    Processes on one machine may log to one directory, and each then lists the files of all. Those with a
    name of another kind of process are left out; several that are left can't be told apart.
    """
    ending = ".out" if stdout else ".log"
    found = [one for one in files if one.name.endswith(ending)]
    own, other = (OF_TASKMANAGERS, OF_JOBMANAGERS) if taskmanager else (OF_JOBMANAGERS, OF_TASKMANAGERS)
    named = tuple(one for one in found if any(word in one.name for word in own))
    return named or tuple(one for one in found if not any(word in one.name for word in (*other, *OF_OTHERS)))


def is_refuted(*, before: int | None, read: int, after: int | None) -> bool:
    """Whether a file of the list can't be the one that was read.

    A log only grows, so its size (bytes) in the list before it was read and in one after it stand around
    what was read; None where there is no such list. A log that was rotated meanwhile is read again.
    """
    return (before is not None and before > read) or (after is not None and after < read)
