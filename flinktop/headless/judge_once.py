"""Judges one cluster over the looks of a command that does not go on looking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from flinktop.flink.jobs import JOB, JOBS_OVERVIEW, JobOverview
from flinktop.headless.find_job import find_jobs
from flinktop.judgement import rules as ruling
from flinktop.judgement.expected import judge_expected
from flinktop.judgement.lost import Running, lost_jobs
from flinktop.judgement.patterns import matches
from flinktop.judgement.remembered import cluster_memory, is_another, job_memory
from flinktop.judgement.verdict import Memory, Verdict, asks, cluster_asks, judge_cluster, judge_job
from flinktop.model import states
from flinktop.model.look import ClusterLook, JobLook, Taken, cluster_look, job_look

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from flinktop.engine.answers import Answers
    from flinktop.judgement.ask import Ask
    from flinktop.judgement.finding import Finding
    from flinktop.judgement.remembered import OfJob, Remembered
    from flinktop.judgement.rules import Rules


class JudgeOnce:
    """What is remembered of a cluster from look to look, and the newest verdicts."""

    def __init__(self, cluster: str, rules: Rules, expected: Iterable[str], job: str | None = None) -> None:
        """`rules` are all of the config file; `job` is what `--job` says."""
        self.verdicts: tuple[Verdict, ...] = ()
        self.findings: tuple[Finding, ...] = ()  # of the cluster itself
        self._name = cluster
        self._all_rules = rules
        self._rules = ruling.about(rules, cluster, None)
        self._expected = tuple(
            name for name in expected if job is None or matches(name, (job,)) or matches(job, (name,))
        )
        self._job = job
        self._memories: dict[str, Memory] = {}
        self._cluster = Memory()
        self._missing: dict[str, Memory] = {}
        self._running = Running()
        self._kept: dict[str, OfJob] = {}  # what a flinktop has remembered of jobs
        self._times: frozenset[float] = frozenset()  # since when, by what was remembered

    def restore(self, before: Remembered, now: float) -> None:
        """Take up what a flinktop has remembered, to be called before all else; `now` in ms since 1970."""
        self._kept = before.jobs
        standing = [one for job in before.jobs.values() for one in job.standing]
        if before.cluster is not None:
            self._cluster, self._missing, self._running = cluster_memory(before.cluster, now, one_look=True)
            standing += before.cluster.standing
            standing += [one for missing in before.cluster.missing.values() for one in missing]
        self._times = frozenset(one.first for one in standing)

    @property
    def remembered(self) -> Collection[str]:
        """The jobs of which a flinktop has found something, by their ids."""
        return self._kept.keys()

    def asks(self, answers: Answers, jobs: Iterable[JobOverview]) -> list[Ask]:
        """The closer looks that the cluster and these jobs need, first those that matter most."""
        found = list(cluster_asks(self._cluster_look(answers), self._cluster))
        for job in jobs:
            found += asks(self._job_look(answers, job), self._memory(job, answers.now))
        return sorted(found, key=lambda one: (one.rank, -one.size))

    def judge(
        self, answers: Answers, jobs: Iterable[JobOverview], closely: Collection[str], *, coarse: bool
    ) -> None:
        """Judge after a look; with `coarse` only the jobs in `closely` were looked at closely."""
        verdicts = [self._judge(answers, job, close=job.jid in closely, coarse=coarse) for job in jobs]
        look = self._cluster_look(answers)
        findings, self._cluster = judge_cluster(look, self._cluster, one_look=True, rules=self._rules)
        self.findings = self._timed(findings, self._cluster)
        self.verdicts = (*verdicts, *self._absent(answers), *self._lost(look))

    def _memory(self, job: JobOverview, now: float) -> Memory:
        memory = self._memories.get(job.jid)
        if memory is None:
            kept = self._kept.get(job.jid)
            memory = Memory()
            if kept is not None and not is_another(job, kept):
                memory = job_memory(kept, now, one_look=True)
            self._memories[job.jid] = memory
        return memory

    def _lost(self, look: ClusterLook) -> Iterator[Verdict]:
        """The jobs that a flinktop has seen running, and that are lost with their JobManager."""
        found, self._running = lost_jobs(look, self._running, one_look=True)
        for finding in found:
            name, job = finding.job_name, finding.job
            if self._job is not None and not find_jobs((JobOverview(jid=job, name=name),), self._job):
                continue
            for one in ruling.applied(self._rules_of(name), (finding,)):
                yield Verdict(
                    job=job,
                    name=name,
                    state="",
                    severity=one.severity,
                    kind=str(one.kind),
                    words=one.words,
                    findings=(one,),
                    at=look.now,
                )

    def _timed(self, findings: tuple[Finding, ...], memory: Memory) -> tuple[Finding, ...]:
        return without_our_times(findings, memory, remembered=self._times)

    def _judge(self, answers: Answers, job: JobOverview, *, close: bool, coarse: bool) -> Verdict:
        close = close or answers.newest(JOB, job=job.jid) is not None
        given_up = not close and answers.error(JOB, job=job.jid) is not None
        whole = close or given_up or job.state == "FAILED"
        verdict, memory = judge_job(
            self._job_look(answers, job) if whole else listed_look(answers, job),
            self._memory(job, answers.now),
            one_look=True,
            # A suspect that there was no room to look at is unknown, not healthy.
            coarse=coarse and not close and not given_up,
            rules=self._rules_of(job.name),
        )
        self._memories[job.jid] = memory
        if given_up and verdict.kind == "unknown" and verdict.findings:
            first = verdict.findings[0]
            words = f"{first.words}; it was not looked at closely"
            verdict = replace(verdict, severity=first.severity, kind=str(first.kind), words=words)
        return replace(verdict, findings=self._timed(verdict.findings, memory))

    def _absent(self, answers: Answers) -> tuple[Verdict, ...]:
        listed = answers.newest(JOBS_OVERVIEW)
        if listed is None or answers.features.history_server:
            return ()
        verdicts, self._missing = judge_expected(
            self._expected,
            Taken(listed.value.jobs, listed.at),
            answers.now,
            self._missing,
            one_look=True,
            rules={name: self._rules_of(name) for name in self._expected},
        )
        return tuple(
            replace(one, findings=self._timed(one.findings, self._missing[one.name])) for one in verdicts
        )

    def _rules_of(self, job: str) -> Rules:
        return ruling.about(self._all_rules, self._name, job)

    def _job_look(self, answers: Answers, job: JobOverview) -> JobLook:
        return job_look(answers, job, ruling.limits(self._rules_of(job.name)))

    def _cluster_look(self, answers: Answers) -> ClusterLook:
        return cluster_look(answers, ruling.limits(self._rules))


def is_suspicious(job: JobOverview) -> bool:
    """Whether the list of jobs alone shows that a job does not run as it should."""
    if states.is_terminal(job.state):
        return False
    running = job.tasks.get("running", 0) + job.tasks.get("finished", 0)
    return job.state != "RUNNING" or running < job.tasks.get("total", 0)


def without_our_times(
    findings: tuple[Finding, ...], memory: Memory, remembered: Collection[float] = ()
) -> tuple[Finding, ...]:
    """The findings, without a time where it is only that of our first look: it began at some time before.

    `remembered` are times at which a flinktop has found something first.
    """
    ours = {held.first for held in memory.held.values() if held.finding.since is None} - {*remembered}
    return tuple(replace(one, since=None) if one.since in ours else one for one in findings)


def listed_look(answers: Answers, job: JobOverview) -> JobLook:
    """A look at one of thousands of jobs of which the list says all."""
    error = answers.error(JOB, job=job.jid)
    return JobLook(
        listed=job,
        now=answers.now,
        features=answers.features,
        errors={JOB.path: error} if error is not None else {},
    )
