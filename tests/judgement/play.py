"""Plays a recording of real answers as flinktop would have judged them."""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, unquote

from flinktop import flink
from flinktop.engine.answers import Answers
from flinktop.engine.judge import Judge
from flinktop.engine.judge_memory import decode, encode
from flinktop.engine.link import Link, after_answer, after_error, silent_for
from flinktop.engine.poller import DEFAULT_REFRESH
from flinktop.flink.decode import DecodeError, decode_answer
from flinktop.flink.endpoint import Endpoint
from flinktop.flink.errors import FlinkError, NotFound, NotReady, TimedOut, Unreachable
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.headless.judge_once import JudgeOnce
from flinktop.judgement.remembered import OfLink
from flinktop.judgement.rules import Policy
from tests.judgement.recording import NO_ANSWER, TIMED_OUT, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from flinktop.flink.endpoint import Query
    from flinktop.judgement.finding import Finding
    from flinktop.judgement.verdict import Verdict
    from tests.judgement.recording import Answer


@dataclass(frozen=True)
class Said:
    """What was said after one look."""

    at: float  # seconds since the recording began
    verdicts: Mapping[str, Verdict]  # by job
    findings: tuple[Finding, ...]  # of the cluster, and of jobs that it does not list


def play(
    path: Path, *, expected: Iterable[str] = (), one_look: bool = False, restarted: float | None = None
) -> Iterator[Said]:
    """What was said after each look of a recording, where these jobs should run.

    `one_look`: as `flinktop status` judges, else as the engine does. `restarted`: flinktop is started again
    after this share of the looks, and has only what it keeps in the journal.
    """
    recording = load(path)
    watch: _Watch = _Once(expected) if one_look else _Engine(expected)
    looks = [list(group) for _, group in groupby(recording.answers, key=lambda answer: answer.look)]
    for number, look in enumerate(looks):
        for line in look:
            watch.take(line, recording.began + line.t)
        yield watch.said(look[-1].t, recording.began + look[-1].t)
        if restarted is not None and number == int(restarted * len(looks)):
            watch.start_again()


class _Watch(Protocol):
    """Times are seconds: `at` since 1970, `t` since the recording began."""

    def take(self, line: Answer, at: float) -> None: ...

    def said(self, t: float, at: float) -> Said: ...

    def start_again(self) -> None: ...


class _Engine:
    """The judge of the engine, and the state of the link that the poller keeps."""

    def __init__(self, expected: Iterable[str]) -> None:
        self._now = 0.0
        self._link = Link()
        self._policy = Policy(expected=tuple(expected))
        self._judge = Judge(self._send, lambda: self._now, self._policy)

    def _send(self, query: Query[Any]) -> None:
        """Nothing can be asked any more."""

    def take(self, line: Answer, at: float) -> None:
        self._now = at
        query = query_of(line.target)
        if query is None:
            return
        read = _read(line, query)
        if isinstance(read, FlinkError):
            self._judge.failed(query, read)
            self._link = after_error(self._link, read, at, 0.0, DEFAULT_REFRESH)
        else:
            self._judge.arrived(query, read, at)
            self._link = after_answer(self._link, at, 0.0)

    def said(self, t: float, at: float) -> Said:
        self._now = at
        error = self._link.error
        self._judge.round(silent_for(self._link, at), error.reason if error is not None else "")
        judged = self._judge.judged
        return Said(t, judged.verdicts, judged.findings)

    def start_again(self) -> None:
        """Another judge takes up what the journal keeps; it asks anew for all that it wants to know."""
        before, now = self._judge, 1000.0 * self._now
        kept = {job: encode(one) for job, one in before.of_jobs() if not one.is_empty}
        kept["cluster"] = encode(before.of_cluster())
        kept["link"] = encode(OfLink(at=now, answered=now))
        self._judge = Judge(self._send, lambda: self._now, self._policy)
        self._judge.restore(decode(kept, now))
        self._judge.answers = before.answers
        listed = before.answers.newest(JOBS_OVERVIEW)
        if listed is not None:
            self._judge.arrived(JOBS_OVERVIEW(), listed.value, listed.at / 1000.0)


class _Once:
    """`flinktop status`, looking for as long as the recording."""

    def __init__(self, expected: Iterable[str]) -> None:
        self._answers = Answers()
        self._judge = JudgeOnce("", (), expected)

    def take(self, line: Answer, at: float) -> None:
        query = query_of(line.target)
        if query is None:
            return
        read = _read(line, query)
        if isinstance(read, FlinkError):
            self._answers.fail(query, read)
        else:
            self._answers.take(query, read, 1000.0 * at)

    def said(self, t: float, at: float) -> Said:
        self._answers.now = 1000.0 * at
        listed = self._answers.newest(JOBS_OVERVIEW)
        jobs = listed.value.jobs if listed is not None else ()
        self._judge.judge(self._answers, jobs, {job.jid for job in jobs}, coarse=False)
        verdicts = self._judge.verdicts
        absent = [finding for one in verdicts if not one.state for finding in one.findings]
        return Said(t, {one.job: one for one in verdicts if one.state}, (*self._judge.findings, *absent))

    def start_again(self) -> None:
        raise NotImplementedError("it looks once")


def _read(line: Answer, query: Query[Any]) -> Any:
    """What was answered, or the error that it is."""
    if line.status == NO_ANSWER:
        return (TimedOut if line.text == TIMED_OUT else Unreachable)("GET", line.target, line.text)
    if line.status == 404:
        return NotFound("GET", line.target, status=line.status)
    if line.status == 503:
        return NotReady("GET", line.target, status=line.status)
    if line.status != 200:
        return FlinkError("GET", line.target, status=line.status)
    try:
        return decode_answer(line.text.encode(), query).value
    except DecodeError as error:
        return FlinkError("GET", line.target, str(error))


def query_of(target: str) -> Query[Any] | None:
    """The query of a target; None if flinktop knows no such endpoint."""
    path, _, parameters = target.partition("?")
    for pattern, endpoint in _endpoints():
        if (found := pattern.fullmatch(path)) is not None:
            ids = {name: unquote(value) for name, value in found.groupdict().items()}
            return endpoint(**ids, **dict(parse_qsl(parameters)))
    return None


@cache
def _endpoints() -> tuple[tuple[re.Pattern[str], Endpoint[Any]], ...]:
    """Those without ids first: "overview" is no job."""
    found: dict[str, Endpoint[Any]] = {}
    for module in pkgutil.iter_modules(flink.__path__):
        for value in vars(importlib.import_module(f"{flink.__name__}.{module.name}")).values():
            if isinstance(value, Endpoint):
                found.setdefault(value.path, value)
    paths = sorted(found, key=lambda path: (path.count("{"), path))
    return tuple((re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), found[path]) for path in paths)
