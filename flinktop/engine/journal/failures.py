"""Failures of jobs from Flink's exceptions: each once, repeats counted, the first with its stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.engine.journal.episodes import Episodes, placed, rounded
from flinktop.engine.journal.event import MOST_STACK, Event, EventKind
from flinktop.flink.text import clean, clean_lines, cut
from flinktop.judgement import failure_chain, failure_origin, failure_words, well_known
from flinktop.judgement.finding import Severity
from flinktop.model import faults, redaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.flink.exceptions import Fault, JobExceptions
    from flinktop.model.look import JobLook

SAME_MS: Final = 1000
"""The failure that ends a job is listed twice up to 1.20, with times that differ by less than this."""


class Failures(Struct, frozen=True):
    """What is remembered of a job's failures."""

    seen: frozenset[tuple[int, str]] = frozenset()
    """Time (ms since 1970) and class of those in the newest answer."""
    episodes: Episodes = {}


def fresh(before: Failures, answer: JobExceptions) -> tuple[Fault, ...]:
    """The failures of an answer that the one before did not have, oldest first."""
    found = failure_chain.known(answer)
    new = [one for one in found if _name(one) not in before.seen and not _is_known(before, one)]
    return tuple(sorted(new, key=lambda one: one.timestamp))


def _name(fault: Fault) -> tuple[int, str]:
    return fault.timestamp, fault.exception_name


def _is_known(before: Failures, fault: Fault) -> bool:
    return any(
        name == fault.exception_name and abs(at - fault.timestamp) <= SAME_MS for at, name in before.seen
    )


def answered(
    before: Failures, answer: JobExceptions, new: tuple[Fault, ...], look: JobLook, at: float
) -> tuple[Failures, tuple[Event, ...]]:
    """A job's failures after an answer that came at `at` (ms since 1970), of which `new` are not known."""
    episodes = before.episodes
    events: list[Event] = []
    for fault in new:
        when = float(fault.timestamp) if fault.timestamp > 0 else at
        episodes, group, is_first = placed(episodes, faults.key(fault), when)
        events.append(_event(fault, look, when, group, is_first=is_first))
    seen = frozenset(_name(one) for one in failure_chain.known(answer))
    return Failures(seen, episodes), tuple(events)


def _event(fault: Fault, look: JobLook, at: float, group: str, *, is_first: bool) -> Event:
    begin = failure_words.beginning(look, fault, cut=False)
    culprit, job = begin.culprit, look.listed.jid
    known = fault.timestamp > 0
    return Event(
        at=at,
        cluster="",
        kind=EventKind.FAILURE,
        words=redaction.text(f"job failed: {clean(failure_words.who(look, begin))}"),
        # The class tells apart what failed in one millisecond.
        key=f"failure {job} {f'{fault.timestamp}' if known else rounded(at)} {fault.exception_name[:200]}",
        job=job,
        job_name=look.listed.name,
        severity=Severity.WARNING,
        group=group,
        vertex=culprit.vertex or "",
        vertex_name=culprit.vertex_name or "",
        subtask=culprit.subtasks[0] if len(culprit.subtasks) == 1 else None,
        taskmanager=culprit.taskmanager,
        # Of repeats it is that of the first.
        stack=kept_stack(failure_origin.root(fault).stacktrace) if is_first else "",
        details="\n".join(_details(fault, begin)) if is_first else "",
    )


def _details(fault: Fault, begin: failure_words.Beginning) -> list[str]:
    lines = [f"next: {failure_words.next_step(begin)}"]
    found = well_known.known(failure_origin.root(fault).stacktrace)
    if found is not None:
        lines.insert(0, f"means: {found.means}")
    if fault.concurrent_exceptions:
        lines.append(f"tasks that failed with it: {len(fault.concurrent_exceptions)}")
    lines += _labels(fault.failure_labels)
    return [redaction.text(clean(line)) for line in lines]


def _labels(labels: Mapping[str, str]) -> list[str]:
    return [f"label {name}: {value}" for name, value in sorted(labels.items())[:20]]


def kept_stack(trace: str) -> str:
    """As much of a stack trace as is kept: cleaned, without secrets, at most MOST_STACK bytes."""
    text, most = redaction.text(clean_lines(trace)), MOST_STACK
    while len(text.encode("utf-8", "replace")) > MOST_STACK:
        text, most = cut(text, most), most // 2
    return text
