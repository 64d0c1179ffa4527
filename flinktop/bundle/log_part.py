"""The logs of JobManager and TaskManager around the first failure, at most so many bytes of one file each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.bundle import redacted
from flinktop.bundle.collection import Progress, merged, moment
from flinktop.bundle.contents import JOBMANAGER_LOG, TASKMANAGER_LOG, Gap, Made
from flinktop.bundle.culprit import JOBMANAGER
from flinktop.bundle.log_window import AROUND, LATER, LogWindow
from flinktop.flink.errors import FlinkError
from flinktop.flink.process import Process
from flinktop.flink.run_in_thread import run_in_thread
from flinktop.model import format as fmt
from flinktop.model import loglines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.bundle.collection import Collection
    from flinktop.bundle.culprit import Culprit
    from flinktop.bundle.first_failure import FirstFailure
    from flinktop.bundle.log_window import Window
    from flinktop.flink.endpoint import Query
    from flinktop.flink.logs import LogFile

_ROTATED: Final = re.compile(r"\.(?:\d{1,4}|\d{4}-\d\d-\d\d[\w.-]{0,20})$")
"""How the name of a log ends after Flink's log4j or logback has begun another file."""
_MISSING: Final = re.compile(
    rb"\((?:log )?file unavailable\)\s*$|The file (?:STDOUT|LOG) does not exist on the TaskExecutor"
)
"""What Flink sends instead of a missing file."""
_SHORT: Final = 1000  # bytes: no file that is longer is such a sentence
_NEWS: Final = 512 * 1024  # bytes between two notes of progress


class _TooLargeError(Exception):
    """The file is larger than what is downloaded; the text says how large."""


class Chosen(Struct, frozen=True):
    """The log file to read."""

    query: Query[str]
    name: str = ""  # "" where Flink has no list, or more than one may be it
    size: int | None = None  # bytes, by the list
    rotated: bool = False


async def make_jobmanager_log(collection: Collection, first: FirstFailure | None) -> Made:
    """The JobManager's log."""
    return await _log(collection, Process(), first, ())


async def make_taskmanager_log(collection: Collection, first: FirstFailure | None, culprit: Culprit) -> Made:
    """The log of the TaskManager on which the first failure happened, else of the culprit's."""
    if lacks := collection.lacks(Process("id").log.endpoint, "logs"):
        return Made(gaps=(Gap("TaskManager log", lacks),))
    listed = await collection.taskmanagers()
    known = {one.id for one in listed or ()}
    wanted = first.taskmanager if first is not None else None
    own = culprit.taskmanager if culprit.taskmanager != JOBMANAGER else None
    notes: tuple[str, ...] = ()
    if wanted is not None and listed is not None and wanted not in known:
        gone = f"TaskManager {wanted}, where the first failure happened, is gone, and its log with it"
        if own is None or own not in known:
            return Made(gaps=(Gap("TaskManager log", gone),))
        notes, wanted = (f"{gone}: taskmanager.log is that of {own}.",), own
    chosen = wanted or own
    if chosen is None:
        return Made(gaps=(Gap("TaskManager log", "it is not known on which TaskManager the trouble is"),))
    return await _log(collection, Process(chosen), first, notes)


async def _log(
    collection: Collection, process: Process, first: FirstFailure | None, notes: tuple[str, ...]
) -> Made:
    kind = JOBMANAGER_LOG if process.taskmanager is None else TASKMANAGER_LOG
    assert kind.part is not None  # noqa: S101 -- only README.txt is of no part
    what: str = kind.part
    if lacks := collection.lacks(process.log.endpoint, "logs"):
        return Made(gaps=(Gap(what, lacks),), notes=notes)
    at = first.at / 1000.0 if first is not None else None
    try:
        chosen = await choose(collection, process, at)
        window = LogWindow(collection.shares.of(kind), at, collection.zone)
        await _download(collection, chosen, window, what)
    except FlinkError as error:
        return Made(gaps=(Gap(what, error.reason),), notes=notes)
    except _TooLargeError as large:
        return Made(gaps=(Gap(what, _too_large(str(large), collection.largest_log)),), notes=notes)
    found = window.close()
    if len(found.body) < _SHORT and (sentence := _MISSING.search(found.body)) is not None:
        return Made(gaps=(Gap(what, f"Flink has no such file: {_plain(sentence[0])}"),), notes=notes)
    if not found.body:
        return Made(gaps=(Gap(what, "the file is empty"),), notes=notes)
    text = await run_in_thread(lambda: _text(found))
    words = f"{kind.name} is of {_where(process)}: {_extent(chosen, found, first)}."
    return merged(Made(notes=(*notes, words)), await collection.log(kind, text))


