"""A flinktop that is killed at any moment leaves a whole journal, with all that it knew to be written."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flinktop.engine.journal.event import Question
from tests.depth import in_depth
from tests.engine.journal.given import event, failure, is_whole, opened

ROOT = Path(__file__).parents[3]

# Adds numbered events as they come, and prints which was known last to be on the disk.
WRITER = """
import random, sys, time
from pathlib import Path
from flinktop.engine.clock import Clock
from flinktop.engine.journal import journal as module
from flinktop.engine.journal.event import Question
from tests.engine.journal.given import *
path, most = Path(sys.argv[1]), int(sys.argv[2])
chance = random.Random(sys.argv[3])
module.GATHER_SECONDS = 0.01
one = module.Journal(path, Clock(), most_bytes=most)
one.start()
written = -1
for number in range(1, 1_000_000):
    one.add([event(number, job=f"{number % 97:032x}")])
    if chance.random() < 0.3:
        one.add([failure(number, group=str(chance.randrange(99)), stack=chance.randbytes(1000).hex())])
    if chance.random() < 0.1:
        one.keep_jobs([known(f"{number % 97:032x}", restarts=number)])
        one.keep("alert", CLUSTER, str(number % 7), bytes(300))
        one.looked(CLUSTER, number)
    seen = one.seen(Question(kinds=(EventKind.JOB_STATE,), most=1))
    if seen is not None and seen.events:
        written = int(seen.events[0].key.split()[1])
    print(written, flush=True)
    time.sleep(chance.random() / 500)
"""


def write_until_killed(path: Path, most: int, lines: int) -> int:
    """The highest number that was known to be on the disk when it was killed."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(most), str(lines)], stdout=subprocess.PIPE, cwd=ROOT
    ) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(lines)]
        child.kill()
        # What was printed before it died is part of what it knew.
        said += child.stdout.readlines()
        assert child.wait(30) == -signal.SIGKILL
    return max(int(line) for line in said if line.endswith(b"\n"))


@pytest.mark.deep
@pytest.mark.parametrize("seed", in_depth(range(50), range(3), range(3, 10)))
def test_killed_at_any_moment(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "journal.db"
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    # Every third bound is so small that it is killed while rows are removed, too.
    most = (64 << 20, 64 << 20, 256 << 10)[seed % 3]
    known = write_until_killed(path, most, chance.randrange(20, 300))
    journal = opened(path)
    journal.add([event(5_000_000), failure(5_000_001)])
    assert is_whole(path)
    numbers = sorted(int(one.key.split()[1]) for one in journal.read(Question(most=10**6)) if not one.group)
    assert numbers.pop() == 5_000_000
    assert journal.notices == ()
    # Nothing lacks before the last that is there, but what the bound or the limit of a day has removed.
    assert max(numbers, default=-1) >= known
    if most > 1 << 20 and numbers and numbers[-1] < 97 * 200:
        assert numbers == list(range(1, numbers[-1] + 1))
    journal.close(1.0)
