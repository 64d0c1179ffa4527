"""Acts on jars: upload and delete."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from flinktop.engine.acts.act import Accepted, Act, ActContext, Handle, Notes, Risk
from flinktop.engine.acts.form import Line
from flinktop.engine.acts.target import Target
from flinktop.engine.acts.verdict import Done, Result, Unknown, Verdict
from flinktop.flink import jars
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import Refused
from flinktop.flink.http import Http
from flinktop.flink.jars import JARS
from flinktop.model import format as fmt


class JarFileAct(Act):
    """An act that changes the list of jars."""

    patience = 20.0
    unknown_is_failed = True
    seen_at_once = True
    feature = "web_submit"
    noun = "jar"

    def touches(self) -> tuple[Query[Any], ...]:
        return (JARS(),)


@dataclass(frozen=True)
class UploadJar(JarFileAct):
    """POST /jars/upload."""

    kind = "upload"
    label = "upload jar"
    effect = "stored on the JobManager until deleted"
    risk = Risk.SAFE
    transfer = True
    afterwards = "the jar is stored on the JobManager; anyone with cluster access can run it"

    path: str  # a file on this machine

    @property
    def subject(self) -> str:
        return Path(self.path).name

    def details(self, target: Target) -> tuple[Line, ...]:
        return target.cluster_line, Line("file", self.path), Line("size", _size(Path(self.path)))

    async def prepare(self, context: ActContext) -> Notes:
        """Check the file, and note the existing jars.

        The size is not limited here: rest.server.max-content-length is for JSON bodies, and Flink (1.9 to
        2.3) streams uploads past it; a proxy's own limit is unknown before its 413.
        """
        check_jar(context.http, Path(self.path))
        return {"jars": [jar.id for jar in (await read(context.http, JARS())).value.files]}

    async def start(self, context: ActContext, _handle: Handle) -> Accepted:
        jar = await jars.upload(context.transfers, Path(self.path), context.progress)
        return Accepted(None, Result(jar=jar or None))

    async def check(self, context: ActContext, handle: Handle) -> Verdict:
        """Whether the server lists the jar: by its id, else by its name among new ones."""
        listed = (await read(context.http, JARS())).value.files
        wanted = handle.result.jar
        if wanted is not None:
            if any(jar.id == wanted for jar in listed):
                return Done(handle.result)
            return Unknown("Flink accepted the jar but does not list it")
        before = handle.notes.get("jars", ())
        new = [jar for jar in listed if jar.id not in before and jar.name == self.subject]
        if not new:
            return Unknown("the jar is not on the cluster: the upload was incomplete")
        return Done(replace(handle.result, jar=max(new, key=lambda jar: jar.uploaded).id))


@dataclass(frozen=True)
class DeleteJar(JarFileAct):
    """DELETE /jars/:jarid."""

    kind = "delete-jar"
    label = "delete jar"
    effect = "removed from the JobManager; jobs keep running"
    risk = Risk.LOSES
    loss = "the jar on the JobManager"
    loss_tone = "warn"
    afterwards = "its jobs keep running; to run it again, upload it again"

    jar: str
    name: str = ""  # its name at submission

    async def start(self, context: ActContext, _handle: Handle) -> Accepted:
        await jars.delete(context.http, self.jar)
        return Accepted()

    async def check(self, context: ActContext, _handle: Handle) -> Verdict:
        if any(jar.id == self.jar for jar in (await read(context.http, JARS())).value.files):
            return Unknown("the jar is still on the cluster")
        return Done()


def check_jar(http: Http, path: Path) -> None:
    """Check that a file is a jar.

    Raises:
        OSError: it can't be read.
        Refused: it is no jar; Flink would accept any file of that name.
    """
    size_of(path)
    if (why := why_no_jar(path)) is not None:
        raise Refused("POST", f"{http.url}/jars/upload", f"{why}; nothing was sent")


def why_no_jar(path: Path) -> str | None:
    """Why a file is not a jar; None if it is. Raises OSError: it can't be read."""
    if path.suffix != ".jar":
        return f"{path.name} is not a .jar file"
    import zipfile  # noqa: PLC0415 -- only an upload needs it

    return None if zipfile.is_zipfile(path) else f"{path.name} is not a jar: it is not a zip archive"


def size_of(path: Path) -> int:
    """The size of a file in bytes. Raises OSError: it can't be read."""
    with path.open("rb") as file:
        return file.seek(0, os.SEEK_END)


def _size(path: Path) -> str:
    try:
        return fmt.size(path.stat().st_size)
    except (OSError, ValueError) as error:
        return f"it can't be read: {getattr(error, 'strerror', None) or error}"
