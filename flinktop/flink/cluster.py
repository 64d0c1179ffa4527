"""The cluster as a whole: /config, /overview, /datasets and shutting down."""

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct, field

from flinktop.flink.acts import Status, begin
from flinktop.flink.endpoint import Endpoint, fill
from flinktop.flink.numbers import Count, Id, left

if TYPE_CHECKING:
    from flinktop.flink.http import Http


class ConfigFeatures(Struct, frozen=True, rename="kebab"):
    """Switches of the Web UI; a release that does not have one behaves as the default here."""

    web_submit: bool = True
    web_cancel: bool = True  # 1.14+
    web_history: bool = False  # 1.16+: true on a HistoryServer only
    web_rescale: bool = False  # 1.18+


class Config(Struct, frozen=True, rename="kebab"):
    """GET /config: how the Web UI is to behave, and the release."""

    refresh_interval: Count = 3000  # milliseconds
    timezone_name: str = ""
    timezone_offset: Annotated[int, Meta(ge=-86_400_000, le=86_400_000)] = 0  # milliseconds east of UTC
    flink_version: str = ""
    flink_revision: str = ""
    features: ConfigFeatures = ConfigFeatures()


class ClusterOverview(Struct, frozen=True, rename="kebab"):
    """GET /overview: TaskManagers, slots and jobs by state; None where it is not told."""

    taskmanagers: Count | None = None
    slots_total: Count | None = None
    slots_available: Count | None = None
    jobs_running: Count | None = None
    jobs_finished: Count | None = None
    jobs_cancelled: Count | None = None
    jobs_failed: Count | None = None
    flink_version: str = ""
    flink_commit: str = ""
    taskmanagers_blocked: Count = 0  # 1.16+, left out by the server when 0; as the next
    slots_free_and_blocked: Count = 0

    @property
    def slots_used(self) -> int | None:
        return left(self.slots_total, self.slots_available)


class DataSet(Struct, frozen=True):
    """One cached intermediate result of a batch program."""

    id: Id
    is_complete: bool = field(name="isComplete", default=False)


class DataSets(Struct, frozen=True):
    """GET /datasets."""

    data_sets: tuple[DataSet, ...] = field(name="dataSets", default=())


CONFIG = Endpoint("config", Config)
OVERVIEW = Endpoint("overview", ClusterOverview)
DATASETS = Endpoint("datasets", DataSets, since=(1, 11))
DATASET_DELETION = Endpoint("datasets/delete/{trigger}", Status, since=(1, 11))


async def shutdown(http: "Http") -> None:
    """DELETE /cluster: end the JobManager and with it all jobs. No switch of the server forbids it."""
    await http.send("DELETE", "cluster")


async def delete_dataset(http: "Http", dataset: str) -> str:
    """DELETE /datasets/:id (1.11+); gives the trigger to follow with DATASET_DELETION."""
    return await begin(http, "DELETE", fill("datasets/{dataset}", dataset=dataset))
