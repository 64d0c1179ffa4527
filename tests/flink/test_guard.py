"""What read-only refuses."""

import pytest

from flinktop.flink.connection import acts


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get", "QUERY"])
def test_every_verb_but_get_acts(method: str) -> None:
    assert acts(method, "jobs")


@pytest.mark.parametrize(
    "line",
    [
        "jobs/a/yarn-cancel",
        "jobs/a/yarn-stop",
        "/base/path/jobs/a/yarn-cancel?x=y",
        "v1/jobs/a/yarn-cancel/",
        "jobs//a//yarn-cancel",
        "jobs/a/%79arn-cancel",
        "jobs/a/%2579arn-cancel",
        "jobs/a%2Fyarn-stop",
        "jobs/a/YARN-CANCEL",
        "jobs/a/yarn-cancel;v=1",
        "jars/x.jar/plan",
        "jars/x.jar/plan?entry-class=a",
        "/v1/jars/x.jar/plan/",
        "jars/a/b/../plan",
        "jars/x%2Fplan",
    ],
)
def test_gets_that_act(line: str) -> None:
    assert acts("GET", line)


@pytest.mark.parametrize(
    "line",
    [
        "jobs",
        "jobs/a/plan",
        "jars",
        "jobs/overview",
        "jobs/a/metrics?get=yarn-cancel",
        "config",
        "",
        "jobs/a/checkpoints/config",
    ],
)
def test_gets_that_only_look(line: str) -> None:
    assert not acts("GET", line)
