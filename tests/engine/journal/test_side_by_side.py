"""Several flinktops with one journal at the same time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flinktop.engine.journal.event import Question
from tests.engine.journal.given import CLUSTER, JOB, count, event, is_whole, opened
from tests.engine.journal.test_journal import words

ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


# How long one waits for another is for the machine to say, and what else it does.
WRITER = """
import sys; from pathlib import Path
from flinktop.engine import kept_file
from flinktop.engine.clock import Clock
from flinktop.engine.journal.journal import Journal
from tests.engine.journal.given import *
kept_file.BUSY_SECONDS = 100.0
path, own, each = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
one = Journal(path, Clock(), inline=True)
for number in range(each):
    # Both see the same failures, and each has events of its own.
    one.add([failure(number), event(number, key=f"{own} {number}", job=f"{own:032x}", at=NOW + number)])
one.close(100.0)
assert one.notices == (), one.notices
"""


@pytest.mark.deep
@pytest.mark.parametrize("each", [30, pytest.param(150, marks=pytest.mark.deep)])
def test_several_write_at_the_same_time(path: Path, each: int) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(own), str(each)], cwd=ROOT)
        for own in range(3)
    ]
    assert [one.wait(120) for one in started] == [0, 0, 0]
    journal = opened(path)
    (fails,) = journal.read(Question(job=JOB))
    assert fails.count == each
    for own in range(3):
        assert len(journal.read(Question(job=f"{own:032x}", most=1000))) == each
    assert count(path, "clusters") == 1
    assert is_whole(path)


def test_what_another_has_added_is_seen(path: Path) -> None:
    mine, other = opened(path), opened(path)
    mine.add([event(1)])
    assert mine.seen(Question()) is not None
    other.add([event(2)])
    seen = mine.seen(Question())
    assert seen is not None
    assert words(seen.events) == ["2", "1"]


def test_what_another_only_noted_is_not_read_again(path: Path) -> None:
    mine, other = opened(path), opened(path)
    mine.add([event(1)])
    before = mine.seen(Question())
    other.looked("http://prod:8081", 5.0)
    assert other.lease("hooks", CLUSTER)
    other.keep("alert", "http://prod:8081", "a", b"1")
    other.add([event(1)])
    assert mine.seen(Question()) is before
