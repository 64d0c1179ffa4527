"""`flinktop demo` on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from flinktop import cli
from flinktop.cli import main
from flinktop.command_line import UsageError, read_args
from flinktop.demo.names import SHOWS
from flinktop.settings import Flags

if TYPE_CHECKING:
    from pathlib import Path

    from flinktop.settings import Profile


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("line", "scenario", "flags"),
    [
        ("demo", None, Flags()),
        ("demo wide-job", "wide-job", Flags()),
        ("demo skew --flink 1.9.3 --ascii", "skew", Flags(flink="1.9.3", ascii=True)),
        ("--flink 1.9.3 demo skew", "skew", Flags(flink="1.9.3")),
    ],
)
def test_words(line: str, scenario: str | None, flags: Flags) -> None:
    assert read_args(line.split())[:3] == ("demo", scenario, flags)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("demo skew healthy", "only one SCENARIO is allowed: unexpected argument 'healthy'"),
        ("demo --user bob", "--user is for opening a cluster, not for 'demo'"),
        ("clusters --flink 2.3.0", "--flink is for 'demo', not for 'clusters'"),
    ],
)
def test_words_that_do_not_go_together(line: str, told: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_args(line.split())
    assert told in str(raised.value)


def test_an_unknown_scenario_is_answered_with_all_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "helthy"]) == 2
    told = capsys.readouterr().err
    assert "unknown scenario 'helthy'; did you mean 'healthy'?" in told
    assert all(name in told for name in SHOWS)


def test_an_unknown_release_is_answered_with_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--flink", "0.9"]) == 2
    assert "must be 2.3.0, 1.20.5, 1.14.6 or 1.9.3, not '0.9'" in capsys.readouterr().err


def test_help_describes_each_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["demo", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert all(f"{name}: {shows}" in told for name, shows in SHOWS.items())


def test_the_monitor_is_opened_on_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: dict[str, Any] = {}

    def run(_settings: object, profile: Profile, **given: Any) -> int:
        opened.update(given, profile=profile, past=list(given["past"]))
        return 0

    monkeypatch.setattr("flinktop.ui.app.run", run)
    monkeypatch.setattr(cli, "_at_a_terminal", lambda: True)
    assert main(["demo", "backpressure", "--flink", "1.20.5"]) == 0
    world = opened["transport"].world
    assert (world.scenario, world.version) == ("backpressure", "1.20.5")
    assert opened["profile"].demo
    assert opened["past"]
