"""Logs, standard output and thread dumps of JobManager and TaskManagers.

The server has no ranges: a log is sent whole, however large. `Http.stream` with a byte limit reads
the large ones; the endpoints here are for lists and small files.
"""

from msgspec import Struct, field

from flinktop.flink.decode import Lines
from flinktop.flink.endpoint import Endpoint
from flinktop.flink.numbers import Id, Time, Unset


class LogFile(Struct, frozen=True):
    """A file in the log directory."""

    name: Id
    size: Unset = -1  # bytes
    mtime: Time | None = None  # last modified (ms since 1970), 1.15+


class LogFiles(Struct, frozen=True):
    """GET /jobmanager/logs, /taskmanagers/:id/logs."""

    logs: tuple[LogFile, ...] = ()


class ThreadInfo(Struct, frozen=True):
    """One thread's state and stack."""

    name: str = field(name="threadName", default="")
    stack: Lines = field(name="stringifiedThreadInfo", default="")


class ThreadDump(Struct, frozen=True):
    """GET …/thread-dump."""

    threads: tuple[ThreadInfo, ...] = field(name="threadInfos", default=())


JOBMANAGER_LOG = Endpoint("jobmanager/log", str)
JOBMANAGER_STDOUT = Endpoint("jobmanager/stdout", str)
JOBMANAGER_LOGS = Endpoint("jobmanager/logs", LogFiles, since=(1, 11))
JOBMANAGER_LOG_FILE = Endpoint("jobmanager/logs/{file}", str, since=(1, 11))
JOBMANAGER_THREAD_DUMP = Endpoint("jobmanager/thread-dump", ThreadDump, since=(1, 15))
# A missing file is a 500 in 1.9, and a text that says so from 1.18.
TASKMANAGER_LOG = Endpoint("taskmanagers/{taskmanager}/log", str)
TASKMANAGER_STDOUT = Endpoint("taskmanagers/{taskmanager}/stdout", str)
TASKMANAGER_LOGS = Endpoint("taskmanagers/{taskmanager}/logs", LogFiles, every=3, since=(1, 11))
TASKMANAGER_LOG_FILE = Endpoint("taskmanagers/{taskmanager}/logs/{file}", str, every=3, since=(1, 11))
TASKMANAGER_THREAD_DUMP = Endpoint("taskmanagers/{taskmanager}/thread-dump", ThreadDump, since=(1, 11))
