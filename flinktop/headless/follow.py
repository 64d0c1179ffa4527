"""Does an act for a command and follows it until it ends; uploads and runs a jar."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from msgspec import structs

from flinktop.engine.acts.act import Act
from flinktop.engine.acts.jar_files import DeleteJar, UploadJar
from flinktop.engine.acts.run_jar import RunJar
from flinktop.engine.operation import Operation, State
from flinktop.engine.operations import Operations
from flinktop.headless.output import as_object

SETTLES_WITHIN = 5.0  # seconds to wait for unfinished operations of an earlier command

BEFOREHAND = (
    "the file is uploaded first; the jar stays on the JobManager when the run succeeds, else it is deleted"
)
"""The line about the jar in the confirmation."""


@dataclass(frozen=True, slots=True)
class Follower:
    """Does acts one after the other, and reports their progress."""

    operations: Operations  # started
    news: asyncio.Event  # set when they have changed
    report: Callable[[str], None]
    typed: str | None  # the typed name, where one is required

    async def settled(self, job: str | None) -> None:
        """Wait a few seconds for unfinished operations of an earlier command on this job."""
        # The ledger is read in the first turn of the loop.
        await asyncio.sleep(0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLES_WITHIN):
                while any(
                    one.job == job and one.ours and not one.state.final
                    for one in self.operations.view.all
                    if job
                ):
                    self.news.clear()
                    await self.news.wait()

    async def do(self, act: Act, *, wait: bool = True) -> Operation:
        """Do the act; returns the operation when it has ended, or without `wait` once Flink accepted it."""
        number = os.urandom(16).hex()
        self.operations.submit(act, number, self.typed)
        reported = ""
        while True:
            # One that another flinktop has taken over appears as soon as the ledger has been read.
            operation = next((one for one in self.operations.view.all if one.id == number), None)
            if operation is not None:
                taken = operation.state in (State.ACCEPTED, State.RUNNING)
                if operation.state.final or (taken and not wait):
                    return operation
                if operation.words and operation.words != reported:
                    reported = operation.words
                    self.report(f"{act.label}: {reported}")
            self.news.clear()
            await self.news.wait()


@dataclass(frozen=True, slots=True)
class JarRun:
    """The run of a jar, with its upload and deletion."""

    run: Operation  # without an id if the upload failed: it was never submitted
    upload: Operation
    deletion: Operation | None = None  # of the jar, after a failed run

    @property
    def of_the_jar(self) -> str | None:
        """A sentence about the jar; None if it was not uploaded."""
        jar = self.upload.result.jar
        if jar is None or self.upload.state is not State.DONE:
            return None
        if self.deletion is not None and self.deletion.state is State.DONE:
            return f"{jar} was deleted from the JobManager again"
        if self.deletion is not None:
            return f"{jar} is still on the JobManager: {self.deletion.reason}"
        if self.run.state is State.LOST:
            return f"{jar} stays on the JobManager, as its job may have been started"
        return f"{jar} stays on the JobManager, for running it again from a savepoint"

    def as_object(self) -> dict[str, Any]:
        """The JSON fields in addition to those of the run."""
        deletion = as_object(self.deletion) if self.deletion is not None else None
        return {"upload": as_object(self.upload), "deletion": deletion}


async def run_file(follower: Follower, path: str, act: RunJar, *, wait: bool) -> JarRun:
    """Upload a file and run it, until it ends or, without `wait`, until Flink has accepted it."""
    upload = await follower.do(UploadJar(path))
    jar = upload.result.jar
    if upload.state is not State.DONE or jar is None:
        never = structs.replace(
            upload, id="", kind=act.kind, act=act, subject=act.subject, trigger=None, sent=None
        )
        return JarRun(structs.replace(never, reason=f"{upload.label}: {upload.reason}"), upload)
    follower.report(f"uploaded as {jar}")
    run = await follower.do(replace(act, jar=jar), wait=wait)
    if run.state in (State.FAILED, State.REFUSED):
        return JarRun(run, upload, await follower.do(DeleteJar(jar, act.name)))
    return JarRun(run, upload)
