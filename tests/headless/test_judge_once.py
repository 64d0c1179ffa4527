"""What is said of a job of very many that there was no room to look at."""

from __future__ import annotations

import pytest

from flinktop.engine.answers import Answers
from flinktop.flink.cluster import CONFIG, Config
from flinktop.flink.errors import Refused
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW, JobOverview, JobsOverview
from flinktop.flink.metrics import JOB_METRICS, Metric
from flinktop.headless.judge_once import JudgeOnce
from flinktop.judgement.finding import Severity

NOW = 1_700_000_000_000.0
MINUTE = 60_000.0


def said(
    *, state: str = "RUNNING", restarts: float | None = None, uptime: float = MINUTE
) -> tuple[str, Severity]:
    job = JobOverview(jid="a", name="a", state=state, tasks={"total": 2, "running": 2})
    answers = Answers()
    answers.now = NOW
    answers.take(CONFIG(), Config(flink_version="1.12.7"), NOW)  # it runs no adaptive scheduler by itself
    answers.take(JOBS_OVERVIEW(), JobsOverview((job,)), NOW)
    if restarts is not None:
        found = (Metric("numRestarts", str(restarts)), Metric("uptime", str(uptime)))
        answers.take(JOB_METRICS(job="a", get=("numRestarts", "uptime")), found, NOW)
    answers.fail(JOB(job="a"), Refused("GET", "/jobs/a", "not requested: 300 requests are the limit"))
    judge = JudgeOnce("prod", (), ())
    judge.judge(answers, (job,), (), coarse=True)
    (verdict,) = judge.verdicts
    return verdict.kind, verdict.severity


@pytest.mark.parametrize("state", ["RESTARTING", "FAILING"])
def test_the_list_says_that_it_restarts(state: str) -> None:
    assert said(state=state) == ("restarting", Severity.WARNING)


def test_its_counter_and_its_uptime_say_that_it_has_restarted() -> None:
    assert said(restarts=7.0) == ("restarting", Severity.WARNING)


def test_what_nothing_is_known_of_is_unknown() -> None:
    assert said() == ("unknown", Severity.UNKNOWN)
    assert said(restarts=7.0, uptime=30 * MINUTE) == ("unknown", Severity.UNKNOWN)
