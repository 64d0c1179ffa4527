"""Makes a bundle: collects its parts side by side, each alone in its failures, and writes the file."""

from __future__ import annotations

import asyncio
import logging
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from flinktop import __version__
from flinktop.bundle import (
    checkpoints_part,
    configuration_part,
    culprit_part,
    exceptions_part,
    job_part,
    journal_part,
    log_part,
    verdict_part,
)
from flinktop.bundle.archive import Archive, NotWritten
from flinktop.bundle.collection import LARGEST_LOG, Collection, Progress, merged
from flinktop.bundle.contents import FILES, MOST_BYTES, README, File, Gap, Made, Part
from flinktop.bundle.culprit import Culprit, located, suspected
from flinktop.bundle.entries import Shares
from flinktop.bundle.first_failure import FirstFailure, first_failure
from flinktop.bundle.readme import About
from flinktop.bundle.readme import lines as readme_lines
from flinktop.flink.run_in_thread import run_in_thread
from flinktop.internal_error import words_of
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from flinktop.bundle.asking import Asking
    from flinktop.bundle.collection import ReadsJournal, Subject
    from flinktop.engine.clock import Clock
    from flinktop.headless.status_report import Status

log = logging.getLogger(__name__)


class State(StrEnum):
    """How far a part is, or the bundle as a whole."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    MISSING = "missing"  # of a part: it could not be had
    FAILED = "failed"  # of the whole: it could not be written
    STOPPED = "stopped"


class Step(Struct, frozen=True):
    """One part, as progress shows it."""

    part: Part
    state: State = State.WAITING
    words: str = ""  # what is under way, its size, or why it is missing; may hold foreign text


class Making(Struct, frozen=True, kw_only=True):
    """A bundle that is being made, or was; replaced as a whole, so that any thread may read it."""

    subject: Subject
    path: Path
    state: State = State.RUNNING
    steps: tuple[Step, ...] = tuple(Step(part) for part in Part)
    size: int = 0  # bytes of the file
    reason: str = ""  # why it could not be written, a sentence

    @property
    def missing(self) -> tuple[Step, ...]:
        """The parts that could not be had."""
        return tuple(one for one in self.steps if one.state is State.MISSING)


class Order(Struct, frozen=True, kw_only=True):
    """What is to be made, and where it is to be written."""

    subject: Subject
    path: Path
    overwrite: bool = False
    numbered: bool = False  # whether another name is chosen if there is such a file
    most: int = MOST_BYTES
    largest_log: int = LARGEST_LOG


class Means(Struct, frozen=True, kw_only=True):
    """What a bundle is made with."""

    asking: Asking
    clock: Clock
    judged: Callable[[Collection], Awaitable[Status | None]]
    """Gives what is wrong with the job; may take as long as `flinktop status`."""
    journal: ReadsJournal | None = None
    hide: Callable[[bytes], bytes] = lambda body: body
    """Removes flinktop's own login from the bytes of a file."""


async def make(
    order: Order, means: Means, changed: Callable[[Making], None] = lambda _making: None
) -> Making:
    """Make a bundle; `changed` is called with its state whenever that changes. Never raises."""
    maker = _Maker(order, means, changed)
    try:
        with Archive(order.path, overwrite=order.overwrite, numbered=order.numbered) as archive:
            files = await maker.collect()
            size = await run_in_thread(lambda: archive.write(files, means.clock.wall()))
            maker.put(state=State.DONE, size=size, path=archive.path)
    except NotWritten as error:
        maker.put(state=State.FAILED, reason=str(error))
    except asyncio.CancelledError:
        maker.put(state=State.STOPPED)
        raise
    except Exception as error:
        log.exception("a bundle could not be made")
        maker.put(state=State.FAILED, reason=f"it could not be made because of an error: {words_of(error)}")
    finally:
        await means.asking.close()
    return maker.making


