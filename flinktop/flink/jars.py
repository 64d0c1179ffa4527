"""Jars on the cluster: list, upload, delete, preview the job graph, run."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from flinktop.flink.acts import Nothing, act
from flinktop.flink.endpoint import Endpoint, fill
from flinktop.flink.errors import Refused
from flinktop.flink.jobs import JobPlan, Plan
from flinktop.flink.numbers import Id, Time
from flinktop.flink.upload import ProgressFile, send_files

if TYPE_CHECKING:
    from flinktop.flink.features import Features
    from flinktop.flink.http import Http

RUN_SECONDS = 300.0  # how long /run and /plan may take: they run the jar's main() on the JobManager
UPLOAD_SECONDS = 600.0  # how long the server may take to store an upload

ClaimMode = Literal["NO_CLAIM", "CLAIM", "LEGACY"]


class JarEntry(Struct, frozen=True):
    """A class with a main()."""

    name: str = ""
    description: str | None = None


class Jar(Struct, frozen=True):
    """An uploaded jar."""

    id: Id
    name: str = ""
    uploaded: Time = -1  # milliseconds since 1970; -1 if not reported
    entry: tuple[JarEntry, ...] = ()


class Jars(Struct, frozen=True):
    """GET /jars. A 404 if uploads are disabled."""

    address: str = ""
    files: tuple[Jar, ...] = ()


class Uploaded(Struct, frozen=True):
    """The answer to an upload."""

    filename: str = ""
    status: str = ""

    @property
    def jar(self) -> str:
        """The jar's id."""
        return self.filename.replace("\\", "/").rpartition("/")[2]


class Run(Struct, frozen=True):
    """The answer to /run."""

    jobid: str = ""
    application_id: str | None = msgspec.field(name="applicationId", default=None)  # 2.3+


class ApplicationRun(Struct, frozen=True):
    """The answer to /run-application (2.3+)."""

    applicationid: str = ""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run a jar; options that a release lacks are left out or refused before sending."""

    entry_class: str | None = None
    arguments: tuple[str, ...] = ()
    parallelism: int | None = None
    job_id: str | None = None
    savepoint: str | None = None  # path to restore from
    allow_non_restored_state: bool = False
    claim_mode: ClaimMode | None = None  # 1.15+: who owns the savepoint afterwards
    configuration: Mapping[str, str] = field(default_factory=dict)  # 1.17+: for this job only


JARS = Endpoint("jars", Jars)


async def upload(http: "Http", path: Path, progress: Callable[[int, int], None] | None = None) -> str:
    """POST /jars/upload; returns the jar's id. `progress` gets bytes read so far and the file's size."""

    async def send(kind: str) -> Uploaded:
        with path.open("rb") as opened:
            watched = ProgressFile(opened, os.fstat(opened.fileno()).st_size, progress)
            part = ("jarfile", (path.name, watched, kind))
            return await act(http, "POST", "jars/upload", Uploaded, files=[part], seconds=UPLOAD_SECONDS)

    return (await send_files(send)).jar


async def delete(http: "Http", jar: str) -> None:
    """DELETE /jars/:jarid; an unknown jar is a 400."""
    await act(http, "DELETE", fill("jars/{jar}", jar=jar), Nothing)


async def plan(http: "Http", features: "Features", jar: str, options: RunOptions) -> Plan:
    """The job graph of a jar without running the job; runs its main() on the JobManager.

    POST /jars/:jarid/plan from 1.10. In 1.9 it is a GET, whose arguments can't contain a comma: Refused.
    """
    path = fill("jars/{jar}/plan", jar=jar)
    if features.has(1, 10):
        body = run_body(features, options, restore=False)
        return (await act(http, "POST", path, JobPlan, json=body, seconds=RUN_SECONDS)).plan
    if any("," in argument for argument in options.arguments):
        raise Refused(
            "GET", f"{http.url}/{path}", "Flink 1.9 can't plan a jar whose arguments contain a comma"
        )
    params = [
        ("entry-class", options.entry_class or ""),
        ("programArg", ",".join(options.arguments)),
        ("parallelism", str(options.parallelism or "")),
    ]
    sent = [(name, value) for name, value in params if value]
    return (await act(http, "GET", path, JobPlan, params=sent, seconds=RUN_SECONDS)).plan


async def run(http: "Http", features: "Features", jar: str, options: RunOptions) -> Run:
    """POST /jars/:jarid/run; answers once main() has submitted its job."""
    path = fill("jars/{jar}/run", jar=jar)
    return await act(http, "POST", path, Run, json=run_body(features, options), seconds=RUN_SECONDS)


async def run_application(
    http: "Http", features: "Features", jar: str, options: RunOptions, application: str | None = None
) -> str:
    """POST /jars/:jarid/run-application (2.3+): answers at once; returns the application's id."""
    body = run_body(features, options)
    if application is not None:
        body["applicationId"] = application
    reply = await act(
        http,
        "POST",
        fill("jars/{jar}/run-application", jar=jar),
        ApplicationRun,
        json=body,
        seconds=RUN_SECONDS,
    )
    return reply.applicationid


def run_body(features: "Features", options: RunOptions, *, restore: bool = True) -> dict[str, Any]:
    """The body of /run and /plan for this release: up to 1.19 an unknown field is a 400.

    Arguments always go as programArgsList: 2.x silently ignores programArgs.
    """
    body: dict[str, Any] = {}
    if options.entry_class:
        body["entryClass"] = options.entry_class
    if options.arguments:
        body["programArgsList"] = list(options.arguments)
    if options.parallelism is not None:
        body["parallelism"] = options.parallelism
    if options.job_id:
        body["jobId"] = options.job_id
    if options.configuration and features.has(1, 17):
        body["flinkConfiguration"] = dict(options.configuration)
    if restore and options.savepoint:
        body["savepointPath"] = options.savepoint
        body["allowNonRestoredState"] = options.allow_non_restored_state
        if options.claim_mode and features.has(1, 15):
            body["claimMode" if features.has(1, 20) else "restoreMode"] = options.claim_mode
    return body
