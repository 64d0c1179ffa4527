"""Deleting an intermediate result that batch programs share."""

from dataclasses import dataclass
from typing import Any, ClassVar

from flinktop.engine.acts.act import (
    Accepted,
    Act,
    Done,
    Failed,
    Going,
    Line,
    NoTrace,
    Result,
    Risk,
    Site,
    Trace,
    Verdict,
    where_lines,
)
from flinktop.engine.acts.facts import Facts
from flinktop.flink.cluster import DATASET_DELETION, DATASETS, delete_dataset
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import NotFound


@dataclass(frozen=True)
class DeleteDataset(Act):
    """DELETE /datasets/:datasetid. It takes no id of ours in any release."""

    kind: ClassVar[str] = "delete-dataset"
    label: ClassVar[str] = "delete dataset"
    risk: ClassVar[Risk] = Risk.LOSES
    since: ClassVar[tuple[int, int]] = (1, 11)
    patience: ClassVar[float] = 20.0

    dataset: str

    @property
    def subject(self) -> str:
        """The dataset's id: it has no name."""
        return self.dataset

    def own_reason(self, facts: Facts) -> str | None:
        """Nothing is against it: no switch of the server forbids it."""
        del facts
        return None

    def consequence(self, facts: Facts) -> tuple[Line, ...]:
        """Programs compute it anew."""
        return (
            *where_lines(facts),
            Line("dataset", self.dataset),
            Line("data loss", "what the TaskManagers keep of it", "warn"),
            Line("afterwards", "a program that uses it fails, or computes it anew"),
        )

    async def start(self, site: Site, trace: Trace) -> Accepted:
        """Ask for it."""
        del trace
        return Accepted(await delete_dataset(site.http, self.dataset))

    async def check(self, site: Site, trace: Trace) -> Verdict:
        """How the deletion ended, by its trigger; without one whether the dataset is listed no more."""
        if trace.trigger is not None:
            try:
                status = (await read(site.http, DATASET_DELETION(trigger=trace.trigger))).value
            except NotFound:
                return await self._listed(site)
            if not status.done:
                return Going("in progress")
            return Failed(status.failure) if status.failure is not None else Done(Result())
        return await self._listed(site)

    async def _listed(self, site: Site) -> Verdict:
        if any(one.id == self.dataset for one in (await read(site.http, DATASETS())).value.data_sets):
            return NoTrace("the dataset is still on the cluster")
        return Done(Result())

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """What is still there was not deleted."""
        return Failed(words, result)

    def touches(self) -> tuple[Query[Any], ...]:
        """The list of datasets."""
        return (DATASETS(),)