class _Maker:
    """One bundle that is being made."""

    def __init__(self, order: Order, means: Means, changed: Callable[[Making], None]) -> None:
        self.making = Making(subject=order.subject, path=order.path)
        self._order = order
        self._means = means
        self._changed = changed
        self._made: dict[Part, Made] = {}
        self._collection = Collection(
            order.subject,
            means.asking,
            Shares(order.most),
            largest_log=order.largest_log,
            progress=self._progress,
        )
        self._first: FirstFailure | None = None

    def put(self, **changed: object) -> None:
        self.making = replace(self.making, **changed)
        self._changed(self.making)

    async def collect(self) -> tuple[File, ...]:
        """The files, README.txt first."""
        collection, journal, clock = self._collection, self._means.journal, self._means.clock
        async with asyncio.TaskGroup() as side_by_side:
            begin = side_by_side.create_task
            # It needs the release, and may take 20 seconds more.
            await self._part(Part.JOB, lambda: job_part.make(collection))
            verdict = begin(self._part(Part.VERDICT, self._verdict))
            await self._part(Part.EXCEPTIONS, lambda: exceptions_part.make(collection))
            await self._part(Part.JOURNAL, lambda: journal_part.make(collection, journal))
            first = self._first = first_failure(await collection.faults(), collection.events)
            job = await collection.job()
            if first is not None and not first.matters(job.state if job is not None else "", collection.now):
                first = None
            begin(self._part(Part.CHECKPOINTS, lambda: checkpoints_part.make(collection)))
            begin(self._part(Part.CONFIGURATION, lambda: configuration_part.make(collection)))
            begin(self._part(Part.JOBMANAGER_LOG, lambda: log_part.make_jobmanager_log(collection, first)))
            await verdict
            culprit = await self._culprit()
            of_culprit: dict[Part, Callable[[], Awaitable[Made]]] = {
                Part.FLAME_GRAPH: lambda: culprit_part.make_flame_graph(collection, culprit, clock),
                Part.CULPRIT: lambda: culprit_part.make_vertex(collection, culprit),
                Part.THREADS: lambda: culprit_part.make_threads(collection, culprit),
                Part.TASKMANAGER_LOG: lambda: log_part.make_taskmanager_log(collection, first, culprit),
            }
            for part, work in of_culprit.items():
                begin(self._part(part, work))
        return await run_in_thread(self._files)

    async def _verdict(self) -> Made:
        self._collection.status = await self._means.judged(self._collection)
        return await verdict_part.make(self._collection)

    async def _culprit(self) -> Culprit:
        collection = self._collection
        try:
            found = suspected(collection.status, await collection.job(), await collection.faults())
            return await located(collection, found)
        except Exception:
            log.exception("the culprit for a bundle could not be found")
            return Culprit()

    async def _part(self, part: Part, work: Callable[[], Awaitable[Made]]) -> None:
        """Make one part; whatever fails in it is said, and the other parts are made all the same."""
        self._step(part, State.RUNNING)
        try:
            made = await work()
        except Exception as error:
            log.exception("the part %s of a bundle could not be made", part)
            made = Made(gaps=(Gap(part, f"flinktop failed: {words_of(error)}"),))
        self._made[part] = made
        if made.files:
            self._step(part, State.DONE, fmt.size(made.size))
        else:
            self._step(part, State.MISSING, made.gaps[0].why if made.gaps else "there is nothing")

    def _step(self, part: Part, state: State, words: str = "") -> None:
        steps = tuple(Step(part, state, words) if one.part is part else one for one in self.making.steps)
        self.put(steps=steps)

    def _progress(self, progress: Progress) -> None:
        part = Part(progress.part)
        running = next(one for one in self.making.steps if one.part is part).state is State.RUNNING
        if running:
            self._step(part, State.RUNNING, progress.words)

    def _files(self) -> tuple[File, ...]:
        """All files in their order, without flinktop's own login."""
        collection = self._collection
        made = merged(*(self._made[part] for part in Part if part in self._made))
        about = About(
            subject=self._order.subject,
            version=__version__,
            release=collection.features.version,
            made=self._means.clock.wall() * 1000.0,
            now=collection.now,
            zone=collection.zone,
            status=collection.status,
            first=self._first,
            gaps=made.gaps,
            notes=made.notes,
        )
        readme = collection.shares.text(README, readme_lines(about, made.files))
        order = {kind.name: at for at, kind in enumerate(FILES)}
        files = sorted((readme, *made.files), key=lambda one: order[one.kind.name])
        return tuple(File(one.kind, self._means.hide(one.body)) for one in files)
