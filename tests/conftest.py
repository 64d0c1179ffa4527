"""Options of the tests."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--write-goldens`: what screens look like now is what they shall look like."""
    parser.addoption("--write-goldens", action="store_true", help="write the goldens of the UI anew")


@pytest.fixture
def write_goldens(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--write-goldens"))
