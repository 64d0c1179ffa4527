import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinktop import log
from flinktop.log import open_log
from flinktop.settings import Paths


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("flinktop")
    handlers, level = list(root.handlers), ours.level
    yield
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    ours.setLevel(level)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "config.toml", tmp_path / "state", tmp_path / "state/flinktop.log")


def test_our_lines_and_the_warnings_of_libraries_are_kept(paths: Paths) -> None:
    assert open_log(paths, debug=False) is None
    logging.getLogger("flinktop.flink").info("first fault")
    logging.getLogger("flinktop.flink").debug("GET /overview")
    logging.getLogger("library").warning("odd")
    logging.getLogger("library").info("chatter")
    lines = paths.log.read_text().splitlines()
    assert [line.split(" ", 2)[2] for line in lines] == [
        "INFO flinktop.flink: first fault",
        "WARNING library: odd",
    ]


def test_debug_adds_debug_lines(paths: Paths) -> None:
    open_log(paths, debug=True)
    logging.getLogger("flinktop.flink").debug("GET /overview")
    assert "GET /overview" in paths.log.read_text()


def test_opening_it_twice_writes_each_line_once(paths: Paths) -> None:
    open_log(paths, debug=False)
    open_log(paths, debug=False)
    logging.getLogger("flinktop").warning("once")
    assert paths.log.read_text().count("once") == 1


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Basic b3BzOmh1c2g=",
        "{'authorization': 'Bearer hush-hush'}",
        "sent Bearer hush.hush.hush",
        "Cookie: session=hush",
        "GET https://bob:hush@h:8081/jobs",
        "GET http://h/jobs?token=hush&x=1",
        "password=hush",
    ],
)
def test_no_credential_gets_into_it(paths: Paths, line: str) -> None:
    open_log(paths, debug=False)
    logging.getLogger("flinktop").warning(line)
    logging.getLogger("flinktop").error("failed", exc_info=RuntimeError(line))
    written = paths.log.read_text()
    assert "hush" not in written
    assert "b3BzOmh1c2g" not in written
    assert "RuntimeError" in written


def test_no_control_characters_get_into_it(paths: Paths) -> None:
    open_log(paths, debug=False)
    logging.getLogger("flinktop").warning("\x1b[2Jred\x9b31m \u30ab\n\tat x")
    assert paths.log.read_text().endswith("?[2Jred?31m \u30ab\n\tat x\n")


def test_it_is_bounded_and_readable_by_its_owner_only(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "MOST_BYTES", 1000)
    open_log(paths, debug=False)
    for number in range(200):
        logging.getLogger("flinktop").warning("line %d", number)
    files = sorted(paths.state.iterdir())
    assert [file.name for file in files] == ["flinktop.log", "flinktop.log.1"]
    assert all(file.stat().st_size <= 1000 and file.stat().st_mode & 0o077 == 0 for file in files)
    assert paths.state.stat().st_mode & 0o077 == 0
    assert "line 199" in paths.log.read_text()


def test_a_place_that_cannot_be_written_is_a_note_and_no_noise(
    paths: Paths, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state").write_text("a file where the directory should be")
    note = open_log(paths, debug=False)
    assert note is not None
    assert note.startswith(f"the log {paths.log} can't be written (")
    logging.getLogger("flinktop").error("lost")
    assert capfd.readouterr().err == ""


def test_a_disk_that_fills_up_makes_no_noise(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    open_log(paths, debug=False)
    (handler,) = (h for h in logging.getLogger().handlers if isinstance(h, log._LogFile))

    def full(_text: str) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(handler.stream, "write", full)
        logging.getLogger("flinktop").error("lost")
    logging.getLogger("flinktop").error("kept")
    assert capfd.readouterr().err == ""
    assert "kept" in paths.log.read_text()
