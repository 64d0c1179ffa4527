"""Finds the jobs that `--job` of `flinktop status` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.headless.args import LEAST_OF_AN_ID
from flinktop.judgement.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.flink.jobs import JobOverview


def find_jobs(jobs: Iterable[JobOverview], what: str) -> tuple[JobOverview, ...]:
    """The jobs with this id, else with this name or pattern, else with an id that begins so."""
    known, prefix = tuple(jobs), what.lower()
    if exact := tuple(job for job in known if job.jid == prefix):
        return exact
    if named := tuple(job for job in known if matches(job.name, (what,))):
        return named
    if len(what) < LEAST_OF_AN_ID:
        return ()
    return tuple(job for job in known if job.jid.startswith(prefix))
