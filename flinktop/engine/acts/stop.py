"""Stopping a job with a savepoint: its sources end, the savepoint is taken, the job is FINISHED."""

from dataclasses import dataclass
from typing import ClassVar

from flinktop.engine.acts import history
from flinktop.engine.acts.act import Accepted, Failed, Line, Risk, Site, Trace, Verdict, with_result
from flinktop.engine.acts.facts import Facts
from flinktop.engine.acts.job_act import CANCELLING_OFF, job_lines, no_snapshot
from flinktop.engine.acts.savepoint import (
    Savepoint,
    told_by_history,
    told_by_trigger,
    where_to,
    with_the_end,
    wrong_form,
)
from flinktop.flink.checkpoints import stop


@dataclass(frozen=True)
class Stop(Savepoint):
    """POST /jobs/:jobid/stop: two facts, the savepoint and the job's end."""

    kind: ClassVar[str] = "stop"
    label: ClassVar[str] = "stop with savepoint"
    risk: ClassVar[Risk] = Risk.CHANGES

    drain: bool = False
    """Send the watermark to its end first: every window and timer fires."""

    def own_reason(self, facts: Facts) -> str | None:
        """As for a savepoint; and ending jobs must be wanted."""
        off = None if facts.features.web_cancel else CANCELLING_OFF
        return off or no_snapshot(facts) or wrong_form(self.form, facts)

    def consequence(self, facts: Facts) -> tuple[Line, ...]:
        """Nothing is lost, unless it is drained and meant to go on."""
        lost = Line("data loss", "none: the savepoint holds everything read so far")
        if self.drain:
            lost = Line(
                "data loss",
                "open windows and timers fire now: a job restored from it does not continue them",
                "warn",
            )
        return (
            *job_lines(facts, loses_since=False),
            Line("directory", where_to(self.directory)),
            lost,
            Line(
                "afterwards",
                "the job ends FINISHED and can be run again from the savepoint; if the savepoint fails, "
                "the job keeps running",
            ),
        )

    async def start(self, site: Site, trace: Trace) -> Accepted:
        """Ask for it; from 1.15 under our own id."""
        trigger = await stop(
            site.http,
            site.features,
            self.job,
            directory=self.directory,
            drain=self.drain,
            form=self.form,
            trigger=trace.id,
        )
        return Accepted(trigger)

    async def check(self, site: Site, trace: Trace) -> Verdict:
        """The savepoint and the job's end; a stop that failed may have made its savepoint all the same."""
        told = await told_by_trigger(site, self.job, trace)
        if isinstance(told, Failed):
            found = (await history.look(site.http, self.job, trace, directory=self.directory, stops=True)).one
            if found is not None and found.status == "COMPLETED":
                made = with_result(trace.result, savepoint=found.external_path, checkpoint=found.id)
                told = Failed(told.reason, made)
        if told is None:
            told = await told_by_history(site, self.job, trace, self.directory, stops=True)
        return await with_the_end(self, site, trace, told)
