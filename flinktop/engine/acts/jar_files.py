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
from flinktop.flink.errors import FlinkError, Refused
from flinktop.flink.http import Http
from flinktop.flink.jars import JARS
from flinktop.flink.jobmanager import JOBMANAGER_CONFIG
from flinktop.model import format as written

SUBMITTING_OFF = "this cluster takes no jars (web.submit.enable: false, or it runs one application)"
MOST_BYTES = 104_857_600
"""Flink's own limit of what it takes in a request (rest.server.max-content-length)."""
LIMIT_KEY = "rest.server.max-content-length"


@dataclass(frozen=True)
class UploadJar(Act):
    """POST /jars/upload."""

    kind: ClassVar[str] = "upload"
    label: ClassVar[str] = "upload jar"
    risk: ClassVar[Risk] = Risk.SAFE
    transfer: ClassVar[bool] = True

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
            Line("lost", "nothing"),
            Line("then", "the jar lies on the JobManager, where anybody who reaches the cluster can run it"),
        )

    async def prepare(self, site: Site) -> Notes:
        """Look at the file and at what the server takes; note which jars it has."""
        path = Path(self.path)
        size = check_jar(site.http, path)
        most = await _most(site.http)
        if size > most:
            raise Refused(
                "POST",
                f"{site.http.url}/jars/upload",
                f"{path.name} has {written.size(size)}, and this cluster takes {written.size(most)} at the "
                f"most ({LIMIT_KEY}); nothing was sent",
            )
        return {"jars": [jar.id for jar in (await read(site.http, JARS())).value.files]}

    async def start(self, site: Site, trace: Trace) -> Accepted:
        """Send it."""
        del trace
        jar = await jars.upload(site.transfers, Path(self.path), site.progress)
        return Accepted(None, Result(jar=jar))

    async def check(self, site: Site, trace: Trace) -> Verdict:
        """Whether the server lists it: by its id, else by its name among those that are new."""
        listed = (await read(site.http, JARS())).value.files
        wanted = trace.result.jar
        if wanted is not None:
            if any(jar.id == wanted for jar in listed):
                return Done(trace.result)
            return NoTrace("Flink took the jar and does not list it")
        new = [
            jar for jar in listed if jar.id not in trace.notes.get("jars", ()) and jar.name == self.subject
        ]
        if not new:
            return NoTrace("the jar is not on the cluster: it was not taken whole")
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
            Line("lost", "the jar on the JobManager", "warn"),
            Line("then", "jobs that run from it run on; to run it again it has to be uploaded again"),
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


def check_jar(http: Http, path: Path) -> int:
    """The size of a jar in bytes.

    Raises:
        OSError: it can't be read.
        Refused: it is no jar; Flink would take anything that is named so.
    """
    size = size_of(path)
    if path.suffix != ".jar" or not zipfile.is_zipfile(path):
        why = "its name does not end in .jar" if path.suffix != ".jar" else "it is no zip archive"
        raise Refused("POST", f"{http.url}/jars/upload", f"{path.name} is no jar: {why}; nothing was sent")
    return size


def size_of(path: Path) -> int:
    """The size in bytes of a file that can be read.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        return file.seek(0, os.SEEK_END)


async def _most(http: Http) -> int:
    """Bytes that the server takes in one request, as its configuration says."""
    try:
        settings = (await read(http, JOBMANAGER_CONFIG())).value
        return next((int(one.value or MOST_BYTES) for one in settings if one.key == LIMIT_KEY), MOST_BYTES)
    except (FlinkError, ValueError):
        return MOST_BYTES


def _size(path: Path) -> str:
    try:
        return written.size(path.stat().st_size)
    except OSError as error:
        return f"it can't be read: {error.strerror}"
