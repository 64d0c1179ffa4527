"""Queries: identity, encoding, and cutting up what would not fit into a request line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.flink.endpoint import Endpoint, fill, target
from flinktop.flink.metrics import JOB_METRICS, SUBTASKS_METRICS

PLAIN = Endpoint("jobs/{job}/vertices/{vertex}", str)


def test_a_query_is_a_key() -> None:
    assert PLAIN(job="a", vertex="b") == PLAIN(vertex="b", job="a")
    assert hash(PLAIN(job="a", vertex="b", x=1, y=2)) == hash(PLAIN(job="a", vertex="b", y=2, x=1))
    assert PLAIN(job="a", vertex="b") != PLAIN(job="b", vertex="a")


@pytest.mark.parametrize(
    "given_ids", [{}, {"job": "a"}, {"job": "a", "vertex": ""}, {"job": "a", "vertex": None}]
)
def test_a_missing_id_is_a_type_error(given_ids: dict[str, str | None]) -> None:
    with pytest.raises(TypeError, match="vertex"):
        PLAIN(**given_ids)


def test_ids_are_encoded() -> None:
    assert PLAIN(job="../..", vertex="a b/c?d#e%").target == "jobs/..%2F../vertices/a%20b%2Fc%3Fd%23e%25"
    assert fill("jars/{jar}", jar="x y.jar") == "jars/x%20y.jar"


def test_parameters_are_encoded_but_commas_part_a_list() -> None:
    query = JOB_METRICS(job="j", get=["(x>1)_&_y", "0.a"])
    assert query.target == "jobs/j/metrics?get=%28x%3E1%29_%26_y,0.a"
    assert JOB_METRICS(job="j", flag=True, none=None, number=3).target == "jobs/j/metrics?flag=true&number=3"
    assert target("a", (("b c", "d+e"),)) == "a?b%20c=d%2Be"


def test_a_short_query_is_one_request() -> None:
    query = SUBTASKS_METRICS(job="j", vertex="v", get=["a", "b"], agg=["min", "max"])
    assert query.parts() == (query,)


@given(st.lists(st.text(min_size=1, max_size=60).filter(lambda name: "," not in name), max_size=400))
def test_a_long_query_loses_nothing_and_fits(names: list[str]) -> None:
    query = SUBTASKS_METRICS(job="j" * 32, vertex="v" * 32, get=names, agg="sum")
    parts = query.parts()
    asked = [name for part in parts for name in dict(part.params)["get"].split(",")]
    assert asked == names
    assert all(len(part.target) <= 3500 for part in parts)
    assert all(dict(part.params)["agg"] == "sum" for part in parts)


def test_an_empty_get_asks_for_nothing() -> None:
    assert JOB_METRICS(job="j", get=[]).parts() == ()
    assert JOB_METRICS(job="j").parts() == (JOB_METRICS(job="j"),)


def test_an_id_too_long_for_any_request_is_left_out() -> None:
    (part,) = JOB_METRICS(job="j", get=["a", "x" * 5000, "b"]).parts()
    assert part.target == "jobs/j/metrics?get=a,b"
