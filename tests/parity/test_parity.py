"""Every part of the Web UI and every request has its place and a test that is there; none is left out."""

import ast
import functools
from pathlib import Path

import pytest

from tests.flink.catalogue import endpoints, template
from tests.flink.test_catalogue import READS, WRITES
from tests.parity.requests import REQUESTS
from tests.parity.web_ui import FIXTURES, PARTS

REPOSITORY = Path(__file__).parents[2]
PARTS_OF_THE_WEB_UI = 43
"""In 2.3, with a line for each table, tab or form, and one for what it does not have."""
TESTS = sorted({test for entry in PARTS for test in entry.tests} | {request.test for request in REQUESTS})


@functools.cache
def functions_of(file: str) -> frozenset[str]:
    """The names of a file's test functions."""
    tree = ast.parse((REPOSITORY / file).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in tree.body if isinstance(node, kinds) and "test" in node.name)


def test_the_table_of_the_web_ui_is_whole() -> None:
    assert len({part.name for part in PARTS}) == len(PARTS) == PARTS_OF_THE_WEB_UI
    for part in PARTS:
        assert part.where, part.name
        assert part.tests, part.name
        assert set(part.releases) <= set(FIXTURES), part.name
        assert part.releases, part.name


def test_the_table_of_requests_is_that_of_the_client() -> None:
    lines = [request.line for request in REQUESTS]
    assert len(set(lines)) == len(lines) == len(READS) + len(WRITES) == 49
    assert set(lines) == {f"GET {path}" for path in READS} | set(WRITES)
    for line in set(lines) - set(WRITES):
        assert template(line.split()[1]) in endpoints()
    assert all(request.where for request in REQUESTS)


def test_every_request_is_sent_to_a_real_flink_but_one_that_none_answers() -> None:
    recorded = [request.line for request in REQUESTS if request.test.split("/")[1] != "live"]
    assert recorded == ["GET /jobs/:jobid/rescaling/:triggerid"]


@pytest.mark.parametrize("node", TESTS)
def test_each_test_that_is_named_is_there(node: str) -> None:
    file, _, name = node.partition("::")
    assert name in functions_of(file)
