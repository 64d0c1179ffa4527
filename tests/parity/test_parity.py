"""Every part of the Web UI and every request has its place and a test that is there; none is left out."""

import ast
import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.flink.catalogue import endpoints, recorded, template
from tests.flink.test_catalogue import READS, WRITES
from tests.parity.releases import module, parametrised, releases_of
from tests.parity.requests import REQUESTS
from tests.parity.web_ui import FIXTURES, PARTS, Part

REPOSITORY = Path(__file__).parents[2]
PARTS_OF_THE_WEB_UI = 43
"""In 2.3, with a line for each table, tab or form, and one for what it does not have."""
TESTS = sorted({test for entry in PARTS for test in entry.tests} | {request.test for request in REQUESTS})


@pytest.fixture(scope="module", autouse=True)
def _parsed_files_are_released() -> Iterator[None]:
    """A hundred thousand objects, among which garbage would be looked for until the end."""
    yield
    module.cache_clear()


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


def test_requests_are_told_of_the_releases_that_their_tests_run_on() -> None:
    for request in REQUESTS:
        found, stated = releases_of(request.test), frozenset(request.releases)
        if found is None:
            # What is computed there are the releases that answers were recorded from.
            endpoint = request.line.split()[1]
            found = frozenset(
                release for release in FIXTURES if any(one.endpoint == endpoint for one in recorded(release))
            )
        assert stated, request.line
        assert stated < found if request.fewer else stated == found, request.line


@pytest.mark.deep
def test_parts_are_told_of_the_releases_that_have_them_and_their_tests_run_on() -> None:
    """What is parametrised has to be stated; what a test writes out besides may be for another reason."""

    def having(part: Part, found: Callable[[str], frozenset[str] | None]) -> set[str]:
        run = {release for test in part.tests for release in found(test) or ()}
        return {release for release in run if tuple(int(one) for one in release.split(".")[:2]) >= part.since}

    for part in PARTS:
        assert having(part, parametrised) <= set(part.releases) <= having(part, releases_of), part.name
        assert all(releases_of(test) for test in part.tests), part.name


def test_what_a_test_runs_on_is_read_from_its_source() -> None:
    """From a decorator, a fixture of the module or of conftest.py, or words; what is marked long is out."""
    ends = frozenset({"1.9.3", "2.3.0"})
    live = frozenset({"1.9.3", "1.20.5", "2.3.0"})
    assert releases_of("tests/live/test_every_screen.py::test_every_screen_and_tab_tells_something") == ends
    assert releases_of("tests/live/test_acts.py::test_jars_come_and_go") == live
    assert releases_of("tests/live/test_monitor.py::test_jobs_are_found_opened_and_left") == live
    assert releases_of("tests/ui/test_job.py::test_a_job_opens_with_all_its_vertices") == frozenset(FIXTURES)
    assert releases_of("tests/ui/test_confirm.py::test_a_job_is_stopped_by_keys_alone") == frozenset(
        {"1.20.5"}
    )
    assert releases_of("tests/parity/test_parity.py::test_the_table_of_the_web_ui_is_whole") is None
