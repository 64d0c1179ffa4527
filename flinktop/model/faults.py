"""Exceptions: root causes, groups of the same fault, stacks without framework frames."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from flinktop.flink.text import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flinktop.flink.exceptions import Fault, JobExceptions

LOOP_SECONDS = 600.0  # faults that follow each other within this time are one restart loop
_CAUSE = re.compile(r"^(?:Caused by: )", re.MULTILINE)
_FRAME = re.compile(r"^\s*at (\S.*)$")
_MORE = re.compile(r"^\s*\.\.\. (\d{1,9}) (?:more|common frames omitted)")
_SUPPRESSED = re.compile(r"^\s+Suppressed: ")
_CLASS = re.compile(r"^[A-Za-z_$][\w$]*(?:\.[\w$]+)*(?=:|$)")
_SUBTASK = re.compile(r"\((\d{1,9})/(\d{1,9})\)(?:#(\d{1,9})| - execution #(\d{1,9}))?$")
"""The part after the name of a task."""
_NUMBER = re.compile(r"\d+")
_SILENT = frozenset(  # exceptions that follow from another failure; without a message they are no reason
    {"ClosedChannelException", "InterruptedException", "CancellationException", "CancelTaskException"}
)
_WRAPPERS = frozenset(  # exceptions that only wrap their cause
    {
        "CompletionException",
        "ExecutionException",
        "ExceptionInChainedOperatorException",
        "FlinkRuntimeException",
        "InvocationTargetException",
        "JobException",
        "JobExecutionException",
        "SerializedThrowable",
        "UndeclaredThrowableException",
        "WrappingRuntimeException",
    }
)
_OF_OTHERS = re.compile(
    r"^(?:[\w.]+(?:@[\w.\-]+)?/)*"
    r"(?:java|javax|jdk|sun|com\.sun|scala|akka|org\.apache\.pekko|org\.apache\.flink(?!\.(?:connectors?|formats)\.))\."
)
"""Frames of frameworks around the program: Flink, Java, and Flink's libraries."""
MOST_KNOWN = 8 * 1024 * 1024  # bytes of the stacks whose causes are cached
KEY_FRAMES = 3  # frames of the cause that identify a fault


T = TypeVar("T")


class ByHash(Generic[T]):
    """Caches results of a function of text, the most recently used ones; thread-safe.

    There are two generations: when the young one has grown too large, the old one is dropped.
    """

    def __init__(self, make: Callable[[str], T], most_bytes: int) -> None:
        self._make = make
        self._most = most_bytes
        self._bytes = 0
        self._young: dict[tuple[int, int], T] = {}
        self._old: dict[tuple[int, int], T] = {}

    def __call__(self, text: str) -> T:
        name = (hash(text), len(text))
        young, old = self._young, self._old
        if name in young:
            return young[name]
        made = old[name] if name in old else self._make(text)
        size = text.__sizeof__()
        if self._bytes + size > self._most // 2:
            self._old, self._young, self._bytes = young, {}, 0
        self._young[name] = made
        self._bytes += size
        return made

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())


class Cause(Struct, frozen=True):
    """One exception of a chain."""

    name: str  # its class, with the package
    message: str  # may have several lines
    frames: tuple[str, ...] = ()  # without their `at`; first the one that threw it
    omitted: int = 0  # frames that it shares with the exception above it

    @property
    def short(self) -> str:
        return self.name.rpartition(".")[2].rpartition("$")[2]

    @property
    def sentence(self) -> str:
        words = " ".join(self.message.split())
        return ": ".join(filter(None, (self.short, words)))


class Task(Struct, frozen=True):
    """The task that an exception came from, parsed from its name."""

    name: str  # without subtask and attempt
    subtask: int | None = None  # from 0
    of: int = 0
    attempt: int | None = None  # from 0; reported from 1.13 on


class FaultGroup(Struct, frozen=True):
    """The occurrences of one fault."""

    key: str
    first: Fault
    latest: Fault
    count: int
    kept: tuple[Fault, ...]  # newest first, the last is the first occurrence; some between may be missing


class StackLine(Struct, frozen=True):
    """One line of a stack as it is shown."""

    text: str
    kind: str
    """"cause", "wrapper" (an exception that only wraps its cause), "frame", "other" (a frame of Flink or
    Java), "folded" (several of those), "more"."""


def _causes(trace: str) -> tuple[Cause, ...]:
    return tuple(_cause(part) for part in _CAUSE.split(trace.strip()) if part.strip())


def root(trace: str) -> Cause:
    """The deepest cause that matters: consequences of a failure without a message are skipped."""
    chain = causes(trace)
    if not chain:
        return Cause("", "")
    return next((one for one in reversed(chain) if one.message or one.short not in _SILENT), chain[-1])


def reason(fault: Fault) -> str:
    """The root cause in one line; the exception's class if Flink sends no trace."""
    return root(fault.stacktrace).sentence or fault.exception_name.rpartition(".")[2] or "no reason given"


def task(name: str | None) -> Task | None:
    """The parts of a task's name: `Map -> Sink (2/4) - execution #3`; None for the whole job."""
    if not name:
        return None
    found = _SUBTASK.search(name)
    if found is None:
        return Task(name)
    subtask, of, attempt = int(found[1]), int(found[2]), found[3] or found[4]
    before = name[: found.start()].rstrip()
    return Task(before, subtask - 1, of, int(attempt) if attempt is not None else None)


def key(fault: Fault) -> str:
    """Equal for faults that differ only in their data, subtask and attempt."""
    of = task(fault.task_name)
    name = f"{of.name if of is not None else ''}\n{_place(fault.stacktrace, fault.exception_name)}"
    # This text may be as long as a stack.
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def place(fault: Fault) -> str:
    """Equal for faults whose root cause is of one class and thrown at one place, in whatever task."""
    return _place(fault.stacktrace, fault.exception_name)


