"""Applications (2.3+): jobs submitted together; a plain job is an application of its own."""

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import force_setattr

from flinktop.flink.acts import Nothing, act
from flinktop.flink.decode import Lines
from flinktop.flink.endpoint import Endpoint, fill
from flinktop.flink.jobmanager import Setting
from flinktop.flink.jobs import JobOverview, unique_jobs
from flinktop.flink.numbers import Count, Id, Lasting, Time

if TYPE_CHECKING:
    from flinktop.flink.http import Http


class ApplicationOverview(Lasting, frozen=True, rename="kebab"):
    """One application in the list; times in ms since 1970."""

    id: Id
    name: str = ""  # the id if the application has no name
    status: str = ""  # CREATED, RUNNING, FAILING, FAILED, CANCELING, CANCELED, FINISHED
    jobs: dict[str, Count] = field(default_factory=dict)  # jobs by state

    def __post_init__(self) -> None:
        if not self.name.strip():
            force_setattr(self, "name", self.id)


class ApplicationsOverview(Struct, frozen=True):
    """GET /applications/overview."""

    applications: tuple[ApplicationOverview, ...] = ()


class Application(Lasting, frozen=True, rename="kebab"):
    """GET /applications/:applicationid."""

    id: str = ""
    name: str = ""
    status: str = ""
    timestamps: dict[str, Time] = field(default_factory=dict)
    jobs: tuple[JobOverview, ...] = ()

    def __post_init__(self) -> None:
        force_setattr(self, "jobs", unique_jobs(self.jobs))
        if not self.name.strip():
            force_setattr(self, "name", self.id)


class ApplicationFault(Struct, frozen=True, rename="camel"):
    """Why an application failed."""

    exception_name: str = ""
    stacktrace: Lines = ""
    timestamp: Time = -1
    job_id: str | None = None


class ApplicationFaults(Struct, frozen=True):
    """The value of `exceptionHistory`."""

    entries: tuple[ApplicationFault, ...] = ()


class ApplicationExceptions(Struct, frozen=True):
    """GET /applications/:applicationid/exceptions."""

    history: ApplicationFaults = field(name="exceptionHistory", default=ApplicationFaults())


APPLICATIONS_OVERVIEW = Endpoint("applications/overview", ApplicationsOverview, since=(2, 3))
APPLICATION = Endpoint("applications/{application}", Application, since=(2, 3), named=("id", "application"))
APPLICATION_EXCEPTIONS = Endpoint(
    "applications/{application}/exceptions", ApplicationExceptions, since=(2, 3)
)
APPLICATION_CONFIG = Endpoint(
    "applications/{application}/jobmanager/config", tuple[Setting, ...], since=(2, 3)
)


async def cancel_application(http: "Http", application: str) -> None:
    """POST /applications/:applicationid/cancel. Raises NotFound if it has already ended."""
    path = fill("applications/{application}/cancel", application=application)
    await act(http, "POST", path, Nothing)
