"""Leases: of several flinktops with one journal one calls, and another as soon as that one is gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flinktop.engine import kept_file
from flinktop.engine.clock import Clock
from flinktop.engine.journal.journal import Journal
from flinktop.engine.journal.leases import Leases
from flinktop.engine.owner import Owner
from flinktop.flink.connection import cluster_key
from tests.engine.journal.given import CLUSTER, event, jump, later, opened, raw
from tests.manual_clock import ManualClock

DAY = 86_400.0
HOOKS = f"hooks {cluster_key(CLUSTER)}"
"""The name of the lease in the file."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_file, "BUSY_SECONDS", 0.0)


class Processes:
    """Flinktops with one journal; those in `ended` run no more."""

    def __init__(self, path: Path) -> None:
        self.clock = ManualClock()
        self.ended: set[int] = set()
        self._path = path

    def open(self, pid: int, machine: str = "here") -> Journal:
        owner = Owner(machine, pid, f"t{pid}")
        return opened(self._path, self.clock, leases=Leases(owner, lambda pid: pid not in self.ended))

    def beat(self, *journals: Journal, seconds: float = 2.0) -> list[bool]:
        """Let time pass; who holds the lease then."""
        later(self.clock, seconds)
        return [one.lease("hooks", CLUSTER) for one in journals]


@pytest.fixture
def at(path: Path) -> Processes:
    return Processes(path)


def test_one_holds_it_as_long_as_it_runs(at: Processes) -> None:
    first, second = at.open(1), at.open(2)
    assert at.beat(first, second) == [True, False]
    for _ in range(20):
        assert at.beat(first, second) == [True, False]


def test_names_are_leases_of_their_own(at: Processes) -> None:
    first, second = at.open(1), at.open(2)
    assert first.lease("hooks", CLUSTER)
    assert second.lease("terminal", CLUSTER)
    assert not second.lease("hooks", CLUSTER)
    assert not first.lease("terminal", CLUSTER)


def test_it_is_given_up_at_the_end(at: Processes) -> None:
    first, second = at.open(1), at.open(2)
    assert at.beat(first, second) == [True, False]
    first.close(1.0)
    assert at.beat(second) == [True]


def test_it_is_taken_over_at_once_when_the_process_has_ended(at: Processes) -> None:
    first, second = at.open(1), at.open(2)
    assert at.beat(first, second) == [True, False]
    at.ended.add(1)
    assert at.beat(second) == [True]


def test_it_is_taken_over_after_ten_seconds_when_the_owner_does_nothing(at: Processes) -> None:
    hung, second = at.open(1), at.open(2)
    assert at.beat(hung, second) == [True, False]
    assert [at.beat(second)[0] for _ in range(6)] == [False] * 5 + [True] or at.beat(second) == [True]
    # The one that hung knows at once, and does not take it back.
    assert [at.beat(hung, second) for _ in range(3)] == [[False, True]] * 3


def test_who_hangs_believes_in_it_no_longer_than_others(at: Processes) -> None:
    hung = at.open(1)
    assert at.beat(hung) == [True]
    later(at.clock, 9.0)
    assert not hung._leases.held(HOOKS, at.clock.now())


def test_of_another_machine_only_its_silence_is_seen(at: Processes) -> None:
    there, here = at.open(7, "there"), at.open(2)
    at.ended.add(7)
    assert at.beat(there, here) == [True, False]
    assert at.beat(here) == [False]
    for _ in range(6):
        at.beat(here)
    assert at.beat(here) == [True]


@pytest.mark.parametrize("by", [-400 * DAY, -60.0, 60.0, 400 * DAY])
def test_a_clock_that_jumps_changes_nothing(at: Processes, by: float) -> None:
    first, second = at.open(1), at.open(2)
    assert at.beat(first, second) == [True, False]
    jump(at.clock, by)
    for _ in range(10):
        assert at.beat(second, first) == [False, True]
    jump(at.clock, -2 * by)
    at.ended.add(1)
    assert at.beat(second) == [True]


def test_a_malformed_lease_is_taken(at: Processes, path: Path) -> None:
    at.open(1).add([event(1)])
    with raw(path) as file:
        file.execute("INSERT INTO leases VALUES (?, x'ff', 'often')", (HOOKS,))
    assert at.beat(at.open(2)) == [True]


def test_a_name_of_nobodys_process_is_taken_after_ten_seconds(at: Processes, path: Path) -> None:
    at.open(1).add([event(1)])
    with raw(path) as file:
        file.execute("INSERT INTO leases VALUES (?, 'who knows', 5)", (HOOKS,))
    second = at.open(2)
    assert at.beat(second) == [False]
    for _ in range(6):
        at.beat(second)
    assert at.beat(second) == [True]


def test_who_holds_it_keeps_it_while_the_file_is_locked(at: Processes, path: Path) -> None:
    first, second = at.open(1), at.open(2)
    assert at.beat(first, second) == [True, False]
    with raw(path) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        for _ in range(10):
            assert at.beat(first, second) == [True, False]
        at.ended.add(1)
        assert at.beat(second) == [True]
    at.ended.clear()
    for _ in range(60):
        at.beat(second)
    assert at.beat(second) == [True]


def test_without_a_file_everybody_calls(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    at = Processes(tmp_path / "state" / "journal.db")
    assert at.beat(at.open(1), at.open(2)) == [True, True]


def test_the_thread_renews_it(path: Path) -> None:
    journal = Journal(path, Clock())
    journal.start()
    while not journal.lease("hooks", CLUSTER):
        pass
    other = opened(path)
    assert not other.lease("hooks", CLUSTER)
    journal.close(10.0)
    with raw(path) as file:
        assert file.execute("SELECT count(*) FROM leases").fetchone() == (0,)


def test_a_process_that_was_killed_holds_nothing(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.engine.journal.given import *\n"
        "print(opened(Path(sys.argv[1])).lease('hooks', CLUSTER), flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"True\n"
        assert not opened(path).lease("hooks", CLUSTER)
        child.kill()
        child.wait(30)
    assert opened(path).lease("hooks", CLUSTER)
