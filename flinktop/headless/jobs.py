"""Which job is meant: by its id, the beginning of one, or its name."""

from collections.abc import Iterable

from flinktop.flink.jobs import JobOverview
from flinktop.model import states

MOST_TOLD = 8
"""Jobs named in a message at the most."""
LEAST_OF_AN_ID = 4
"""Characters of an id that say which job is meant; fewer fit the next job as easily."""


class NoSuchJob(Exception):  # noqa: N818 - it says what happened
    """No job, or several, fit what was written; the message names those that come near."""


def find_job(jobs: Iterable[JobOverview], what: str) -> JobOverview:
    """The one job that is meant.

    The beginning of an id must be unique among all jobs, those that have ended too. A name must be so among
    those that have not ended, and among all where all have: a job that was run again keeps its name. What is
    a name as well as the beginning of another job's id means neither of them. Raises NoSuchJob.
    """
    known = list(jobs)
    if exact := [job for job in known if job.jid == what.lower()]:
        return _only(exact, what)
    named = _named(known, what)
    begun = [job for job in known if what and job.jid.startswith(what.lower())]
    if named and len(what) < LEAST_OF_AN_ID:
        return _only(named, what)
    if begun and len(what) < LEAST_OF_AN_ID:
        least = f"an id prefix needs {LEAST_OF_AN_ID} characters or more"
        raise NoSuchJob(f"'{what}' is too short: {least}; it matches {_told(begun)}")
    if fitting := list({job.jid: job for job in (*named, *begun)}.values()):
        return _only(fitting, what)
    raise NoSuchJob(f"no such job '{what}'" + (f"; {_told(known)}" if known else ""))


def _named(jobs: list[JobOverview], name: str) -> list[JobOverview]:
    """The jobs of a name that have not ended; all of that name where all have."""
    named = [job for job in jobs if name and job.name == name]
    return [job for job in named if not states.is_terminal(job.state)] or named


def _only(jobs: list[JobOverview], what: str) -> JobOverview:
    if len(jobs) > 1:
        raise NoSuchJob(f"'{what}' matches {len(jobs)} jobs: {_told(jobs)}")
    return jobs[0]


def _told(jobs: list[JobOverview]) -> str:
    told = [f"{job.name or '(no name)'} ({job.jid}, {job.state})" for job in jobs[:MOST_TOLD]]
    more = [f"and {len(jobs) - MOST_TOLD} more"] if len(jobs) > MOST_TOLD else []
    return ", ".join([*told, *more])
