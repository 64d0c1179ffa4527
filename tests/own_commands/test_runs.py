"""Programs of one's own: what they get, how they end, and that they end."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flinktop.own_commands.opener import open_address
from flinktop.own_commands.runs import Run, Runs
from tests.test_templates import HOSTILE

SECONDS = 20.0


def until(what: str, happened: Callable[[], bool]) -> None:
    deadline, pace = time.monotonic() + SECONDS, threading.Event()
    while not happened():
        assert time.monotonic() < deadline, what
        pace.wait(0.01)


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def ran(*words: str, **environ: str) -> Run:
    """A run to its end."""
    run = Run("it", words, background=False, began=0.0)
    run.follow({"PATH": os.environ["PATH"], **environ})
    return run


def test_a_program_gets_its_words_and_its_environment_as_they_are() -> None:
    told = "import os, sys; print(*sys.argv[1:], os.environ['FLINKTOP_JOB'], sep='\\0', end='')"
    words = [one for one in HOSTILE if "\n" not in one]
    run = ran(sys.executable, "-ISc", told, *words, FLINKTOP_JOB="-rf $(x)\n作")
    (line,) = run.output.lines()[:1]
    assert line.split("\ufffd")[: len(words)] == [word.replace("\t", " ") for word in words]
    assert run.output.last_line == "作"
    assert (run.code, run.sentence, run.failed) == (0, "it has ended.", False)


def test_a_pipe_that_closes_early_ends_who_writes() -> None:
    # The interpreter that starts it ignores the signal.
    assert ran("sh", "-c", "yes | head -1").output.lines() == ["y"]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (None, "The command ./no-such was not found."),
        (0o644, "The command ./no-such may not be run."),
        (0o755, "The command ./no-such is no program: a script begins with a line such as #!/bin/sh."),
    ],
)
def test_what_can_not_be_run_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: int | None, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if make is not None:
        Path("no-such").write_bytes(b"\0\1")
        Path("no-such").chmod(make)
    run = ran("./no-such")
    assert run.sentence == sentence
    assert run.failed


def test_a_name_that_is_in_no_directory_of_the_path_was_not_found() -> None:
    assert ran("flinktop-no-such-program").sentence == "The command flinktop-no-such-program was not found."


@pytest.mark.parametrize(
    ("script", "sentence"),
    [("exit 3", "it ended with status 3."), ("kill -9 $$", "it was ended by SIGKILL.")],
)
def test_how_it_ended_is_said(script: str, sentence: str) -> None:
    run = ran("sh", "-c", script)
    assert run.sentence == sentence
    assert run.failed


@pytest.mark.deep
@pytest.mark.parametrize("deaf", [False, True])
def test_what_never_ends_is_ended_with_all_that_it_started(*, deaf: bool) -> None:
    ended: list[Run] = []
    runs = Runs(ended.append)
    ignores = "trap '' TERM; " if deaf else ""
    run = Run("it", ("sh", "-c", f"{ignores}sleep 1000 & echo $! $$; wait; wait"), background=True, began=0.0)
    runs.start(run, os.environ)
    until("it tells its number", lambda: bool(run.output.last_line))
    pids = [int(word) for word in run.output.last_line.split()]
    assert all(map(lives, pids))
    assert runs.in_background == (run,)
    run.stop()
    until("it has ended", lambda: bool(ended))
    assert (run.sentence, run.failed) == ("it was ended.", False)
    until("they are gone", lambda: not any(map(lives, pids)))
    assert runs.running == ()


def test_all_are_killed_at_the_end() -> None:
    runs = Runs(lambda _run: None)
    each = [Run("it", ("sh", "-c", "trap '' TERM; echo $$; sleep 1000"), background=True, began=0.0)] * 1
    each.append(Run("it", ("sh", "-c", "trap '' TERM; echo $$; yes >/dev/null"), background=False, began=0.0))
    for run in each:
        runs.start(run, os.environ)
    until("they tell their numbers", lambda: all(run.output.last_line for run in each))
    pids = [int(run.output.last_line) for run in each]
    runs.close()
    until("they are gone", lambda: not any(map(lives, pids)))
    late = Run("late", ("sleep", "1000"), background=True, began=0.0)
    runs.start(late, os.environ)
    until("none runs", lambda: runs.running == ())


def test_what_it_leaves_running_does_not_hold_it_up() -> None:
    run = ran("sh", "-c", "sleep 1000 & echo $!")
    assert run.sentence == "it has ended."
    until("it is gone", lambda: not lives(int(run.output.last_line)))


_PARENT = """
import os, sys, threading
from flinktop.own_commands.runs import Run, Runs
run = Run("it", ("sh", "-c", "echo $$; exec sleep 1000"), background=True, began=0.0)
Runs(print).start(run, os.environ)
while not run.output.last_line:
    threading.Event().wait(0.01)
print(run.output.last_line, flush=True)
threading.Event().wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="of Linux")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_a_flinktop_that_is_killed(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert lives(pid)
        parent.send_signal(number)
    until("it is gone", lambda: not lives(pid))


@pytest.mark.deep
def test_of_a_flood_the_end_is_kept_and_it_can_be_ended() -> None:
    run = ran("sh", "-c", "yes | head -c 100000000; echo end")
    assert run.output.seen == 100_000_004
    assert run.output.last_line == "end"
    assert run.output.seen - run.output.dropped == 4 << 20
    endless = Run("it", ("yes",), background=False, began=0.0)
    thread = threading.Thread(target=endless.follow, args=(os.environ,))
    thread.start()
    until("it writes", lambda: endless.output.dropped > 0)
    endless.stop()
    thread.join(SECONDS)
    assert not endless.is_running


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("true", "https://x"), None),
        (("false", "https://x"), "The opener false ended with status 1."),
        (("no-such-opener", "https://x"), "The opener no-such-opener was not found."),
    ],
)
def test_an_opener_that_fails_says_so(words: tuple[str, ...], sentence: str | None) -> None:
    said: list[str] = []
    open_address(words, os.environ, said.append).join(SECONDS)
    assert said == ([] if sentence is None else [sentence])
