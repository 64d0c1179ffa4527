"""Which verdicts on the recordings are right: what each job was made to do is what must be said of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flinktop.judgement.finding import Culprit, Finding, Severity
from tests.judgement.play import Said, play
from tests.judgement.recording import CASES

if TYPE_CHECKING:
    from flinktop.judgement.verdict import Verdict
    from tests.judgement.labels import Label

AFTER = 2.0
"""Seconds that a look takes: one that began before a label holds is not judged by it."""


@dataclass(frozen=True)
class Score:
    """What was said of a recording, held against its label."""

    label: Label
    wrong: str | None
    """What is wrong with it, in a sentence; None if it is right."""

    @property
    def hidden(self) -> bool:
        """Whether it is not looked at while rules are written: a third, by its name."""
        return is_hidden(self.label.file)


def is_hidden(file: str) -> bool:
    return int(hashlib.sha256(file.encode()).hexdigest(), 16) % 3 == 0


def score(
    labels: tuple[Label, ...], *, one_look: bool = False, restarted: float | None = None
) -> list[Score]:
    """The scores of all labels, each recording played once; see `play`."""
    said: dict[str, list[Said]] = {}
    found = []
    for label in labels:
        if label.file not in said:
            expected = {name for one in labels if one.file == label.file for name in one.expect}
            said[label.file] = list(
                play(CASES / label.file, expected=sorted(expected), one_look=one_look, restarted=restarted)
            )
        others = {one.kind for one in labels if one.file == label.file and one.of_cluster}
        found.append(Score(label, wrong(label, said[label.file], of_cluster=others)))
    return found


def wrong(label: Label, said: list[Said], *, of_cluster: set[str]) -> str | None:
    """What is wrong with what was said; `of_cluster`: findings of the cluster that are labelled."""
    until = label.until if label.until is not None else float("inf")
    judged = [one for one in said if label.at <= one.at - AFTER and one.at - AFTER <= until] or said[-1:]
    for one in judged:
        if (fault := _wrong_now(label, one)) is not None:
            return f"after {one.at:.0f} s: {fault}"
    for one in said:
        for finding in one.findings:
            if str(finding.kind) not in of_cluster and finding.severity.rank < Severity.INFO.rank:
                return f"after {one.at:.0f} s, of the cluster: {finding.words}"
    return None


def _wrong_now(label: Label, said: Said) -> str | None:
    if label.of_cluster:
        same = [one for one in said.findings if str(one.kind) == label.kind]
        if not same:
            return f"the cluster has {', '.join(one.words for one in said.findings) or 'no finding'}"
        return _wrong_finding(label, same[0])
    verdict = _of_job(label, said, said)
    if verdict is None:
        return "there is no verdict"
    if verdict.kind != label.kind:
        return f"{verdict.severity} {verdict.words}"
    return _wrong_finding(label, verdict.findings[0]) if verdict.findings else None


def _wrong_finding(label: Label, finding: Finding) -> str | None:
    culprit: Culprit = finding.culprit
    if label.severity is not None and finding.severity != label.severity:
        return f"it is {finding.severity}: {finding.words}"
    if label.vertex is not None and not (culprit.vertex_name or "").startswith(label.vertex):
        return f"the culprit is {culprit.vertex_name}: {finding.words}"
    if label.subtasks is not None and set(culprit.subtasks) != set(label.subtasks):
        return f"its subtasks are {culprit.subtasks}: {finding.words}"
    if label.taskmanager and not culprit.taskmanager:
        return f"no TaskManager is named: {finding.words}"
    return None


def _of_job(label: Label, said: Said, last: Said) -> Verdict | None:
    """The verdict on the labelled job: the one in its state at the end, else the only or newest one."""
    jobs = [
        job for job, one in last.verdicts.items() if label.state is None or one.state == label.state
    ] or list(last.verdicts)
    return said.verdicts.get(jobs[-1]) if jobs else None
