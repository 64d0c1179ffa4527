"""A command whose login is refused tries once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flinktop.command_line import read_args
from flinktop.flink.connection import Connection, Secret
from flinktop.headless.act import run_act
from flinktop.headless.args import UNREACHABLE, ActArgs
from flinktop.settings import Profile
from tests.headless.served import served


@pytest.mark.parametrize(
    "secret",
    [Secret("value", "hush"), Secret("command", "date +%N")],
    ids=["that stays", "that is another each time"],
)
def test_a_refused_login_is_sent_once(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    secret: Secret,
) -> None:
    asked: list[str] = []

    def refuses(method: str, target: str, _body: bytes) -> tuple[int, Any]:
        asked.append(f"{method} {target}")
        return 401, {"message": "who are you"}

    with served(tmp_path) as at:
        monkeypatch.setattr(at.jobmanager, "_answer", refuses)
        words = read_args(["cancel", "orders", "--yes"])[3]
        assert isinstance(words, ActArgs)
        profile = Profile("prod", Connection(at.url, token=secret), None, None)
        assert run_act(profile, tmp_path / "operations.db", words) == UNREACHABLE
    assert asked == ["GET config"]
    told = capsys.readouterr().err
    assert "401 Unauthorized: who are you" in told
    assert "press r" not in told


def test_a_command_s_secret_is_read_once_for_the_look_and_the_act(tmp_path: Path) -> None:
    with served(tmp_path) as at:
        words = read_args(["cancel", "orders [v1]", "--yes"])[3]
        assert isinstance(words, ActArgs)
        runs = tmp_path / "runs"
        token = Secret("command", f"echo x >> {runs}; echo hush")
        profile = Profile("prod", Connection(at.url, token=token), None, None)
        assert run_act(profile, tmp_path / "operations.db", words) == 0
    assert runs.read_text() == "x\n"
