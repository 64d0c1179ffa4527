"""`flinktop explain`, as a person runs it: a file or standard input, text or JSON, and the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import flinktop
from flinktop.cli import main
from tests.known.examples import wrapped

TIMED_OUT = "java.util.concurrent.TimeoutException: Heartbeat of TaskManager with id tm-1 timed out."
FORBIDDEN = (
    "org.apache.kafka.common.errors.TopicAuthorizationException: Not authorized to access topics: [orders]"
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "flink.log"
    path.write_text(
        "\n".join(
            (
                "2026-11-30 13:00:00,001 INFO  a.B [] - begins",
                wrapped(TIMED_OUT),
                f"2026-11-30 13:00:05,001 WARN  a.B [] - it failed: {FORBIDDEN}",
                wrapped(TIMED_OUT),
                wrapped(TIMED_OUT.replace("tm-1", "tm-2")),
                "",
            )
        )
    )
    return path


def test_a_log_is_explained_with_its_lines(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(log)]) == 0
    out = capsys.readouterr().out
    first, second, third = out.split("\n\n")
    assert first.startswith("lines 14, 32 (2 times): Heartbeat of a TaskManager timed out (a consequence)\n")
    assert f"  cause {TIMED_OUT}\n" in first
    assert "  means The JobManager heard nothing from TaskManager tm-1" in first
    assert "  next  Look for the first cause at that TaskManager" in first
    assert "  look  in flinktop: M: TaskManagers\n" in first
    assert '  docs  "Set up TaskManager Memory"' in first
    assert second.startswith("line 19: Kafka: not authorized\n")
    assert "topics orders" in second
    assert third.startswith("line 49: Heartbeat")
    assert all(len(line) <= 100 for line in out.splitlines())


def test_the_same_as_json(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--json", str(log)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["id"], one["lines"], one["follows"]) for one in found] == [
        ("heartbeat-taskmanager", [14, 32], True),
        ("kafka-forbidden", [19], False),
        ("heartbeat-taskmanager", [49], True),
    ]
    assert found[1]["values"] == {"topics": "orders"}
    assert found[1]["look"] == "l: log of the TaskManager"
    assert all(one["means"] and one["next"] and one["docs"] and one["name"] for one in found)


@pytest.mark.parametrize("words", [["explain"], ["explain", "-"]])
def test_standard_input_is_read(words: list[str], tmp_path: Path) -> None:
    done = run(words, wrapped(FORBIDDEN).encode(), tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith(b"line 13: Kafka: not authorized\n")
    assert done.stderr == b""


def run(words: list[str], text: bytes, home: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "flinktop", *words],
        input=text,
        capture_output=True,
        env={"HOME": str(home)},
        cwd=Path(flinktop.__file__).parent.parent,
        check=False,
    )


def test_nothing_known_is_1(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(wrapped("com.acme.BadOrder: no price"))
    assert main(["explain", str(path)]) == 1
    assert capsys.readouterr().out == "No well-known failure found.\n"
    assert main(["explain", "--json", str(path)]) == 1
    assert capsys.readouterr().out == "[]\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["explain", "missing.log"], "flinktop: cannot read missing.log: No such file or directory\n"),
        (["explain", "/"], "flinktop: cannot read /: Is a directory\n"),
        (["explain", "a", "b"], "flinktop: only one FILE is allowed: unexpected argument 'b'"),
        (["explain", "--no-such"], "flinktop: unknown option --no-such"),
    ],
)
def test_a_usage_error_is_2(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(said)


def test_a_closed_standard_input_is_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert main(["explain"]) == 2
    assert capsys.readouterr().err == "flinktop: cannot read standard input: it is closed\n"


@pytest.mark.parametrize(
    ("before", "encoding"),
    [
        ("", "utf-16"),
        ("", "utf-8-sig"),
        ("      ", "utf-8"),
        ("taskmanager-1  | ", "utf-8"),
        ("[pod/orders-taskmanager-1-1/flink-main-container] ", "utf-8"),
    ],
)
def test_a_trace_is_recognised_as_tools_copy_it(
    before: str, encoding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log"
    lines = ("2026-11-30 13:00:00,001 INFO  a.B [] - begins", *wrapped(FORBIDDEN).splitlines())
    path.write_text("".join(f"{before}{line}\n" for line in lines), encoding=encoding)
    assert main(["explain", str(path)]) == 0
    assert capsys.readouterr().out.startswith("line 14: Kafka: not authorized\n")


def test_several_traces_in_one_line_of_json_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "exceptions.json"
    path.write_text(json.dumps([{"stacktrace": wrapped(FORBIDDEN)}] * 3))
    assert main(["explain", str(path)]) == 0
    assert capsys.readouterr().out.startswith("line 1 (3 times): Kafka: not authorized\n")


@pytest.mark.deep
def test_what_is_not_read_of_a_long_text_is_said(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("flinktop.headless.explain.MOST_BYTES", 1 << 20)
    log.write_text(log.read_text() + "\n" * (1 << 20))
    assert main(["explain", str(log)]) == 0
    assert capsys.readouterr().err == "flinktop: only the first 1 MB are read\n"


def test_a_broken_config_does_not_prevent_it(log: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("theme = 1")
    assert main(["--config", str(config), "explain", str(log)]) == 0


def test_what_controls_a_terminal_is_not_printed(tmp_path: Path) -> None:
    text = wrapped(FORBIDDEN.replace("orders", "a\x1b[2J\x07b"))
    done = run(["explain"], text.encode() + b"\xff\xfe\x00", tmp_path)
    assert done.returncode == 0
    assert b"topics a" in done.stdout
    assert b"\x1b" not in done.stdout
    assert b"\x07" not in done.stdout


def test_an_unexpected_error_is_not_1(log: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def broken(_args: object) -> int:
        raise RuntimeError("broken")

    monkeypatch.setattr("flinktop.headless.explain.run_explain", broken)
    assert main(["explain", str(log)]) == 2
