"""README.txt of a bundle: what each file is, when and of what it was made, and what could not be included."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.bundle.collection import moment
from flinktop.bundle.contents import FILES
from flinktop.bundle.verdict_part import verdict_in
from flinktop.flink.text import clean
from flinktop.headless.status_json import links_on
from flinktop.model import format as fmt
from flinktop.model.redaction import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flinktop.bundle.collection import Subject
    from flinktop.bundle.contents import File, Gap
    from flinktop.bundle.first_failure import FirstFailure
    from flinktop.headless.status_report import Status
    from flinktop.judgement.finding_links import WrittenLink
    from flinktop.judgement.verdict import Verdict

WIDTH: Final = 100
_MOST_SAID: Final = 400  # gaps and notes that are listed


class About(Struct, frozen=True, kw_only=True):
    """What the README says besides the files; times in ms since 1970."""

    subject: Subject
    version: str  # of flinktop
    release: str  # of the cluster; "" if it is not known
    made: float  # by this machine's clock
    now: float | None  # by the cluster's, when the job was asked for
    zone: float  # the cluster's offset from UTC (s)
    status: Status | None
    first: FirstFailure | None
    gaps: Sequence[Gap]
    notes: Sequence[str]


def lines(about: About, files: Sequence[File]) -> Iterator[str]:
    """The whole text."""
    subject = about.subject
    yield "flinktop incident bundle"
    yield ""
    yield from _pair("job", f"{subject.name} ({subject.job})")
    address = "" if subject.cluster in subject.url else f"  {subject.url}"
    release = f"  Flink {about.release}" if about.release else "  Flink release unknown"
    yield from _pair("cluster", f"{subject.url if not address else subject.cluster}{address}{release}")
    yield from _pair("made", f"{moment(about.made)} by flinktop {about.version}")
    if about.now is not None:
        yield from _pair("cluster time", f"{moment(about.now)}; its logs are in {_zone(about)}")
    if (verdict := verdict_in(about.status)) is not None:
        state = f"{verdict.state}; " if verdict.state else ""
        yield from _pair("verdict", f"{state}{verdict.severity}: {verdict.words}")
        if about.status is not None:
            yield from _links(about.status, verdict, subject.links)
    if about.first is not None:
        newest = (
            f"; the newest one {moment(about.first.newest)}" if about.first.newest > about.first.at else ""
        )
        yield from _pair("first failure", f"{moment(about.first.at)}{newest}")
    yield ""
    yield "Files"
    bodies = {one.kind.name: len(one.body) for one in files}
    for kind in FILES:
        if kind.name in bodies or kind.part is None:
            size = fmt.size(bodies[kind.name]) if kind.name in bodies else ""
            yield f"  {kind.name:27}{size:>7}  {kind.words}".rstrip()
    yield ""
    yield "Not in this bundle"
    yield from (
        _said([f"{gap.what}: {gap.why}" for gap in about.gaps]) if about.gaps else ("  (nothing is missing)",)
    )
    if about.notes:
        yield ""
        yield "Notes"
        yield from _said(about.notes)
    yield ""
    yield from wrap(
        f"What looks like a secret is replaced by {HIDDEN}: values of names such as password, token or key, "
        "logins in addresses, private keys. Anything else can't be told from other text: look through the "
        "files before you pass them on.",
        WIDTH,
    )
    yield "Times are in UTC, in logs in the time zone of their process."


def _links(status: Status, verdict: Verdict, written: Sequence[WrittenLink]) -> Iterator[str]:
    """The links of the config that belong to the findings of the job, each once; an address is not broken."""
    found = links_on(status.clusters[0], written, status.at)
    links = dict.fromkeys(one for finding in verdict.findings for one in found(finding, verdict) or ())
    for one in links:
        yield f"{'link':15}{clean(one.name)}: {one.url}"


def _zone(about: About) -> str:
    seconds = (about.now or 0.0) / 1000.0
    return fmt.offset_name(about.zone, seconds)


def _pair(label: str, words: str) -> Iterator[str]:
    head, *more = wrap(clean(words), WIDTH - 15, break_on_hyphens=False) or [""]
    yield f"{label:15}{head}"
    yield from (f"{'':15}{line}" for line in more)


def _said(sentences: Sequence[str]) -> Iterator[str]:
    for one in sentences[:_MOST_SAID]:
        head, *more = wrap(clean(one), WIDTH - 4, break_on_hyphens=False) or [""]
        yield f"  - {head}"
        yield from (f"    {line}" for line in more)
    if len(sentences) > _MOST_SAID:
        yield f"  - and {len(sentences) - _MOST_SAID} more"