async def choose(collection: Collection, process: Process, at: float | None) -> Chosen:
    """The file that holds a time (s since 1970), else the newest. Raises FlinkError.

    A log that was rotated since is found by the time of its last change (1.15+).
    """
    if collection.lacks(process.files.endpoint, "lists of logs"):
        return Chosen(process.log)
    files = (await collection.asking.get(process.files)).value.logs
    own = loglines.own_files(files, taskmanager=process.taskmanager is not None, stdout=False)
    if len(own) != 1:
        return Chosen(process.log)
    (current,) = own
    older = _rotated(files, current)
    dated = [one for one in (current, *older) if one.mtime is not None]
    if at is not None and len(dated) == 1 + len(older):
        holding = [one for one in dated if (one.mtime or 0) / 1000.0 >= at]
        oldest = min(holding, key=lambda one: one.mtime or 0, default=current)
        if oldest is not current:
            return Chosen(process.file(oldest.name), oldest.name, _size(oldest), rotated=True)
    return Chosen(process.log, current.name, _size(current))


def _rotated(files: Iterable[LogFile], current: LogFile) -> Sequence[LogFile]:
    """The earlier files of a log."""
    return [
        one
        for one in files
        if one.name.startswith(current.name) and _ROTATED.fullmatch(one.name[len(current.name) :])
    ]


def _size(file: LogFile) -> int | None:
    return file.size if file.size >= 0 else None


async def _download(collection: Collection, chosen: Chosen, window: LogWindow, part: str) -> None:
    """Read the file. Raises FlinkError, and _TooLargeError before much of it has come."""
    noted = 0
    whole = chosen.size

    def on_start(size: int | None) -> None:
        nonlocal whole
        whole = size if size is not None else whole
        if whole is not None and whole > collection.largest_log:
            raise _TooLargeError(fmt.size(whole))

    if whole is not None:
        on_start(whole)

    def take(chunk: bytes) -> bool:
        nonlocal noted
        more = window.take(chunk)
        if window.received > collection.largest_log:
            raise _TooLargeError(f"more than {fmt.size(collection.largest_log)}")
        if window.received - noted >= _NEWS:
            noted = window.received
            of = f" of {fmt.size(whole)}" if whole is not None else ""
            collection.progress(Progress(part, f"{fmt.size(noted)}{of}"))
        return more

    await collection.asking.file(chosen.query, on_start, take)


def _too_large(size: str, largest: int) -> str:
    return (
        f"it has {size}, and Flink can only send whole files: at most {fmt.size(largest)} are downloaded "
        f"(`flinktop bundle --largest-log MB` allows more)"
    )


def _text(window: Window) -> str:
    before = window.body[: window.lead].decode("utf-8", "replace")
    return redacted.continued(before, window.body[window.lead :].decode("utf-8", "replace"))


def _where(process: Process) -> str:
    return "the JobManager" if process.taskmanager is None else f"TaskManager {process.taskmanager}"


def _extent(chosen: Chosen, window: Window, first: FirstFailure | None) -> str:
    """Which part of which file it is, and why."""
    whole = chosen.size if chosen.size is not None and chosen.size >= window.received else window.received
    name = chosen.name or "its log"
    of = "an earlier file of its log, " if chosen.rotated else ""
    part = f"{of}{name} ({fmt.size(whole)})"
    if window.begins > 0 or window.ends < whole:
        part += f", bytes {window.begins} to {window.ends}"
    if first is None:
        end = f"{part}, the end of it" if window.begins else part
        return f"{end}, as the job has not failed lately"
    when = moment(first.at)
    if window.place == AROUND:
        return f"{part}, around the first failure at {when}"
    if window.place == LATER:
        return f"{part}, which begins after the first failure at {when}"
    return f"{part}, which has no entry since the first failure at {when}"


def _plain(sentence: bytes) -> str:
    return sentence.decode("utf-8", "replace").strip()
