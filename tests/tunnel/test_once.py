"""One run of a command: bounded in size and time, and never longer than flinktop."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from flinktop.tunnel.once import BY_SIGNAL, NOT_STARTED, Ended, Kept, Once
from tests.depth import in_depth
from tests.tunnel.standing import wait_until

PYTHON = (sys.executable, "-IS", "-c")
PRINTS = "import sys; sys.stdout.write('out'); sys.stderr.write('err'); sys.exit(3)"
MUCH = "import sys; sys.stdout.write('a' * 100_000 + 'z' * 100_000)"
SLEEPS = "import os, sys, time; print(os.getpid(), flush=True); time.sleep(3600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPS}"
HELD = f"""
import subprocess
held = subprocess.Popen({[*PYTHON, SLEEPS]!r}, start_new_session=True)
print(held.pid, flush=True)
"""
PROGRAM = """
import json, sys, threading
from flinktop.tunnel.once import Once
once = Once(json.loads(sys.stdin.readline()), seconds=60.0, most=1000)
threading.Thread(target=once.run, daemon=True).start()
exec(sys.stdin.readline())
"""


def ended(program: str, seconds: float = 10.0, most: int = 1000, kept: Kept = "beginning") -> Ended:
    return Once((*PYTHON, program), seconds=seconds, most=most, kept=kept).run()


def is_gone(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state in "ZX"


def test_what_it_prints_and_how_it_ends() -> None:
    assert ended(PRINTS) == Ended(3, b"out", b"err")


@pytest.mark.parametrize(("kept", "letter"), [("beginning", b"a"), ("end", b"z")])
def test_of_much_output_one_end_is_kept(kept: Kept, letter: bytes) -> None:
    assert ended(MUCH, kept=kept) == Ended(0, letter * 1000, b"", is_cut=True)


@pytest.mark.parametrize("program", in_depth([SLEEPS, STUBBORN], [SLEEPS]))
def test_one_that_takes_too_long_is_ended(program: str) -> None:
    result = ended(program, seconds=0.5)
    assert result.code is None
    assert is_gone(int(result.output))


def test_one_is_stopped_from_another_thread() -> None:
    once = Once((*PYTHON, SLEEPS), seconds=60.0, most=1000)
    threading.Timer(0.3, once.stop).start()
    assert once.run().code is None
    stopped_before = Once((*PYTHON, SLEEPS), seconds=60.0, most=1000)
    stopped_before.stop()
    assert stopped_before.run().code is None


def test_one_that_a_signal_ends() -> None:
    assert ended("import os; os.kill(os.getpid(), 9)").code == BY_SIGNAL + 9


def test_what_leaves_it_does_not_hold_it_open() -> None:
    result = ended(HELD)
    assert result.code == 0
    os.kill(int(result.output.split()[0]), signal.SIGKILL)


def test_no_such_program() -> None:
    result = Once(("/nowhere/kubectl",), seconds=5.0, most=10).run()
    assert result.code == NOT_STARTED
    assert b"No such file" in result.errors


@pytest.mark.parametrize("program", in_depth([SLEEPS, STUBBORN], [SLEEPS]))
@pytest.mark.parametrize(
    "last", in_depth(["os._exit(0)", "os.kill(os.getpid(), 9)"], ["os.kill(os.getpid(), 9)"])
)
def test_it_ends_with_flinktop(tmp_path: Path, program: str, last: str) -> None:
    file = tmp_path / "process"
    command = [
        *PYTHON,
        program.replace(
            "print(os.getpid(), flush=True)", f"open({str(file)!r}, 'w').write(str(os.getpid()))"
        ),
    ]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], text=True, cwd=Path(__file__).parents[2], stdin=subprocess.PIPE
    ) as user:
        assert user.stdin is not None
        user.stdin.write(f"{json.dumps(command)}\n")
        user.stdin.flush()
        wait_until("it runs", lambda: file.exists() and bool(file.read_text()), 10.0)
        user.stdin.write(f"import os; {last}\n")
        user.stdin.flush()
        user.wait(10.0)
    wait_until("it is gone", lambda: is_gone(int(file.read_text())), 5.0)
