import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flinktop.local.directories import sweep
from tests.flink.sites import make_certificate
from tests.local.conftest import PATIENCE, SleepingJava, run_python, script, settings_of


@contextmanager
def keeper(java: SleepingJava) -> Iterator[subprocess.Popen[bytes]]:
    process = run_python(["-m", "flinktop.local.keeper", java.word], java.environment)
    with process:
        try:
            yield process
        finally:
            process.kill()


def said_by(process: subprocess.Popen[bytes]) -> dict[str, str]:
    assert process.stdout is not None
    line: dict[str, str] = json.loads(process.stdout.readline())
    return line


def test_end_of_input_ends_everything(java: SleepingJava) -> None:
    with keeper(java) as process:
        directory = Path(said_by(process)["directory"])
        assert "2.3.0" in said_by(process)["progress"]
        java.started()
        settings = settings_of(directory)
        # Not "*", Flink's own: pages of other sites read nothing.
        assert settings["web.access-control-allow-origin"] == f"http://127.0.0.1:{settings['rest.port']}"
        assert not [key for key in settings if key.startswith("security.")]
        # Flink would ask for the machine's own name, which need not resolve.
        assert settings["taskmanager.resource-id"] == "local"
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(PATIENCE) == 0
    java.wait_until_all_ended()
    assert java.directories() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_everything(java: SleepingJava, number: signal.Signals) -> None:
    with keeper(java) as process:
        java.started()
        process.send_signal(number)
        assert process.wait(PATIENCE) == 0
    java.wait_until_all_ended()
    assert java.directories() == []


def test_killed_keeper_takes_its_jvms_along_and_the_next_start_its_directory(
    java: SleepingJava, monkeypatch: pytest.MonkeyPatch
) -> None:
    with keeper(java) as process:
        java.started()
        process.kill()
        process.wait(PATIENCE)
    java.wait_until_all_ended()
    assert len(java.directories()) == 1
    monkeypatch.setattr(tempfile, "tempdir", str(java.temporary))
    sweep()
    assert java.directories() == []


def test_a_jvm_that_does_not_start_is_reported_with_its_cause(java: SleepingJava) -> None:
    script(java.home.java, "echo 'Unrecognized VM option' >&2\nexit 1")
    with keeper(java) as process:
        assert "directory" in said_by(process)
        assert "progress" in said_by(process)
        # Whichever of the two is seen first.
        name, said = said_by(process)["error"].split(" ended ")
        assert name in ("The JobManager", "The TaskManager")
        assert said == "with status 1 while Flink started: Unrecognized VM option."
        assert process.wait(PATIENCE) == 1
    assert java.directories() == []


@pytest.mark.deep
def test_with_tls_flink_is_started_with_a_key_of_its_own(java: SleepingJava, tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path, "flinktop", "IP:127.0.0.1")
    java.makes_keys(f"cp '{cert}' \"$to/cert.pem\" && cp '{key}' \"$to/key.pem\"")
    passwords = set()
    for _ in range(2):
        with keeper(java) as process:
            directory = Path(said_by(process)["directory"])
            jvms = java.started()
            settings = settings_of(directory)
            assert settings["web.access-control-allow-origin"] == f"https://127.0.0.1:{settings['rest.port']}"
            for part in ("internal", "rest"):
                assert settings[f"security.ssl.{part}.enabled"] == "true"
                assert settings[f"security.ssl.{part}.truststore"] == f"{directory}/tls/keystore.p12"
            assert settings["security.ssl.rest.authentication-enabled"] == "true"
            password = settings["security.ssl.rest.keystore-password"]
            assert (directory / "tls" / "password").read_text() == password
            for jvm in (process.pid, *jvms):
                for place in ("environ", "cmdline"):
                    assert password.encode() not in Path(f"/proc/{jvm}/{place}").read_bytes()
            ours = [directory, *directory.rglob("*")]
            assert {path.stat().st_mode & 0o077 for path in ours} == {0}
            passwords.add(password)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
        java.wait_until_all_ended()
        assert java.directories() == []
    assert len(passwords) == 2


def test_a_signal_while_the_key_is_made_ends_everything(java: SleepingJava) -> None:
    java.makes_keys(java.sleeps)
    with keeper(java) as process:
        java.started(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    java.wait_until_all_ended()
    assert java.directories() == []


def test_a_key_that_cannot_be_made_starts_no_flink(java: SleepingJava) -> None:
    java.makes_keys("echo 'no such algorithm: EC' >&2; exit 3")
    with keeper(java) as process:
        said_by(process), said_by(process)
        error = said_by(process)["error"]
        assert error == "The key generator ended with status 3: no such algorithm: EC."
        assert process.wait(PATIENCE) == 1
    assert java.directories() == []


def test_an_unwritable_directory_is_reported(java: SleepingJava) -> None:
    file = script(java.temporary / "no directory", "")
    words = (
        "import sys, tempfile\ntempfile.tempdir = sys.argv.pop(1)\nfrom flinktop.local.keeper import main\n"
    )
    with run_python(["-c", f"{words}main(sys.argv[1:])", str(file), java.word], java.environment) as process:
        assert "NotADirectoryError" in said_by(process)["error"]
        assert process.wait(PATIENCE) == 1


def test_two_keepers_do_not_meet(java: SleepingJava) -> None:
    with keeper(java) as one, keeper(java) as other:
        directories = {said_by(one)["directory"], said_by(other)["directory"]}
        java.started(4)
        assert {str(path) for path in java.directories()} == directories
        for process in (one, other):
            os.kill(process.pid, signal.SIGTERM)
        assert (one.wait(PATIENCE), other.wait(PATIENCE)) == (0, 0)
    assert java.directories() == []
