from pathlib import Path

import pytest

from flinktop.local.gateway import SqlGateway, _reason
from flinktop.local.processes import StartFailed, write_configuration
from tests.local.conftest import SleepingJava, script


class JavaException:
    """As py4j hands one over."""

    def __init__(self, message: str | None, cause: "JavaException | None" = None) -> None:
        self._message = message
        self._cause = cause

    def getMessage(self) -> str | None:  # noqa: N802  Java's name
        return self._message

    def getCause(self) -> "JavaException | None":  # noqa: N802  the same
        return self._cause

    def getClass(self) -> "JavaException":  # noqa: N802  the same
        return self

    def getSimpleName(self) -> str:  # noqa: N802  the same
        return "SomeException"


def test_reason_says_each_thing_once() -> None:
    inner = JavaException("From line 1: Column 'x' not found")
    outer = JavaException("SQL validation failed. From line 1: Column 'x' not found\n\tat java.lang…", inner)
    assert _reason(outer) == "SQL validation failed. From line 1: Column 'x' not found"


def test_reason_of_an_exception_without_words() -> None:
    assert _reason(JavaException("Failed to execute sql", JavaException(None))) == (
        "Failed to execute sql: SomeException"
    )


def test_reason_of_causes_that_never_end() -> None:
    loop = JavaException("again")
    loop._cause = loop
    assert _reason(loop) == "again"


def test_gateway_that_ends_at_once(java: SleepingJava, tmp_path: Path) -> None:
    script(java.home.java, "echo 'no such class' >&2\nexit 1")
    conf = write_configuration(java.home, tmp_path / "cluster", 1)
    with pytest.raises(StartFailed, match="no such class"), SqlGateway(java.home, conf):
        raise AssertionError("it was entered")


def test_gateway_that_never_opens_its_port_is_ended(java: SleepingJava, tmp_path: Path) -> None:
    gateway = SqlGateway(java.home, write_configuration(java.home, tmp_path / "cluster", 1))
    gateway.start()
    java.started(1)
    with pytest.raises(StartFailed, match="did not start within 0 s"):
        gateway.connect(0)
    gateway.close()
    java.wait_until_all_ended()
    gateway.close()
