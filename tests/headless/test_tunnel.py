"""The commands for scripts through a tunnel: they wait for it, say what is wrong, leave nothing."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.headless.served import Served, served
from tests.headless.watch_process import WatchProcess
from tests.tunnel.standing import StandIn, wait_until


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as at:
        yield at


def through(at: Served, directory: Path, day: str = "well") -> StandIn:
    """A cluster "prod" of the config behind a tunnel."""
    stand_in = StandIn(directory, int(at.url.rpartition(":")[2]), day)
    at.configure(f'default = "prod"\n[clusters.prod]\nurl = "http://jobmanager:8081"\n{stand_in.toml}')
    return stand_in


@pytest.mark.deep
def test_status_waits_for_it_and_leaves_nothing(at: Served, tmp_path: Path) -> None:
    stand_in = through(at, tmp_path, "slow")
    done = at.flinktop("status", "--wait", "0", at_home=True)
    assert done.out.startswith("prod  http://jobmanager:8081  Flink "), done.err
    assert stand_in.running == []
    assert len(stand_in.starts) == 1


@pytest.mark.deep
def test_status_says_what_is_wrong_with_it(at: Served, tmp_path: Path) -> None:
    stand_in = through(at, tmp_path, "denied")
    done = at.flinktop("status", "--wait", "0", at_home=True)
    assert done.code == 3
    assert (
        "can't be asked: the tunnel to prod ended (255): me@bastion: Permission denied (publickey)"
        in done.out
    )
    assert stand_in.running == []


@pytest.mark.deep
@pytest.mark.parametrize(
    "words",
    [
        ("savepoint", "orders [v1]", "--yes"),
        ("cancel", "orders [v1]", "--yes"),
        ("stop", "orders [v1]", "--yes"),
        ("bundle", "orders [v1]", "--output", "b.zip", "--wait", "0"),
    ],
)
@pytest.mark.parametrize("day", ["well", "denied"])
def test_every_command_goes_through_it(at: Served, tmp_path: Path, words: tuple[str, ...], day: str) -> None:
    stand_in = through(at, tmp_path, day)
    words = tuple(str(tmp_path / word) if word == "b.zip" else word for word in words)
    done = at.flinktop(*words, at_home=True)
    assert stand_in.running == []
    assert len(stand_in.starts) == 1
    if day == "well":
        assert done.code == 0, done.err
    else:
        assert done.code == 3
        assert "the tunnel to prod ended (255): me@bastion: Permission denied (publickey)" in done.err
        assert at.jobmanager.acts() == []


@pytest.mark.deep
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_watcher_keeps_it_open_and_ends_it(at: Served, tmp_path: Path, number: signal.Signals) -> None:
    stand_in = through(at, tmp_path)
    with WatchProcess(at.home) as watcher:
        watcher.wait_for("ready")
        stand_in.kill()
        wait_until("it is back", lambda: len(stand_in.starts) == 2, 10.0)
        watcher.process.send_signal(number)
        watcher.process.wait(10.0)
        stand_in.wait_until_gone()
