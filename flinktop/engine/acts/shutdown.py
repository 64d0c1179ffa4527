"""Shutting the whole cluster down."""

from dataclasses import dataclass
from typing import ClassVar

from flinktop.engine.acts.act import (
    Accepted,
    Act,
    Done,
    Failed,
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
from flinktop.flink.cluster import CONFIG, shutdown
from flinktop.flink.decode import read
from flinktop.flink.errors import ForeignAnswer, TimedOut, Unreachable

_NOTHING_BEHIND = (502, 503, 504)
"""Statuses of a proxy whose server is gone."""
UNKNOWN_END = "it is not known whether the cluster accepted it, and it does not answer now"


@dataclass(frozen=True)
class Shutdown(Act):
    """DELETE /cluster."""

    kind: ClassVar[str] = "shutdown"
    label: ClassVar[str] = "shut the cluster down"
    risk: ClassVar[Risk] = Risk.LOSES
    typed: ClassVar[bool] = True

    cluster: str
    """The cluster's name when it was asked for."""

    @property
    def subject(self) -> str:
        """The cluster."""
        return self.cluster

    def own_reason(self, facts: Facts) -> str | None:
        """Nothing is against it: no switch of the server forbids it."""
        del facts
        return None

    def consequence(self, facts: Facts) -> tuple[Line, ...]:
        """All jobs end with it."""
        jobs = "all jobs" if facts.running is None else f"all jobs: {facts.running} have not ended"
        return (
            *where_lines(facts),
            Line("data loss", f"{jobs}; no savepoint is taken", "bad"),
            Line(
                "afterwards",
                "the JobManager and its TaskManagers end; only whoever deployed it can start it again",
            ),
        )

    async def start(self, site: Site, trace: Trace) -> Accepted:
        """Ask for it."""
        del trace
        await shutdown(site.http)
        return Accepted()

    async def check(self, site: Site, trace: Trace) -> Verdict:
        """It is done when the cluster has taken it and nothing answers there any more."""
        try:
            await read(site.http, CONFIG())
        except TimedOut:
            raise
        except (Unreachable, ForeignAnswer) as error:
            if isinstance(error, ForeignAnswer) and error.status not in _NOTHING_BEHIND:
                raise
            if trace.taken:
                return Done(Result(facts=(f"the cluster does not answer any more: {error.detail}",)))
            # Perhaps it is the link alone that is gone.
            return NoTrace(f"{UNKNOWN_END}: {error.detail}", unclear=True)
        return NoTrace("the cluster still answers")

    def given_up(self, words: str, result: Result) -> Verdict | None:
        """A cluster that answers is up, or up again; of one that does not nothing is known."""
        return None if words.startswith(UNKNOWN_END) else Failed(words, result)
