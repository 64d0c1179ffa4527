"""Jars on the cluster: uploading one, deleting one."""

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from flinktop.engine.acts.act import (
    Accepted,
    Act,
    Done,
    Failed,
    Line,
    Notes,
    NoTrace,
    Result,
    Risk,
    Site,
    Trace,
    Verdict,
    where_lines,
    with_result,
)
from flinktop.engine.acts.facts import Facts
from flinktop.flink import jars
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import Refused
from flinktop.flink.http import Http
from flinktop.flink.jars import JARS
from flinktop.model import format as written

SUBMITTING_OFF = "this cluster takes no jars (web.submit.enable: false, or it runs one application)"


@dataclass(frozen=True)
class UploadJar(Act):
    """POST /jars/upload."""

    kind: ClassVar[str] = "upload"
    label: ClassVar[str] = "upload jar"
    risk: ClassVar[Risk] = Risk.SAFE
    transfer: ClassVar[bool] = True
    patience: ClassVar[float] = 20.0
    seen_at_once: ClassVar[bool] = True

    path: str
    """A file on this machine."""

    @property
    def subject(self) -> str:
        """The file's name."""
        return Path(self.path).name

    def own_reason(self, facts: Facts) -> str | None:
        """The cluster must take jars, and the file be one."""
        return None if facts.features.web_submit else SUBMITTING_OFF

    def consequence(self, facts: Facts) -> tuple[Line, ...]:
        """It lies on the JobManager until somebody deletes it."""
        return (
            *where_lines(facts),
            Line("file", self.path),
            Line("size", _size(Path(self.path))),
            Line("data loss", "none"),
            Line("afterwards", "the jar is stored on the JobManager; anyone with cluster access can run it"),
        )

    async def prepare(self, site: Site) -> Notes:
        """Look at the file, and note which jars there are.

        No limit is looked at: rest.server.max-content-length is one of JSON bodies, and Flink (1.9 to 2.3)
        streams uploads past it; a proxy's own limit is nobody's to know before its 413.
        """
        check_jar(site.http, Path(self.path))
        return {"jars": [jar.id for jar in (await read(site.http, JARS())).value.files]}

    async def start(self, site: Site, trace: Trace) -> Accepted:
        """Send it."""
        del trace
        jar = await jars.upload(site.transfers, Path(self.path), site.progress)
        return Accepted(None, Result(jar=jar or None))

    async def check(self, site: Site, trace: Trace) -> Verdict:
        """Whether the server lists it: by its id, else by its name among those that are new."""
        listed = (await read(site.http, JARS())).value.files
        wanted = trace.result.jar
        if wanted is not None:
            if any(jar.id == wanted for jar in listed):
                return Done(trace.result)
            return NoTrace("Flink accepted the jar but does not list it")
        new = [
            jar for jar in listed if jar.id not in trace.notes.get("jars", ()) and jar.name == self.subject
        ]
        if not new:
            return NoTrace("the jar is not on the cluster: the upload was incomplete")
        return Done(with_result(trace.result, jar=max(new, key=lambda jar: jar.uploaded).id))

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """What is not listed was not taken."""
        return Failed(words, result)

    def touches(self) -> tuple[Query[Any], ...]:
        """The list of jars."""
        return (JARS(),)


@dataclass(frozen=True)
class DeleteJar(Act):
    """DELETE /jars/:jarid."""

    kind: ClassVar[str] = "delete-jar"
    label: ClassVar[str] = "delete jar"
    risk: ClassVar[Risk] = Risk.LOSES
    patience: ClassVar[float] = 20.0
    seen_at_once: ClassVar[bool] = True

    jar: str
    name: str = ""
    """Its name when it was asked for."""

    @property
    def subject(self) -> str:
        """The jar's name."""
        return self.name or self.jar

    def own_reason(self, facts: Facts) -> str | None:
        """The cluster must have jars."""
        return None if facts.features.web_submit else SUBMITTING_OFF

    def consequence(self, facts: Facts) -> tuple[Line, ...]:
        """Jobs that run keep their classes."""
        return (
            *where_lines(facts),
            Line("jar", self.subject),
            Line("id", self.jar),
            Line("data loss", "the jar on the JobManager", "warn"),
            Line("afterwards", "its jobs keep running; to run it again, upload it again"),
        )

    async def start(self, site: Site, trace: Trace) -> Accepted:
        """Ask for it."""
        del trace
        await jars.delete(site.http, self.jar)
        return Accepted()

    async def check(self, site: Site, trace: Trace) -> Verdict:
        """Whether it is listed no more."""
        del trace
        if any(jar.id == self.jar for jar in (await read(site.http, JARS())).value.files):
            return NoTrace("the jar is still on the cluster")
        return Done(Result())

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """What is still there was not deleted."""
        return Failed(words, result)

    def touches(self) -> tuple[Query[Any], ...]:
        """The list of jars."""
        return (JARS(),)


def check_jar(http: Http, path: Path) -> None:
    """See that a file is a jar.

    Raises:
        OSError: it can't be read.
        Refused: it is no jar; Flink would take anything that is named so.
    """
    size_of(path)
    if (why := why_no_jar(path)) is not None:
        raise Refused("POST", f"{http.url}/jars/upload", f"{why}; nothing was sent")


def why_no_jar(path: Path) -> str | None:
    """Why a file that can be read is no jar; None for one that is.

    Raises:
        OSError: it can't be read.
    """
    if path.suffix != ".jar":
        return f"{path.name} is not a .jar file"
    return None if zipfile.is_zipfile(path) else f"{path.name} is not a jar: it is not a zip archive"


def size_of(path: Path) -> int:
    """The size in bytes of a file that can be read.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        return file.seek(0, os.SEEK_END)


def _size(path: Path) -> str:
    try:
        return written.size(path.stat().st_size)
    except (OSError, ValueError) as error:
        return f"it can't be read: {getattr(error, 'strerror', None) or error}"
