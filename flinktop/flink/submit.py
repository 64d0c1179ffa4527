"""Submitting a serialized job graph to the cluster."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, field

from flinktop.flink.acts import act
from flinktop.flink.upload import send_files

if TYPE_CHECKING:
    from flinktop.flink.features import Features
    from flinktop.flink.http import Http

SUBMIT_SECONDS = 300.0  # how long the JobManager may take to start the job


class Submitted(Struct, frozen=True):
    """The answer to POST /jobs."""

    job_url: str = field(name="jobUrl", default="")

    @property
    def job(self) -> str:
        return self.job_url.rstrip("/").rpartition("/")[2]


async def submit(
    http: "Http",
    features: "Features",
    graph: Path,
    *,
    jars: Sequence[Path] = (),
    artifacts: Sequence[tuple[str, Path]] = (),
) -> str:
    """POST /jobs; returns the job's id.

    The graph must be serialized by Java of the same Flink release (2.x: an ExecutionPlan); `artifacts`
    are entries of the distributed cache by name.
    """
    names = [
        f"{number}-{path.name}" for number, path in enumerate([graph, *jars, *(p for _, p in artifacts)])
    ]
    request = {
        "executionPlanFileName" if features.has(2, 0) else "jobGraphFileName": names[0],
        "jobJarFileNames": names[1 : 1 + len(jars)],
        "jobArtifactFileNames": [
            {"entryName": entry, "fileName": name}
            for (entry, _), name in zip(artifacts, names[1 + len(jars) :], strict=True)
        ],
    }
    paths = [graph, *jars, *(path for _, path in artifacts)]

    async def send(kind: str) -> Submitted:
        with ExitStack() as files:
            # No file name: otherwise the server does not take this part as the request.
            described = (None, msgspec.json.encode(request), "application/json")
            parts: list[tuple[str, Any]] = [("request", described)]
            for name, path in zip(names, paths, strict=True):
                parts.append((f"file_{name}", (name, files.enter_context(path.open("rb")), kind)))
            return await act(http, "POST", "jobs", Submitted, files=parts, seconds=SUBMIT_SECONDS)

    return (await send_files(send)).job
