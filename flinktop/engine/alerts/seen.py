"""What a round of the judge has seen, as alerts need it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from flinktop.flink.text import clean
from flinktop.judgement.finding import OF_CLUSTER, Evidence, Finding, Kind, Severity
from flinktop.model import redaction, states

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flinktop.engine.alerts.state import Place
    from flinktop.engine.judge import Judged
    from flinktop.flink.jobs import JobOverview

MOST_EVIDENCE = 20  # pieces of evidence of a finding that are kept and sent
MOST_TEXT = 2000  # characters of each of its texts


class Found(Struct, frozen=True):
    """A finding, and whose it is."""

    finding: Finding
    job: str = ""  # id; "" for the cluster itself, and for a job that is missing
    job_name: str = ""

    @property
    def place(self) -> Place:
        return self.job or self.job_name, str(self.finding.kind)


class SeenJob(Struct, frozen=True):
    """A job that Flink lists."""

    name: str
    live: bool = True  # whether it has not ended
    known: bool = True  # whether it was judged, and all that takes could be read


class Seen(Struct, frozen=True, kw_only=True):
    """What a round has seen."""

    found: Mapping[Place, Found] = {}
    jobs: Mapping[str, SeenJob] = {}  # by id
    reachable: bool = True
    complete: bool = True  # whether every job that Flink lists was judged
    now: float | None = None  # by the cluster's clock, ms since 1970; None while that is not known


def seen(judged: Judged, listed: Mapping[str, JobOverview], now: float | None, *, reachable: bool) -> Seen:
    """What a round has seen of a cluster, at `now` (ms since 1970 by its clock, if that is known)."""
    found: dict[Place, Found] = {}
    for one in _found(judged):
        # The first of a kind is the worst. A culprit that moves is no new alert.
        found.setdefault(one.place, one)
    return Seen(
        found=found,
        jobs=_Jobs(judged, listed),
        reachable=reachable,
        complete=len(judged.verdicts) >= len(listed),
        now=now,
    )


class _Jobs(Mapping[str, SeenJob]):
    """The jobs of a cluster, each made when it is asked for: of thousands few are."""

    def __init__(self, judged: Judged, listed: Mapping[str, JobOverview]) -> None:
        self._verdicts = judged.verdicts
        self._listed = listed

    def __getitem__(self, jid: str) -> SeenJob:
        job, verdict = self._listed[jid], self._verdicts.get(jid)
        known = verdict is not None and verdict.kind != str(Severity.UNKNOWN)
        return SeenJob(job.name, not states.is_terminal(job.state), known)

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


def _found(judged: Judged) -> Iterator[Found]:
    for finding in judged.findings:
        if finding.kind in OF_CLUSTER:
            yield Found(finding)
        else:
            # The last id of a missing job changes when Flink forgets it; its name does not.
            job = finding.job if finding.kind is not Kind.JOB_MISSING else ""
            yield Found(finding, job, finding.job_name)
    for verdict in judged.verdicts.values():
        for finding in verdict.findings:
            yield Found(finding, verdict.job, verdict.name)


def kept(found: Found) -> Found:
    """A finding as it is kept and sent: bounded, cleaned, without secrets."""
    finding = found.finding
    return Found(
        replace(
            finding,
            words=_text(finding.words),
            next=_text(finding.next),
            evidence=tuple(_evidence(finding.evidence)),
        ),
        found.job,
        _text(found.job_name),
    )


def _evidence(evidence: Iterable[Evidence]) -> Iterator[Evidence]:
    for _, one in zip(range(MOST_EVIDENCE), evidence, strict=False):
        yield Evidence(
            _text(one.what), _text(one.value) if isinstance(one.value, str) else one.value, one.unit
        )


@lru_cache(200)
def _text(text: str) -> str:
    plain = redaction.text(clean(text))
    return plain if len(plain) <= MOST_TEXT else f"{plain[: MOST_TEXT - 1]}…"
