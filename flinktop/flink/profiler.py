"""Flink's own profiler (1.19+, rest.profiling.enabled): one run at a time, its result an HTML file."""

from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from flinktop.flink.acts import act
from flinktop.flink.endpoint import Endpoint, fill
from flinktop.flink.numbers import Time, Unset

if TYPE_CHECKING:
    from flinktop.flink.http import Http

Mode = Literal["CPU", "ALLOC", "LOCK", "WALL", "ITIMER"]


class Profiling(Struct, frozen=True, rename="camel"):
    """One run; times in ms since 1970."""

    status: str = ""  # RUNNING, FINISHED, FAILED
    mode: str = ""
    profiling_mode: str = ""  # same as `mode`
    trigger_time: Time | None = None
    finished_time: Time | None = None
    duration: Unset | None = None  # seconds
    message: str | None = None
    output_file: str | None = None


class Profilings(Struct, frozen=True):
    """GET …/profiler, the newest ten."""

    runs: tuple[Profiling, ...] = field(name="profilingList", default=())


JOBMANAGER_PROFILER = Endpoint("jobmanager/profiler", Profilings, since=(1, 19))
JOBMANAGER_PROFILE = Endpoint("jobmanager/profiler/{file}", str, since=(1, 19))
TASKMANAGER_PROFILER = Endpoint("taskmanagers/{taskmanager}/profiler", Profilings, since=(1, 19))
TASKMANAGER_PROFILE = Endpoint("taskmanagers/{taskmanager}/profiler/{file}", str, since=(1, 19))


async def profile(
    http: "Http", *, seconds: int, mode: Mode = "CPU", taskmanager: str | None = None
) -> Profiling:
    """POST …/profiler: start a run. It has no id: find it in the list by its trigger_time."""
    path = (
        "jobmanager/profiler"
        if taskmanager is None
        else fill("taskmanagers/{taskmanager}/profiler", taskmanager=taskmanager)
    )
    return await act(http, "POST", path, Profiling, json={"mode": mode, "duration": seconds})
