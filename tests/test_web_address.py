"""Addresses of the pages that Flink's Web UI has for a job."""

import pytest

from flinktop.addresses import ShownJob, shown_job

JOB = "0123456789abcdef0123456789abcdef"
VERTEX = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"


@pytest.mark.parametrize(
    ("route", "shown"),
    [
        # 1.16+
        (f"/job/running/{JOB}/overview", ShownJob(JOB)),
        (f"/job/running/{JOB}", ShownJob(JOB)),
        (f"/job/completed/{JOB}/exceptions", ShownJob(JOB, "exceptions")),
        (f"/job/running/{JOB}/checkpoints", ShownJob(JOB, checkpoints=True)),
        (f"/job/running/{JOB}/timeline", ShownJob(JOB, "timeline")),
        (f"/job/running/{JOB}/timeline/{VERTEX}", ShownJob(JOB, "timeline")),
        (f"/job/running/{JOB}/configuration", ShownJob(JOB, "configuration")),
        (f"/job/completed/{JOB}/cluster_configuration", ShownJob(JOB, "configuration")),
        (f"/job/running/{JOB}/dataskew", ShownJob(JOB)),
        (f"/job/running/{JOB}/overview/{VERTEX}/backpressure", ShownJob(JOB, vertex=VERTEX)),
        (f"/job/running/{JOB}/overview/{VERTEX}", ShownJob(JOB, vertex=VERTEX)),
        # 1.9 to 1.15
        (f"/job/{JOB}/overview", ShownJob(JOB)),
        (f"/job/{JOB}/exceptions", ShownJob(JOB, "exceptions")),
        (f"/job/{JOB}/overview/{VERTEX}/detail", ShownJob(JOB, vertex=VERTEX)),
        # The UI before it
        (f"/jobs/{JOB}", ShownJob(JOB)),
        (f"/jobs/{JOB}/config", ShownJob(JOB, "configuration")),
        (f"/jobs/{JOB}/checkpoints/overview", ShownJob(JOB, checkpoints=True)),
        (f"/job/running/{JOB.upper()}/overview/", ShownJob(JOB)),
        (f"/job/running/{JOB}/overview?refresh=1", ShownJob(JOB)),
    ],
)
def test_a_page_of_a_job(route: str, shown: ShownJob) -> None:
    for address in ("http://h:8081/", "h:8081", "https://rm/proxy/application_1/"):
        assert shown_job(f"{address}#{route}") == shown


@pytest.mark.parametrize(
    "address",
    [
        "http://h:8081",
        "http://h:8081/#/overview",
        "http://h:8081/#/job/running",
        "http://h:8081/#/job/running/77",
        f"http://h:8081/#/job/{JOB}0/overview",
        f"http://h:8081/#/task-manager/{JOB}/metrics",
        f"http://h:8081/job/running/{JOB}/overview",
        "prod",
    ],
)
def test_no_job_is_shown(address: str) -> None:
    assert shown_job(address) is None
