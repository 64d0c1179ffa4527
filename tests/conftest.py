"""Options of the tests."""

import gc
import itertools
from collections.abc import Generator

import pytest
from hypothesis import settings

from tests import depth
from tests.live import groups

# How long one example takes depends on what else the machine does: a slow one is no fault. The same examples
# each time, so that a failure is the change's; `--hypothesis-profile=searching` looks for new ones.
settings.register_profile("searching", deadline=None)
settings.register_profile("same", deadline=None, derandomize=True, database=None)
settings.load_profile("same")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for garbage less often, and not among what has been imported and collected.

    That stays until the end. Eleven thousand tests and all modules were looked through again and again: a
    third of the time that the tests of the screens took.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000)
        gc.enable()


_ended = itertools.count(1)
FREEZE_EVERY = 100
"""Tests after which what is left is there to stay: modules, recordings, style sheets."""


def pytest_runtest_logfinish() -> None:
    """Look for garbage among what the last tests have left, and not there again."""
    if next(_ended) % FREEZE_EVERY == 0:
        gc.collect()
        gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, object, object]:
    """Live tests that share a cluster are one group: `--dist loadgroup` runs it in one worker, one by one."""
    for item in items:
        own = item.get_closest_marker("xdist_group")
        if own is None and isinstance(item, pytest.Function) and item.get_closest_marker("live"):
            item.add_marker(pytest.mark.xdist_group(groups.group_of(item)))
    depth.leave_out(items)
    items.sort(key=groups.turn_of)
    try:
        return (yield)
    finally:
        for item in items:
            groups.write_group(item)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests that try very many things have recorded as their figures."""
    told = [
        (report.nodeid.rpartition("::")[2], value)
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == "figures" and report.when == "call"
    ]
    if told:
        terminalreporter.section("what was tried")
        for test, value in sorted(told):
            terminalreporter.write_line(f"{test}: {value}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--write-goldens`: what screens look like now is what they shall look like."""
    parser.addoption("--write-goldens", action="store_true", help="write the goldens of the UI anew")


@pytest.fixture
def write_goldens(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--write-goldens"))