def is_of_framework(frame: str) -> bool:
    """Whether a frame of a stack is Flink's or Java's, not the program's."""
    return _OF_OTHERS.match(frame) is not None


def _place(trace: str, name: str) -> str:
    """Class and place of the root cause; without a place its message, without numbers."""
    cause = root(trace)
    if cause.frames:
        return "\n".join((cause.name, *cause.frames[:KEY_FRAMES]))
    return f"{cause.name or name}\n{_NUMBER.sub('#', cause.message)}"


def groups(faults: Iterable[Fault]) -> tuple[FaultGroup, ...]:
    """Groups the faults (newest first) by key; the group with the newest fault comes first."""
    found: dict[str, list[Fault]] = {}
    for fault in faults:
        found.setdefault(key(fault), []).append(fault)
    return tuple(FaultGroup(name, same[-1], same[0], len(same), tuple(same)) for name, same in found.items())


def loop_start(found: Sequence[FaultGroup]) -> Fault | None:
    """The first fault of the restart loop that includes the newest one; None if there is no loop."""
    kept = sorted(
        (fault for group in found for fault in group.kept), key=lambda fault: fault.timestamp, reverse=True
    )
    # Between the kept faults of a group others were dropped: together they bridge the gap.
    spans = [
        (group.first.timestamp, group.latest.timestamp) for group in found if group.count > len(group.kept)
    ]
    if not kept:
        return None
    first = kept[0]
    for fault in kept[1:]:
        bridged = any(start <= fault.timestamp and first.timestamp <= end for start, end in spans)
        if first.timestamp - fault.timestamp > LOOP_SECONDS * 1000 and not bridged:
            break
        first = fault
    return first if first is not kept[0] else None


def stack(trace: str, *, folded: bool = True) -> tuple[StackLine, ...]:
    """A stack trace line by line; folded, runs of frames of Flink and Java are one line each.

    The frame where each exception was thrown is always kept, and so are lines that can't be parsed.
    """
    lines: list[StackLine] = []
    for number, cause in enumerate(causes(trace)):
        kind = "wrapper" if cause.short in _WRAPPERS else "cause"
        first, *rest = cause.message.split("\n")
        head = f"{cause.name}: {first}" if first else cause.name
        lines.append(StackLine(f"Caused by: {head}" if number else head, kind))
        lines += [StackLine(line, kind) for line in rest]
        lines += _frames(cause.frames, folded=folded)
        if cause.omitted:
            lines.append(StackLine(f"    … {cause.omitted} more, as above", "more"))
    return tuple(lines)


def _frames(frames: Sequence[str], *, folded: bool) -> list[StackLine]:
    lines: list[StackLine] = []
    hidden: list[StackLine] = []

    def unfold() -> None:
        if len(hidden) > 1:
            lines.append(StackLine(f"    … {len(hidden)} frames of Flink and Java", "folded"))
        else:
            lines.extend(hidden)
        hidden.clear()

    for number, frame in enumerate(frames):
        other = is_of_framework(frame)
        line = StackLine(f"    at {frame}", "other" if other else "frame")
        if folded and other and number > 0:
            hidden.append(line)
        else:
            unfold()
            lines.append(line)
    unfold()
    return lines


def _cause(text: str) -> Cause:
    """One exception: its message ends at the first frame."""
    head: list[str] = []
    frames: list[str] = []
    omitted = 0
    for line in text.strip("\n").split("\n"):
        if (frame := _FRAME.match(line)) is not None:
            frames.append(frame[1])
        elif (more := _MORE.match(line)) is not None:
            omitted += int(more[1])
        elif _SUPPRESSED.match(line) or frames:
            # A suppressed exception has frames of its own.
            frames.append(line.strip())
        else:
            head.append(line)
    first = "\n".join(head).strip()
    found = _CLASS.match(first)
    if found is None:
        return Cause("", first, tuple(frames), omitted)
    return Cause(found[0], first[found.end() :].removeprefix(":").strip(), tuple(frames), omitted)


causes = ByHash(_causes, MOST_KNOWN)  # in a Java stack trace, the outermost first; () without a trace


MOST_FAULTS: Final = 32
"""Of each end of a history, and of what failed at the same time; Flink itself keeps 16."""
MOST_LETTERS: Final = 32 * 1024
"""Of a stack trace: its first lines and its deepest cause."""


def bounded(answer: JobExceptions) -> JobExceptions:
    """As much of an answer as judgement needs: it is read again with each look, however large it is."""
    history = answer.history
    if history is not None:
        entries = history.entries
        if len(entries) > 2 * MOST_FAULTS:
            entries = (*entries[:MOST_FAULTS], *entries[-MOST_FAULTS:])
        history = replace(history, entries=tuple(map(_bounded, entries)))
    root = answer.root_exception
    return replace(
        answer,
        history=history,
        root_exception=cut(root, MOST_LETTERS) if root is not None else None,
        all_exceptions=tuple(
            replace(one, exception=cut(one.exception, MOST_LETTERS))
            for one in answer.all_exceptions[:MOST_FAULTS]
        ),
    )


def _bounded(fault: Fault) -> Fault:
    others = tuple(
        replace(one, stacktrace=cut(one.stacktrace, MOST_LETTERS), concurrent_exceptions=())
        for one in fault.concurrent_exceptions[:MOST_FAULTS]
    )
    return replace(fault, stacktrace=cut(fault.stacktrace, MOST_LETTERS), concurrent_exceptions=others)
