"""Options of the tests."""

import pytest
from hypothesis import settings

# How long one example takes depends on what else the machine does: a slow one is no fault.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--write-goldens`: what screens look like now is what they shall look like."""
    parser.addoption("--write-goldens", action="store_true", help="write the goldens of the UI anew")


@pytest.fixture
def write_goldens(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--write-goldens"))
