"""Which job is meant."""

import pytest

from flinktop.flink.jobs import JobOverview
from flinktop.headless.args import Ended
from flinktop.headless.find_act import find_job

JOBS = (
    JobOverview("aaaa1" + "0" * 27, "orders", "RUNNING"),
    JobOverview("aaaa2" + "0" * 27, "orders", "CANCELED"),
    JobOverview("bbbb1" + "0" * 27, "twice", "RUNNING"),
    JobOverview("bbbb2" + "0" * 27, "twice", "RUNNING"),
    JobOverview("cccc1" + "0" * 27, "a", "FAILED"),
    JobOverview("cccc2" + "0" * 27, "", "FINISHED"),
    JobOverview("dddd1" + "0" * 27, "aaaa1", "RUNNING"),
    JobOverview("eeee1" + "0" * 27, "eeee1", "RUNNING"),
)


@pytest.mark.parametrize(
    ("what", "found"),
    [
        ("aaaa1" + "0" * 27, 0),
        ("AAAA1" + "0" * 27, 0),
        ("aaaa2", 1),
        ("AAAA10", 0),
        ("orders", 0),
        ("a", 4),
        ("cccc2", 5),
        ("bbbb10", 2),
        ("dddd", 6),
        # The beginning of its own id is its name, too.
        ("eeee1", 7),
    ],
)
def test_the_matching_job(what: str, found: int) -> None:
    assert find_job(JOBS, what) is JOBS[found]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("twice", "'twice' matches 2 jobs: twice (bbbb1"),
        ("bbbb", "matches 2 jobs"),
        ("cccc", "matches 2 jobs: a (cccc1"),
        # A name and the beginning of another job's id: neither is preferred.
        (
            "aaaa1",
            f"'aaaa1' matches 2 jobs: aaaa1 (dddd1{'0' * 27}, RUNNING), orders (aaaa1{'0' * 27}, RUNNING)",
        ),
        # One of them lives: that is no reason to take it.
        ("aaaa", "'aaaa' matches 2 jobs: orders (aaaa1"),
        ("ddd", "'ddd' is too short: an id prefix needs 4 characters or more; it matches aaaa1 (dddd1"),
        ("nope", "no such job 'nope'; orders (aaaa1"),
        ("", "no such job ''"),
    ],
)
def test_no_match_and_several_matches_are_named(what: str, said: str) -> None:
    with pytest.raises(Ended) as raised:
        find_job(JOBS, what)
    assert said in str(raised.value)


def test_an_empty_cluster_and_a_full_one() -> None:
    with pytest.raises(Ended, match=r"no such job 'x'$"):
        find_job((), "x")
    many = [JobOverview(f"{number:032x}", "same", "RUNNING") for number in range(30)]
    with pytest.raises(Ended, match=r"matches 30 jobs: .* and 22 more$"):
        find_job(many, "same")
