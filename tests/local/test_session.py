import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from flinktop.local.directories import sweep
from flinktop.local.samples import FAILING, SAMPLES, SLOW, STEADY
from flinktop.local.session import LocalError, LocalFlink, LocalSession
from tests.local.conftest import PATIENCE, SleepingJava, run_python, script, settings_of, wait_for_end

# Stands for flinktop: starts a local Flink and waits for it.
FLINKTOP = """
import json, sys
from pathlib import Path
from flinktop.local.processes import FlinkHome
from flinktop.local.directories import sweep
from flinktop.local.session import LocalSession

told = json.loads(sys.argv[1])
home = FlinkHome(tuple(told["release"]), Path(told["lib"]), Path(told["java"]))
with LocalSession(home, lambda sentence: None, tls=told["tls"]) as flink:
    pass
"""


def parent_of(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:"))


def read_of(process: int, place: str) -> bytes:
    """What /proc holds of a process; there is nothing in the moment in which it becomes another program."""
    deadline = time.monotonic() + PATIENCE
    while not (found := Path(f"/proc/{process}/{place}").read_bytes()):
        assert time.monotonic() < deadline, f"process {process} has no {place}"
    return found


def enter(session: LocalSession) -> tuple[threading.Thread, list[str]]:
    """Enter it in a thread; what goes wrong is in the list."""
    errors: list[str] = []

    def entering() -> None:
        try:
            session.__enter__()
        except LocalError as error:
            errors.append(str(error))

    thread = threading.Thread(target=entering)
    thread.start()
    return thread, errors


@pytest.mark.deep
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_when_flinktop_is_killed_everything_goes(java: SleepingJava, number: signal.Signals) -> None:
    with run_python(["-c", FLINKTOP, java.word], java.environment, keep_input=False) as flinktop:
        keeper = parent_of(java.started()[0])
        assert keeper != flinktop.pid
        assert len(java.directories()) == 1
        flinktop.send_signal(number)
        assert flinktop.wait(PATIENCE) == -number
    java.wait_until_all_ended()
    wait_for_end(keeper)
    assert java.directories() == []


def test_no_secret_of_the_shell_reaches_keeper_or_jvms(
    java: SleepingJava, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(java.temporary))
    for name in ("FLINKTOP_TOKEN", "FLINKTOP_PASSWORD", "AWS_SECRET_ACCESS_KEY", "JAVA_TOOL_OPTIONS"):
        monkeypatch.setenv(name, "planted-secret")
    session = LocalSession(java.home, lambda _: None, tls=False)
    thread, _ = enter(session)
    jvms = java.started()
    for process in (parent_of(jvms[0]), *jvms):
        for place in ("environ", "cmdline"):
            assert b"planted-secret" not in read_of(process, place)
        assert b"TMPDIR=" in read_of(process, "environ")
    session.kill(PATIENCE)
    thread.join(PATIENCE)


def test_ctrl_c_at_the_terminal_does_not_reach_the_keeper(java: SleepingJava) -> None:
    with run_python(["-c", FLINKTOP, java.word], java.environment, keep_input=False) as flinktop:
        processes = java.started()
        keeper = parent_of(processes[0])
        groups = {os.getpgid(process) for process in (keeper, *processes)}
        sessions = {os.getsid(process) for process in (keeper, *processes)}
        assert os.getpgid(flinktop.pid) not in groups
        assert sessions == {keeper}
        flinktop.kill()
    wait_for_end(keeper)


LOGS_A_TRACE = r"""
for word in "$@"; do case $word in -Dlog.file=*) log=${word#-Dlog.file=};; esac; done
cat > "$log" << 'END'
2026-05-01 10:00:00,000 ERROR org.apache.flink.runtime.entrypoint.ClusterEntrypoint [] - Could not start it.
org.apache.flink.runtime.entrypoint.ClusterEntrypointException: Failed to initialize the cluster entrypoint.
\tat org.apache.flink.runtime.entrypoint.ClusterEntrypoint.startCluster(ClusterEntrypoint.java:255)
Caused by: java.net.BindException: Could not start rest endpoint on any port in range 4711
\tat java.base/java.lang.Thread.run(Thread.java:1583) [?:?]
END
"""
PRETENDED = Path(__file__).with_name("pretended_flink.py")


@pytest.mark.deep
def test_it_reports_its_address_and_sample_jobs(java: SleepingJava, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(java.temporary))
    script(java.home.java, f"exec '{sys.executable}' '{PRETENDED}' run \"$@\"")
    told: list[str] = []
    with LocalSession(java.home, told.append, tls=False) as flink:
        (directory,) = java.directories()
        port = settings_of(directory)["rest.port"]
        jobs = {"orders": STEADY, "clicks": SLOW, "accounts": FAILING}
        assert flink == LocalFlink(f"http://127.0.0.1:{port}", None, None, "1_samples.jar", jobs)
    assert [line.partition(" submitting ")[2] for line in told[1:]] == [f"{one.name}." for one in SAMPLES]
    assert java.directories() == []


@pytest.mark.deep
@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("refuse", r"did not take a sample job: Unknown function: pause$"),
        (
            "die",
            r"JobManager ended with status 7 .*: out of memory. Its log: .*/kept/jobmanager.out$",
        ),
    ],
)
def test_a_flink_that_does_not_run_the_samples(
    java: SleepingJava, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, does: str, said: str
) -> None:
    monkeypatch.setenv("TMPDIR", str(java.temporary))
    script(java.home.java, f"exec '{sys.executable}' '{PRETENDED}' {does} \"$@\"")
    session = LocalSession(java.home, lambda _: None, tls=False, kept=tmp_path / "kept")
    with pytest.raises(LocalError, match=said), session:
        raise AssertionError("it was entered")
    assert java.directories() == []


