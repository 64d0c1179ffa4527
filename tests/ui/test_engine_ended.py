"""An engine that can't be started, or ends by itself: a sentence and an exit code, no monitor that hangs."""

from __future__ import annotations

from pathlib import Path

import pytest

from flinktop.engine.engine import Engine
from flinktop.flink.connection import Connection
from flinktop.settings import Paths, Profile, Settings
from flinktop.ui.app import run
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import monitor


def test_an_engine_that_can_not_be_started_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_self: Engine) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(Engine, "start", broken)
    settings = Settings(
        profiles=(),
        default=None,
        theme="dark",
        ascii=False,
        no_color=False,
        mouse=False,
        debug=False,
        paths=Paths(tmp_path / "config.toml", tmp_path, tmp_path / "flinktop.log"),
        notes=(),
    )
    profile = Profile("here", Connection("http://flink.test:8081"), None, None)
    assert run(settings, profile, transport=FixtureCluster("1.20.5")) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "flinktop: the engine could not be started: OSError(24, 'Too many open files')\n"


@pytest.mark.parametrize("noticed", ["news", "second"])
async def test_a_monitor_whose_engine_has_ended_leaves(noticed: str) -> None:
    async with monitor() as day:
        codes: list[int] = []
        day.app.on_exit = codes.append
        day.port.failure = "the engine ended by itself: SystemExit(3)"
        day.app.on_facts_changed() if noticed == "news" else day.app.tick()
        day.app.tick()
        assert codes == [1]
        assert day.app.return_code == 1
        assert "the engine ended by itself" in str(day.app._exit_renderables[0])
