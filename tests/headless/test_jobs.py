"""Which job is meant."""

import pytest

from flinktop.flink.jobs import JobOverview
from flinktop.headless.jobs import NoSuchJob, find_job

JOBS = (
    JobOverview("a1" + "0" * 30, "orders", "RUNNING"),
    JobOverview("a2" + "0" * 30, "orders", "CANCELED"),
    JobOverview("b1" + "0" * 30, "twice", "RUNNING"),
    JobOverview("b2" + "0" * 30, "twice", "RUNNING"),
    JobOverview("c1" + "0" * 30, "a1", "FAILED"),
    JobOverview("c2" + "0" * 30, "", "FINISHED"),
)


@pytest.mark.parametrize(
    ("what", "found"),
    [
        ("a1" + "0" * 30, 0),
        ("A1" + "0" * 30, 0),
        ("a2", 1),
        ("orders", 0),
        ("a", 0),
        ("a1", 4),
        ("c2", 5),
        ("b10", 2),
    ],
)
def test_the_job_that_is_meant(what: str, found: int) -> None:
    assert find_job(JOBS, what) is JOBS[found]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("twice", "'twice' may mean 2 jobs: twice (b1"),
        ("b", "may mean 2 jobs"),
        ("c", "may mean 2 jobs: a1 (c1"),
        ("nope", "there is no job 'nope' on the cluster, but orders (a1"),
        ("", "there is no job ''"),
    ],
)
def test_none_and_several_are_named(what: str, said: str) -> None:
    with pytest.raises(NoSuchJob) as raised:
        find_job(JOBS, what)
    assert said in str(raised.value)


def test_an_empty_cluster_and_a_full_one() -> None:
    with pytest.raises(NoSuchJob, match=r"no job 'x' on the cluster$"):
        find_job((), "x")
    many = [JobOverview(f"{number:032x}", "same", "RUNNING") for number in range(30)]
    with pytest.raises(NoSuchJob, match=r"may mean 30 jobs: .* and 22 more$"):
        find_job(many, "same")
