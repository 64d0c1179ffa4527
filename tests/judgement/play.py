"""Plays a recording of real answers as flinktop would have judged them."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from flinktop import flink
from flinktop.engine.answers import Answers
from flinktop.flink.decode import DecodeError, decode_answer
from flinktop.flink.endpoint import Endpoint, Query
from flinktop.flink.errors import FlinkError, NotFound
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.judgement.finding import Finding
from flinktop.judgement.verdict import Memory, Verdict, judge_cluster, judge_job
from flinktop.model.look import cluster_look, job_look
from tests.judgement.recording import Answer, load


@dataclass(frozen=True)
class Said:
    """What was said after one look."""

    at: float  # seconds since the recording began
    verdicts: dict[str, Verdict]  # by job
    findings: tuple[Finding, ...]  # of the cluster


def play(path: Path, *, one_look: bool = False) -> Iterator[Said]:
    """What was said after each look of a recording."""
    recording = load(path)
    answers = Answers()
    memories: dict[str, Memory] = {}
    cluster = Memory()
    for _, group in groupby(recording.answers, key=lambda answer: answer.look):
        look = list(group)
        for answer in look:
            _take(answers, answer, recording.began + answer.t)
        answers.now = 1000.0 * (recording.began + look[-1].t)
        listed = answers.newest(JOBS_OVERVIEW)
        verdicts = {}
        for job in listed.value.jobs if listed is not None else ():
            before = memories.get(job.jid, Memory())
            verdict, memories[job.jid] = judge_job(job_look(answers, job), before, one_look=one_look)
            verdicts[job.jid] = verdict
        found, cluster = judge_cluster(cluster_look(answers), cluster, one_look=one_look)
        yield Said(look[-1].t, verdicts, found)


def _take(answers: Answers, line: Answer, at: float) -> None:
    query = query_of(line.target)
    if query is None:
        return
    if line.status == 404:
        answers.fail(query, NotFound("GET", line.target, status=line.status))
    elif line.status != 200:
        answers.fail(query, FlinkError("GET", line.target, status=line.status))
    else:
        try:
            value = decode_answer(line.text.encode(), query).value
        except DecodeError as error:
            answers.fail(query, FlinkError("GET", line.target, str(error)))
        else:
            answers.take(query, value, 1000.0 * at)


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
