"""Why a job failed: the exception history, in one form for all releases."""

from msgspec import Struct, field

from flinktop.flink.decode import Lines
from flinktop.flink.endpoint import Endpoint
from flinktop.flink.error_text import java_sentence
from flinktop.flink.numbers import Time


class Fault(Struct, frozen=True):
    """One exception of a job; also an entry of exceptionHistory (1.13+)."""

    exception_name: str = field(name="exceptionName", default="")
    stacktrace: Lines = ""
    timestamp: Time = -1  # milliseconds since 1970; -1 if not reported
    task_name: str | None = field(name="taskName", default=None)  # None for a failure of the whole job
    location: str | None = None  # up to 1.20
    endpoint: str | None = None  # 1.19+
    task_manager_id: str | None = field(name="taskManagerId", default=None)  # 1.17+
    failure_labels: dict[str, str] = field(name="failureLabels", default={})  # 1.18+
    concurrent_exceptions: "tuple[Fault, ...]" = field(name="concurrentExceptions", default=())

    @property
    def where(self) -> str:
        """Host and port of the task; "" if it had none."""
        place = self.endpoint or self.location or ""
        return "" if place.startswith("(unassigned") else place

    @property
    def sentence(self) -> str:
        """The reason without Java's class names and trace."""
        return java_sentence(self.stacktrace) or self.exception_name.rpartition(".")[2]


class FaultHistory(Struct, frozen=True):
    """exceptionHistory: newest first, the server keeps 16."""

    entries: tuple[Fault, ...] = ()
    truncated: bool = False


class OldFault(Struct, frozen=True):
    """An entry of all-exceptions (up to 1.20): the failed tasks of the current execution."""

    exception: Lines = ""
    task: str | None = None
    location: str | None = None
    timestamp: Time = -1
    task_manager_id: str | None = field(name="taskManagerId", default=None)
    endpoint: str | None = None


class JobExceptions(Struct, frozen=True):
    """GET /jobs/:jobid/exceptions; read `faults`, which is the same in all releases."""

    root_exception: Lines | None = field(name="root-exception", default=None)  # up to 1.20, as the next two
    timestamp: Time | None = None
    all_exceptions: tuple[OldFault, ...] = field(name="all-exceptions", default=())
    all_truncated: bool = field(name="truncated", default=False)
    history: FaultHistory | None = field(name="exceptionHistory", default=None)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All faults, newest first. Before 1.13 only those of the last failure are known."""
        if self.history is not None and (self.history.entries or not self.root_exception):
            return self.history.entries
        if not self.root_exception:
            return tuple(_modern(fault) for fault in self.all_exceptions)
        rest = tuple(_modern(fault) for fault in self.all_exceptions)
        same = next((fault for fault in rest if fault.stacktrace == self.root_exception), None)
        root = Fault(
            exception_name=_class_of(self.root_exception),
            stacktrace=self.root_exception,
            timestamp=self.timestamp if self.timestamp is not None else -1,
            task_name=same.task_name if same else None,
            location=same.where if same else None,
            task_manager_id=same.task_manager_id if same else None,
            concurrent_exceptions=tuple(fault for fault in rest if fault is not same),
        )
        return (root,)

    @property
    def truncated(self) -> bool:
        """Whether the server left some out; request a larger maxExceptions."""
        return self.history.truncated if self.history is not None else self.all_truncated


def _modern(fault: OldFault) -> Fault:
    return Fault(
        exception_name=_class_of(fault.exception),
        stacktrace=fault.exception,
        timestamp=fault.timestamp,
        task_name=fault.task,
        location=fault.location,
        endpoint=fault.endpoint,
        task_manager_id=fault.task_manager_id,
    )


def _class_of(trace: str) -> str:
    return trace.partition("\n")[0].partition(":")[0].strip()


# maxExceptions from 1.10 (default 20), failureLabelFilter from 1.18.
# Requested in the background for a job that restarts, and can be large: the engine keeps a selection.
EXCEPTIONS = Endpoint("jobs/{job}/exceptions", JobExceptions, every=3, brief=lambda _: None)
