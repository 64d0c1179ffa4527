"""Which job is meant: by its id, the beginning of one, or its name."""

from collections.abc import Iterable

from flinktop.flink.jobs import JobOverview
from flinktop.model import states

MOST_TOLD = 8
"""Jobs named in a message at the most."""


class NoSuchJob(Exception):  # noqa: N818 - it says what happened
    """No job, or several, fit what was written; the message names those that come near."""


def find_job(jobs: Iterable[JobOverview], what: str) -> JobOverview:
    """The one job that is meant. Among several of a name the one that lives is.

    Raises:
        NoSuchJob: none fits, or several do.
    """
    known = list(jobs)
    fitting = [job for job in known if job.jid == what.lower()]
    fitting = fitting or [job for job in known if what and job.name == what]
    fitting = fitting or [job for job in known if what and job.jid.startswith(what.lower())]
    living = [job for job in fitting if not states.is_terminal(job.state)]
    if len(fitting) > 1 and len(living) == 1:
        fitting = living
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise NoSuchJob(f"'{what}' may mean {len(fitting)} jobs: {_told(fitting)}")
    raise NoSuchJob(f"there is no job '{what}' on the cluster" + (f", but {_told(known)}" if known else ""))


def _told(jobs: list[JobOverview]) -> str:
    told = [f"{job.name or '(no name)'} ({job.jid}, {job.state})" for job in jobs[:MOST_TOLD]]
    more = [f"and {len(jobs) - MOST_TOLD} more"] if len(jobs) > MOST_TOLD else []
    return ", ".join([*told, *more])
