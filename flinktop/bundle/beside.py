"""A bundle that a monitor makes beside everything else; its state is read from any thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.bundle.archive import proposed_name
from flinktop.bundle.asking import Asking
from flinktop.bundle.collection import Subject
from flinktop.bundle.making import Making, Means, Order, State, make
from flinktop.bundle.verdict_part import status_of

if TYPE_CHECKING:
    from pathlib import Path

    from flinktop.bundle.collection import Collection, ReadsJournal
    from flinktop.engine.side_work import Surroundings
    from flinktop.headless.status_report import Status
    from flinktop.judgement.finding_links import WrittenLink


class BundleBeside:
    """One bundle of a job."""

    def __init__(
        self,
        job: str,
        name: str,
        *,
        cluster: str,
        url: str,
        directory: Path,
        wall: float,
        journal: ReadsJournal | None = None,
        links: tuple[WrittenLink, ...] = (),
    ) -> None:
        """Nothing is done before `run`.

        `wall` is the time for its name, s since 1970; `links` are those of the config.
        """
        subject = Subject(job=job, name=name, cluster=cluster, url=url, links=links)
        self._order = Order(subject=subject, path=directory / proposed_name(name, wall), numbered=True)
        self._journal = journal
        self.making = Making(subject=subject, path=self._order.path)
        self.seen = False  # whether somebody has seen how it ended

    @property
    def ended(self) -> bool:
        return self.making.state is not State.RUNNING

    async def run(self, around: Surroundings) -> None:
        """Make it, on the engine's loop."""

        async def judged(collection: Collection) -> Status | None:
            known = around.judged()
            verdict = known.verdicts.get(self._order.subject.job) if known is not None else None
            return status_of(collection, known, verdict, around.cluster_time() * 1000.0)

        def changed(making: Making) -> None:
            self.making = making
            around.changed()

        asking = Asking(
            around.connection,
            around.clock,
            transport=around.transport,
            login=around.login,
            tunnel=around.tunnel,
            one_transfer=around.one_transfer,
        )
        means = Means(
            asking=asking, clock=around.clock, judged=judged, journal=self._journal, hide=around.login.hide
        )
        await make(self._order, means, changed)
