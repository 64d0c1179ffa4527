"""The incident bundles that this monitor has begun, and the notification when one has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.bundle.beside import BundleBeside
from flinktop.bundle.making import State
from flinktop.facts.jobs import job_name
from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.ui.operation_news import Ending

if TYPE_CHECKING:
    from pathlib import Path

    from flinktop.engine.host import Port
    from flinktop.judgement.finding_links import WrittenLink

LONG = 30.0  # seconds that the notification of a failure is shown
USUAL = 12.0


class Bundles:
    """One bundle for each job: the newest."""

    def __init__(
        self, port: Port, cluster: str, directory: Path, links: tuple[WrittenLink, ...] = ()
    ) -> None:
        """`cluster` is its name in the config or its address; bundles are written to `directory`.

        `links` are those of the config.
        """
        self._links = links
        self._port = port
        self._cluster = cluster
        self._directory = directory
        self._by_job: dict[str, BundleBeside] = {}
        self._notified: set[BundleBeside] = set()

    def of(self, job: str) -> BundleBeside:
        """The bundle of a job that is being made or whose end nobody has seen; else a new one is begun."""
        known = self._by_job.get(job)
        if known is not None and not (known.ended and known.seen):
            return known
        port = self._port
        bundle = BundleBeside(
            job,
            job_name(port, job),
            cluster=self._cluster,
            url=port.connection.url,
            directory=self._directory,
            wall=port.clock.wall(),
            journal=port.journal,
            links=self._links,
        )
        self._by_job[job] = bundle
        port.run_beside(bundle, bundle.run)
        return bundle

    @property
    def under_way(self) -> tuple[str, ...]:
        """The names of the jobs whose bundles are being made."""
        return tuple(one.making.subject.name for one in self._by_job.values() if not one.ended)

    def ended(self) -> list[Ending]:
        """The notifications of bundles that have ended since the last call, unless their dialog shows it."""
        news = [
            one for one in self._by_job.values() if one.ended and not one.seen and one not in self._notified
        ]
        self._notified.update(news)
        return [ending for one in news if (ending := _ending(one)) is not None]


def _ending(bundle: BundleBeside) -> Ending | None:
    making, name = bundle.making, clean(bundle.making.subject.name)
    if making.state is State.DONE:
        parts = f"{len(making.missing)} part{'s' if len(making.missing) > 1 else ''}"
        size = f"{fmt.size(making.size)}{f', {parts} missing' if making.missing else ''}"
        words = f"{clean(str(making.path))}\n{size}; B on the job shows it, y there copies the path"
        return Ending(f"Bundle of {name} is written", words, "information", USUAL)
    if making.state is State.FAILED:
        return Ending(f"Bundle of {name} could not be written", making.reason, "error", LONG)
    return None
