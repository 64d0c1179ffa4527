"""The table of endpoints and releases at the end of a test run; certificates for TLS."""

from pathlib import Path

import pytest

from tests.flink.catalogue import endpoints, good, recorded, releases, template
from tests.flink.sites import make_certificate


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Endpoint by release: how many answers were decoded, `-` where the release does not have it."""
    ran = [
        report
        for report in terminalreporter.getreports("passed")
        if "test_decodes_without_drift" in report.nodeid
    ]
    if not ran:
        return
    decoded = {report.nodeid.partition("[")[2].rstrip("]") for report in ran}
    terminalreporter.section("recorded answers decoded without drift")
    terminalreporter.write_line(f"{'':<78}" + "".join(f"{release:>8}" for release in releases()))
    for path, (_, endpoint) in sorted(endpoints().items(), key=lambda item: item[1][1].path):
        cells = []
        for release in releases():
            has = endpoint.since <= tuple(int(part) for part in release.split(".")[:2])
            here = [answer for answer in good(release) if template(answer.endpoint) == path]
            done = sum(answer.name in decoded for answer in here)
            refused = any(template(answer.endpoint) == path for answer in recorded(release))
            cells.append(str(done) if here else ("refused" if refused else "none") if has else "-")
        terminalreporter.write_line(f"{endpoint.path:<78}" + "".join(f"{cell:>8}" for cell in cells))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for this machine and its key."""
    return make_certificate(tmp_path_factory.mktemp("tls"), "localhost", "IP:127.0.0.1,DNS:localhost")


@pytest.fixture(scope="session")
def other_certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for another name and its key."""
    return make_certificate(tmp_path_factory.mktemp("tls"), "elsewhere", "DNS:flink.example")
