"""What is wrong with the job: the document of `flinktop status` about it, and the same in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.bundle.collection import merged
from flinktop.bundle.contents import VERDICT_JSON, VERDICT_TEXT, Gap, Made
from flinktop.headless.status_json import as_object
from flinktop.headless.status_report import ClusterStatus, Look, Status
from flinktop.headless.status_text import lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flinktop.bundle.collection import Collection
    from flinktop.engine.judge import Judged
    from flinktop.judgement.finding_links import WrittenLink
    from flinktop.judgement.verdict import Verdict


def status_of(
    collection: Collection, judged: Judged | None, verdict: Verdict | None, at: float
) -> Status | None:
    """What a monitor knows of the job at a time (ms since 1970) as a report; None if it knows too little."""
    if judged is None or verdict is None:
        return None
    subject = collection.subject
    cluster = ClusterStatus(
        target=subject.cluster,
        url=subject.url,
        release=collection.features.version or None,
        look=Look.CLOSE,
        findings=judged.findings,
        verdicts=(verdict,),
        at=at,
    )
    return Status(at=at, clusters=(cluster,))


def verdict_in(status: Status | None) -> Verdict | None:
    """The verdict on the job."""
    verdicts = (one for cluster in status.clusters for one in cluster.verdicts) if status is not None else ()
    return next(iter(verdicts), None)


async def make(collection: Collection) -> Made:
    """The files of the verdict."""
    status = collection.status
    if status is None:
        return Made(gaps=(Gap("verdict", "too little is known of the job yet"),))
    gaps = tuple(
        Gap("verdict", f"the cluster can't be asked: {one.error}") for one in status.clusters if one.error
    )
    if not gaps and verdict_in(status) is None:
        gaps = (Gap("verdict", "the cluster does not list the job"),)
    return merged(
        Made(gaps=gaps),
        await collection.text(VERDICT_TEXT, _lines(status, collection.subject.links)),
        await collection.json(VERDICT_JSON, as_object(status, collection.subject.links)),
    )


def _lines(status: Status, links: Sequence[WrittenLink]) -> Iterator[str]:
    verdict = verdict_in(status)
    if verdict is not None:
        yield f"{verdict.name}  {verdict.state}  {verdict.severity}: {verdict.words}"
        yield ""
    yield from lines(status, explain=True, links=links)
