"""The configuration of a job, and what is different when a job comes back under its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.engine.journal.event import Event, EventKind
from flinktop.flink.text import clean, cut
from flinktop.judgement import places
from flinktop.judgement.finding import Severity
from flinktop.model import checkpoints, redaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.engine.journal.event import KnownJob
    from flinktop.flink.checkpoints import CheckpointConfig
    from flinktop.flink.jobs import JobConfig

MOST_OPTIONS: Final = 400
"""Options of the job's own code that are kept."""
MOST_VALUE: Final = 500
"""Characters of one that are kept."""
NONE: Final = "(none)"
STRATEGY: Final = "restart strategy"
_CHECKPOINTS: Final = "checkpoints: "
_MOST_LINES: Final = 100
_INTERNAL: Final = "$internal"
"""How options begin that Flink sets itself, for this one run."""


class Difference(Struct, frozen=True):
    """An option that is not the same; NONE where it is not set."""

    name: str
    before: str
    after: str


def of_job(job: JobConfig) -> dict[str, str]:
    """What was set for a job, without secrets: by names for people, and by the names of its own options."""
    config = job.execution_config
    if config is None:
        return {}
    found = {
        STRATEGY: config.restart_strategy or NONE,
        "default parallelism": (
            str(config.job_parallelism) if config.job_parallelism > 0 else "chosen by Flink"
        ),
        "object reuse": "on" if config.object_reuse_mode else "off",
    }
    if config.execution_mode:
        found["execution mode"] = config.execution_mode
    own = [one for one in sorted(config.user_config.items()) if not one[0].startswith(_INTERNAL)]
    return _shown(found | dict(own[:MOST_OPTIONS]))


def of_checkpoints(config: CheckpointConfig) -> dict[str, str]:
    """What was set for its checkpoints."""
    return _shown(
        {f"{_CHECKPOINTS}{item.name}": item.words for item in checkpoints.items(config) if item.words}
    )


def _shown(found: dict[str, str]) -> dict[str, str]:
    shown = redaction.settings({clean(name): value for name, value in found.items()})
    return {name: cut(clean(value), MOST_VALUE) for name, value in shown.items()}


def merged(before: dict[str, str], part: dict[str, str]) -> dict[str, str]:
    """A configuration whose part, of the job or of its checkpoints, is now this."""
    if not part:
        return before
    is_new = _has_checkpoints(part)
    rest = {name: value for name, value in before.items() if name.startswith(_CHECKPOINTS) != is_new}
    return rest | part if is_new else part | rest


def is_known(found: Mapping[str, str]) -> bool:
    """Whether the part of the job itself is known."""
    return STRATEGY in found


def is_whole(found: Mapping[str, str]) -> bool:
    """Whether both parts are known."""
    return is_known(found) and _has_checkpoints(found)


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Difference, ...]:
    """The options that are not the same, those of the newer one first.

    Of a part that only one of them has nothing is said.
    """
    names = [name for name in (*after, *before) if before.get(name) != after.get(name)]
    both = is_known(before) and is_known(after)
    checkpointed = _has_checkpoints(before) and _has_checkpoints(after)
    return tuple(
        Difference(name, before.get(name, NONE), after.get(name, NONE))
        for name in dict.fromkeys(names)
        if (checkpointed if name.startswith(_CHECKPOINTS) else both)
    )


def _has_checkpoints(found: Mapping[str, str]) -> bool:
    return any(name.startswith(_CHECKPOINTS) for name in found)


def changed(before: KnownJob, after: KnownJob) -> Event | None:
    """That a job came back with another configuration than `before` it; None if it is the same."""
    found = list(differences(before.configuration, after.configuration))
    if before.release and after.release and before.release != after.release:
        found.insert(0, Difference("Flink", before.release, after.release))
    if before.parallelism and after.parallelism and before.parallelism != after.parallelism:
        found.insert(0, Difference("parallelism", str(before.parallelism), str(after.parallelism)))
    if not found:
        return None
    lines = [f"{one.name}: {one.before} -> {one.after}" for one in found[:_MOST_LINES]]
    if len(found) > _MOST_LINES:
        lines.append(f"and {len(found) - _MOST_LINES} more")
    return Event(
        at=after.start if after.start > 0 else after.seen,
        cluster="",
        kind=EventKind.JOB_CHANGED,
        words=f"job came back with a changed configuration: {places.listed(one.name for one in found)}",
        key=f"changed {after.job} {after.start:.0f}",
        job=after.job,
        job_name=after.name,
        severity=Severity.INFO,
        details="\n".join(lines),
    )
