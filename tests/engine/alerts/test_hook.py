"""The command of alerts: real processes, those that behave and those that don't."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flinktop.engine.alerts.alert import Alert, Call, Change
from flinktop.engine.alerts.hook import HookRunner, Limits, Run, merged
from flinktop.engine.clock import Clock
from tests.engine.alerts.given import CLUSTER, WALL, finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

URL = "http://flink.test:8081"
PATIENCE = 20.0


def call(*jobs: str, change: Change = Change.RAISED) -> Call:
    alerts = tuple(
        Alert(cluster=CLUSTER, target="prod", job=job, job_name=job, finding=finding(), raised=WALL)
        for job in jobs
    )
    return Call(change, alerts, WALL)


def wait_until(happened: Callable[[], bool]) -> None:
    """Wait for another process: nothing tells of it."""
    pace, deadline = threading.Event(), time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it does not happen"
        pace.wait(0.005)


@pytest.fixture
def runners() -> Iterator[list[HookRunner]]:
    made: list[HookRunner] = []
    yield made
    for one in made:
        one.close(0.0, PATIENCE)


@pytest.fixture
def run(runners: list[HookRunner]) -> Callable[..., HookRunner]:
    """Hand calls to a command and wait until all have been made."""

    def do(command: list[str], *calls: Call, seconds: float = PATIENCE, at_once: int = 2) -> HookRunner:
        limits = Limits(seconds=seconds, at_once=at_once, burst=100, every=0.01)
        runner = HookRunner(command, Clock(), limits=limits)
        runners.append(runner)
        runner.put(calls or (call("a1"),), URL)
        wait_until(lambda: runner.is_idle)
        return runner

    return do


def shell(script: str, *words: str) -> list[str]:
    return ["sh", "-c", script, "sh", *words]


def sentences(runner: HookRunner) -> list[str]:
    return [one.sentence for one in runner.problems]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (ProcessLookupError, FileNotFoundError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_the_command_gets_the_document_on_its_input(run: Callable[..., HookRunner], tmp_path: Path) -> None:
    runner = run(shell('cat >> "$1"', str(tmp_path / "got")), call("a1"), call("a1", change=Change.CLEARED))
    documents = [json.loads(line) for line in (tmp_path / "got").read_text().splitlines()]
    assert [(one["event"], one["job"]["id"], one["url"]) for one in documents] == [
        ("raised", "a1", URL),
        ("cleared", "a1", URL),
    ]
    assert runner.problems == ()


def test_no_shell_reads_the_arguments(run: Callable[..., HookRunner], tmp_path: Path) -> None:
    script = "import sys; open(sys.argv[1], 'w').write(repr(sys.argv[2:]))"
    words = ["$(touch evil)", "; touch evil", "a b", ""]
    run([sys.executable, "-c", script, str(tmp_path / "got"), *words])
    assert (tmp_path / "got").read_text() == repr(words)


def test_nothing_of_the_cluster_or_of_our_secrets_is_in_its_environment(
    run: Callable[..., HookRunner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLINKTOP_TOKEN", "secret")
    monkeypatch.setenv("MY_OWN", "kept")
    script = shell(
        'env > "$1"; tr "\\0" " " < /proc/$$/cmdline > "$2"', str(tmp_path / "env"), str(tmp_path / "words")
    )
    run(script, call("evil-job-name"))
    around = (tmp_path / "env").read_text()
    assert "MY_OWN=kept" in around
    assert "FLINKTOP" not in around
    assert "evil-job-name" not in around + (tmp_path / "words").read_text()


def test_it_has_no_terminal(run: Callable[..., HookRunner], tmp_path: Path) -> None:
    script = 'import os, sys; open(sys.argv[1], "w").write(f"{os.getsid(0) == os.getpid()} {os.isatty(1)}")'
    run([sys.executable, "-c", script, str(tmp_path / "got")])
    assert (tmp_path / "got").read_text() == "True False"


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["/no/such/command"], "The command /no/such/command was not found."),
        (["no-such-command-at-all"], "The command no-such-command-at-all was not found."),
        ([os.devnull], "The command /dev/null could not be started: Permission denied."),
        (shell("exit 3"), "The command sh ended with status 3."),
        (
            shell("echo first >&2; echo 'curl: (6) no such host' >&2; echo >&2; exit 6"),
            "The command sh ended with status 6: curl: (6) no such host.",
        ),
        (shell("kill -9 $$"), "The command sh was ended by signal 9."),
        (
            shell("printf 'token=abcdef \\033[31mred' >&2; exit 1"),
            "The command sh ended with status 1: token=******.",
        ),
        (["a\0b"], "The command a\ufffdb could not be started: embedded null byte."),
    ],
    ids=["absent path", "absent name", "not executable", "status", "last line", "signal", "secret", "null"],
)
def test_a_failure_is_a_sentence(run: Callable[..., HookRunner], command: list[str], sentence: str) -> None:
    assert sentences(run(command)) == [sentence]


def test_the_same_failure_is_counted(run: Callable[..., HookRunner]) -> None:
    runner = run(shell("exit 3"), *(call(f"{number}") for number in range(5)))
    (problem,) = runner.problems
    assert problem.count == 5


def test_what_hangs_is_killed_with_its_children(run: Callable[..., HookRunner], tmp_path: Path) -> None:
    script = (
        'trap "" TERM INT HUP; sleep 600 & echo $! $$ > "$1"; echo waiting >&2; while :; do sleep 600; done'
    )
    runner = run(shell(script, str(tmp_path / "pids")), seconds=0.3)
    assert sentences(runner) == ["The command sh did not end within 0.3 s and was killed: waiting."]
    pids = [int(word) for word in (tmp_path / "pids").read_text().split()]
    wait_until(lambda: not any(map(alive, pids)))


def test_what_it_leaves_running_is_killed(run: Callable[..., HookRunner], tmp_path: Path) -> None:
    runner = run(shell('sleep 600 & echo $! > "$1"', str(tmp_path / "pid")))
    assert runner.problems == ()
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: not alive(pid))


def test_one_that_never_reads_its_input_blocks_nothing(run: Callable[..., HookRunner]) -> None:
    many = call(*(f"{number}" for number in range(1000)))
    assert run(shell("exit 0"), many).problems == ()
    assert run(shell("exec <&-; exit 0"), many).problems == ()


def test_one_that_floods_its_output_is_read_slowly_and_killed(run: Callable[..., HookRunner]) -> None:
    runner = run(shell("yes flood >&2 & yes; echo"), seconds=0.5)
    assert sentences(runner) == ["The command sh did not end within 0.5 s and was killed: flood."]


def test_not_more_than_two_at_once(run: Callable[..., HookRunner], tmp_path: Path) -> None:
    script = 'echo + >> "$1"; sleep 0.1; echo - >> "$1"'
    run(shell(script, str(tmp_path / "log")), *(call(f"{number}") for number in range(6)))
    running, most = 0, 0
    for line in (tmp_path / "log").read_text().split():
        running += 1 if line == "+" else -1
        most = max(most, running)
    assert most == 2


def test_changes_of_one_alert_do_not_overtake_each_other(
    run: Callable[..., HookRunner], tmp_path: Path
) -> None:
    calls = [call("a1", change=change) for change in (Change.RAISED, Change.CLEARED) * 2]
    script = 'sleep 0.0$(( $$ % 5 )); cat >> "$1"'
    run(shell(script, str(tmp_path / "got")), *calls)
    events = [json.loads(line)["event"] for line in (tmp_path / "got").read_text().splitlines()]
    assert events == ["raised", "cleared", "raised", "cleared"]


def test_what_is_beyond_the_rate_is_one_summary(runners: list[HookRunner], tmp_path: Path) -> None:
    limits = Limits(burst=2, every=0.4)
    runner = HookRunner(shell('cat >> "$1"', str(tmp_path / "got")), Clock(), limits=limits)
    runners.append(runner)
    for number in range(12):
        runner.put((call(f"{number}"),), URL)
    wait_until(lambda: runner.is_idle)
    documents = [json.loads(line) for line in (tmp_path / "got").read_text().splitlines()]
    assert sum(one.get("count", 1) for one in documents) == 12, "nothing is lost"
    assert len(documents) == 3


def test_merging_keeps_the_order_of_each_alert() -> None:
    raised, cleared = Change.RAISED, Change.CLEARED
    runs = [
        Run(call(job, change=change), URL)
        for job, change in [
            ("a", raised),
            ("b", raised),
            ("a", cleared),
            ("c", raised),
            ("a", raised),
            ("b", cleared),
        ]
    ]
    runs.append(Run(call("d"), "http://other:8081"))
    found = merged(runs)
    assert [(str(one.call.change), [alert.job for alert in one.call.alerts]) for one in found] == [
        ("raised", ["a", "b", "c"]),
        ("cleared", ["a", "b"]),
        ("raised", ["a"]),
        ("raised", ["d"]),
    ]


def test_leaving_kills_what_runs_and_begins_nothing_more(tmp_path: Path) -> None:
    limits = Limits(at_once=1, burst=100)
    runner = HookRunner(
        shell('echo $$ > "$1"; exec sleep 600', str(tmp_path / "pid")), Clock(), limits=limits
    )
    runner.put((call("a1"), call("b2"), call("c3")), URL)
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n"))
    assert [one.alerts[0].job for one in runner.take_back(URL)] == ["b2", "c3"]
    runner.close(0.0, PATIENCE)
    assert runner.is_idle
    assert not alive(int((tmp_path / "pid").read_text()))
    assert sentences(runner) == ["The command sh was ended because flinktop was left."]


def test_a_command_that_is_about_to_end_may(tmp_path: Path) -> None:
    runner = HookRunner(
        shell('echo > "$1"; read _; cat > "$2" </dev/null; exit 0', str(tmp_path / "a"), str(tmp_path / "b")),
        Clock(),
    )
    runner.put((call("a1"),), URL)
    wait_until((tmp_path / "a").exists)
    runner.close(PATIENCE, PATIENCE)
    assert (tmp_path / "b").exists()
    assert runner.problems == ()


def test_a_signal_to_flinktops_group_does_not_reach_it(
    run: Callable[..., HookRunner], tmp_path: Path
) -> None:
    run(shell('ps -o pgid= -p $$ > "$1"', str(tmp_path / "group")))
    assert int((tmp_path / "group").read_text()) != os.getpgid(0)
    assert signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL
