"""What Flink tells of a failure, read by flinktop's own client: exceptions, refusals, operations, logs."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import httpx

from flinktop.flink import checkpoints, exceptions, jars, logs
from flinktop.flink.acts import Status
from flinktop.flink.connection import Connection
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import FlinkError
from flinktop.flink.features import Features
from flinktop.flink.http import Http
from flinktop.flink.jars import RunOptions
from flinktop.flink.jobs import JOB
from flinktop.flink.run_in_thread import run
from flinktop.flink.submit import submit
from flinktop.flink.text import clean_lines
from flinktop.known.recognise import Known, of_text, of_trace
from tests.live.submission import wait_for

T = TypeVar("T")

_LINE = re.compile(r"^\d{4}-\d\d-\d\d ", re.MULTILINE)
"""The beginning of a line of a log; what follows it up to the next one is its trace."""


class Source(StrEnum):
    """Where flinktop read of a failure."""

    EXCEPTIONS = "exceptions of the job"
    ANSWER = "answer of Flink"
    OPERATION = "savepoint operation"
    LOG = "log"


@dataclass(frozen=True)
class Told:
    """What Flink told of one failure."""

    source: Source
    texts: tuple[str, ...]

    @property
    def known(self) -> list[Known]:
        """What flinktop knows of it: of traces as the screens and the judgement do, else as `explain`."""
        if self.source in (Source.EXCEPTIONS, Source.OPERATION):
            return [found for text in self.texts if (found := of_trace(text)) is not None]
        return [found for text in self.texts for found in of_text(text)]


class _Keeping(httpx.AsyncHTTPTransport):
    """The network, which keeps the last answer: an error of the client has only its sentence."""

    def __init__(self) -> None:
        super().__init__()
        self.body = b""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        try:
            self.body = await answer.aread()
        finally:
            await answer.aclose()
        return httpx.Response(answer.status_code, headers=answer.headers, content=self.body)


class Reader:
    """flinktop's client of the Flink at an address; it may be used on several threads."""

    def __init__(self, url: str, release: tuple[int, int, int]) -> None:
        self.url = url
        self.features = Features(release=release)

    def do(self, work: Callable[[Http], Awaitable[T]], network: _Keeping | None = None) -> T:
        """Do something with a client of its own."""

        async def whole() -> T:
            http = Http(Connection(self.url, read_seconds=60), transport=network)
            try:
                return await work(http)
            finally:
                await http.close()
                if network is not None:
                    await network.aclose()

        return run(whole())

    def get(self, query: Query[T]) -> T:
        return self.do(lambda http: read(http, query)).value

    # -- requests ------------------------------------------------------------------------------------

    def upload(self, jar: Path) -> str:
        return self.do(lambda http: jars.upload(http, jar))

    def run(self, jar: str, options: RunOptions) -> str:
        """Run a jar; the job's id."""
        return self.do(lambda http: jars.run(http, self.features, jar, options)).jobid

    def submit(self, graph: Path) -> str:
        """Send a graph without its jar; the job's id."""
        return self.do(lambda http: submit(http, self.features, graph))

    def refused(self, work: Callable[[Http], Awaitable[object]]) -> Told:
        """What Flink answers to a request that it must refuse."""
        network = _Keeping()
        try:
            self.do(work, network)
        except FlinkError as error:
            return Told(Source.ANSWER, (clean_lines(network.body.decode("utf-8", "replace")) or str(error),))
        raise AssertionError("Flink did what it should have refused")

    def run_refused(self, jar: str, options: RunOptions) -> Told:
        return self.refused(lambda http: jars.run(http, self.features, jar, options))

    def run_in_vain(self, jar: str, options: RunOptions) -> Told:
        """What Flink tells of a job that it takes or refuses, and that fails in either case."""
        try:
            job = self.run(jar, options)
        except FlinkError:
            return self.run_refused(jar, options)
        return self.failed(job)

    # -- what became of them -------------------------------------------------------------------------

    def state(self, job: str) -> str:
        try:
            return self.get(JOB(job=job)).state
        except FlinkError:  # an initializing job is not there yet
            return ""

    def faults(self, job: str) -> Told:
        """Every exception that Flink has of a job, with those beside it."""
        found = self.get(exceptions.EXCEPTIONS(job=job)).faults
        every = [one for fault in found for one in (fault, *fault.concurrent_exceptions)]
        return Told(Source.EXCEPTIONS, tuple(dict.fromkeys(one.stacktrace for one in every)))

    def failed(self, job: str, seconds: float = 90) -> Told:
        """The exceptions of a job, when it has one."""
        wait_for(f"{job} has failed", lambda: bool(self.faults(job).texts), seconds)
        return self.faults(job)

    def savepoint(
        self,
        job: str,
        directory: str | None = None,
        *,
        stop: bool = False,
        form: checkpoints.Format | None = None,
    ) -> Status:
        """Take a savepoint, or stop with one; what came of it."""
        ask = checkpoints.stop if stop else checkpoints.trigger_savepoint
        trigger = self.do(lambda http: ask(http, self.features, job, directory=directory, form=form))
        status = self.get(checkpoints.SAVEPOINT_STATUS(job=job, trigger=trigger))

        def done() -> bool:
            nonlocal status
            status = self.get(checkpoints.SAVEPOINT_STATUS(job=job, trigger=trigger))
            return status.done

        wait_for(f"the savepoint of {job}", done, 90)
        return status

    def savepoint_failed(self, job: str, directory: str | None = None, *, stop: bool = False) -> Told:
        """What a savepoint failed of."""
        outcome = self.savepoint(job, directory, stop=stop).operation
        assert outcome is not None
        cause = outcome.failure_cause
        assert cause is not None, f"it is at {outcome.location}"
        return Told(Source.OPERATION, (cause.stack_trace,))

    def jobmanager_log(self, *words: str) -> Told:
        """The lines of the JobManager's log that have all these words, in them or in their traces."""
        return log_told(self.get(logs.JOBMANAGER_LOG()), *words)

    def taskmanager_log(self, taskmanager: str, *words: str) -> Told:
        """As `jobmanager_log`, of a TaskManager."""
        return log_told(self.get(logs.TASKMANAGER_LOG(taskmanager=taskmanager)), *words)


def log_told(log: str, *words: str) -> Told:
    """The lines of a log that have all these words, in them or in their traces."""
    starts = [found.start() for found in _LINE.finditer(log)]
    lines = (log[start:end] for start, end in zip(starts, [*starts[1:], len(log)], strict=False))
    return Told(Source.LOG, tuple(line for line in lines if all(word in line for word in words)))