def test_a_start_that_failed_keeps_its_logs_in_the_place_of_the_last_ones(
    java: SleepingJava, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = tmp_path / "state" / "kept"
    kept.mkdir(parents=True)
    (kept / "old.log").write_text("of last week")
    monkeypatch.setenv("TMPDIR", str(java.temporary))
    script(java.home.java, f"{LOGS_A_TRACE}\ncase $* in *TaskManagerRunner*) {java.sleeps};; esac\nexit 1")
    with pytest.raises(LocalError) as failed, LocalSession(java.home, lambda _: None, tls=False, kept=kept):
        raise AssertionError("it was entered")
    assert str(failed.value) == (
        "The JobManager ended with status 1 while Flink started: BindException: Could not start rest "
        f"endpoint on any port in range 4711. Its log: {kept}/jobmanager.log"
    )
    assert not (kept / "old.log").exists()
    assert "at java.base/java.lang" in (kept / "jobmanager.log").read_text()
    assert {path.stat().st_mode & 0o077 for path in (kept, *kept.iterdir())} == {0}
    assert java.directories() == []


def test_failure_to_start_is_an_error_with_the_log(
    java: SleepingJava, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(java.temporary))
    script(java.home.java, "echo 'Could not reserve enough space' >&2\nexit 1")
    told: list[str] = []
    with (
        pytest.raises(LocalError, match="Could not reserve enough space"),
        LocalSession(java.home, told.append, tls=False),
    ):
        raise AssertionError("it was entered")
    assert len(told) == 1
    assert told[0].startswith("Starting Flink 2.3.0")
    assert java.directories() == []


def test_java_that_cannot_be_run(java: SleepingJava, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(java.temporary))
    java.home.java.chmod(0o644)
    with (
        pytest.raises(LocalError, match="Permission denied"),
        LocalSession(java.home, lambda _: None, tls=False),
    ):
        raise AssertionError("it was entered")
    assert java.directories() == []


def test_kill_from_another_thread_ends_it_while_it_starts(
    java: SleepingJava, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(java.temporary))
    session = LocalSession(java.home, lambda _: None, tls=False)
    thread, errors = enter(session)
    java.started()
    session.kill(PATIENCE)
    thread.join(PATIENCE)
    assert errors == ["The process that starts the local Flink ended before it was up."]
    java.wait_until_all_ended()
    assert java.directories() == []
    session.kill()


def test_a_keeper_that_does_not_end_is_killed(java: SleepingJava, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(java.temporary))
    monkeypatch.setattr("tempfile.tempdir", str(java.temporary))
    monkeypatch.setattr("flinktop.local.session._PATIENCE", 0.05)
    session = LocalSession(java.home, lambda _: None, tls=False)
    thread, _ = enter(session)
    keeper = parent_of(java.started()[0])
    os.kill(keeper, signal.SIGSTOP)
    session.kill(0.05)
    thread.join(PATIENCE)
    wait_for_end(keeper)
    java.wait_until_all_ended()
    sweep()
    assert java.directories() == []


def test_leaving_before_entering_is_nothing(java: SleepingJava) -> None:
    session = LocalSession(java.home, lambda _: None, tls=False)
    session.kill()
    assert java.directories() == []


def test_the_keeper_is_our_own_package(java: SleepingJava, tmp_path: Path) -> None:
    fake = tmp_path / "elsewhere" / "flinktop" / "local"
    fake.mkdir(parents=True)
    for file in (fake.parent / "__init__.py", fake / "__init__.py"):
        file.touch()
    (fake / "keeper.py").write_text("raise SystemExit('not this one')")
    environment = {name: value for name, value in java.environment.items() if name != "PYTHONPATH"}
    words = ["-P", "-c", f"import sys; sys.path.insert(0, {java.environment['PYTHONPATH']!r})\n{FLINKTOP}"]
    process = subprocess.Popen(
        [sys.executable, *words, java.word], cwd=fake.parent.parent, env=environment, stdin=subprocess.DEVNULL
    )
    with process:
        keeper = parent_of(java.started()[0])
        process.kill()
    wait_for_end(keeper)
    assert java.directories() == []
