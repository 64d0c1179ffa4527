"""One act, done and followed to its end by a command; and a jar that is uploaded only to be run."""

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

SETTLES_WITHIN = 5.0  # seconds for which a command waits for what an earlier one has left

BEFOREHAND = (
    "the file is uploaded first; the jar stays on the JobManager when the run succeeds, else it is deleted"
)
"""What is said of the jar before it is agreed to."""


@dataclass(frozen=True, slots=True)
class Follower:
    """Does acts one after the other, and says how they go."""

    operations: Operations  # started
    news: asyncio.Event  # set when they have changed
    report: Callable[[str], None]
    typed: str | None  # the name that was typed, where one is asked for

    async def settled(self, job: str | None) -> None:
        """Let what an earlier command left of this job come to its end, if that is a matter of seconds."""
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
        """Do the act; the operation at its end, or once accepted by Flink."""
        number = os.urandom(16).hex()
        self.operations.submit(act, number, self.typed)
        reported = ""
        while True:
            # One that another flinktop follows now is there as soon as the ledger can be read.
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
    """The run, and what was done for it."""

    run: Operation  # without an id when the upload failed: it never came to be
    upload: Operation
    deletion: Operation | None = None  # of the jar, after a run that came to nothing

    @property
    def of_the_jar(self) -> str | None:
        """What has become of the jar; None when it never got there."""
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
        """What `--json` prints of it beside the run."""
        deletion = as_object(self.deletion) if self.deletion is not None else None
        return {"upload": as_object(self.upload), "deletion": deletion}


async def run_file(follower: Follower, path: str, act: RunJar, *, wait: bool) -> JarRun:
    """Upload a file and run it, to its end or until accepted by Flink."""
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
