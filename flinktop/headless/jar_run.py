"""A jar that is uploaded to be run, and deleted again when the run comes to nothing."""

from dataclasses import dataclass, replace

from msgspec import structs

from flinktop.engine.acts.jar_files import DeleteJar, UploadJar
from flinktop.engine.acts.run_jar import RunJar
from flinktop.engine.operation import Operation, State
from flinktop.headless.following import Follower

BEFOREHAND = (
    "the file is uploaded first; the jar stays on the JobManager when the run succeeds, else it is deleted"
)
"""What is said of the jar before it is agreed to."""


@dataclass(frozen=True, slots=True)
class JarRun:
    """The run, and what was done for it."""

    run: Operation
    """Without an id when the upload failed: it never came to be."""
    upload: Operation
    deletion: Operation | None = None
    """Of the jar, after a run that came to nothing."""

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


async def run_file(follower: Follower, path: str, act: RunJar, *, wait: bool) -> JarRun:
    """Upload a file and run it, to its end or until accepted by Flink."""
    upload = await follower.do(UploadJar(path))
    jar = upload.result.jar
    if upload.state is not State.DONE or jar is None:
        never = structs.replace(
            upload, id="", kind=act.kind, act=act, subject=act.subject, trigger=None, sent=None
        )
        return JarRun(structs.replace(never, reason=f"{upload.label}: {upload.reason}"), upload)
    follower.say(f"uploaded as {jar}")
    run = await follower.do(replace(act, jar=jar), wait=wait)
    if run.state in (State.FAILED, State.REFUSED):
        return JarRun(run, upload, await follower.do(DeleteJar(jar, act.name)))
    return JarRun(run, upload)
