"""Every field of every dialog takes any text: it is used, or a sentence says why not."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.screen import Screen
from textual.widgets import Input, TextArea

from flinktop.engine.acts.cluster_acts import Dispose
from flinktop.engine.acts.jar_files import UploadJar
from flinktop.engine.acts.job_acts import Savepoint, Stop
from flinktop.engine.acts.target import Target
from flinktop.model.run_text import arguments_of, parallelism_of, settings_of
from flinktop.ui.screens.confirm import ConfirmScreen
from flinktop.ui.screens.run_jar import RunJarScreen
from flinktop.ui.screens.upload import UploadScreen
from flinktop.ui.screens.write_view import WriteView
from flinktop.ui.typed_path import absolute, candidates, completed, expanded, is_file, with_ending
from flinktop.ui.written_view import View
from tests.depth import in_depth
from tests.ui.acting import ActingDay, acting
from tests.ui.day import monitor

DEEP = pytest.mark.deep
NASTY = (
    "",
    " ",
    ".",
    "..",
    "/",
    "//",
    "~",
    "~/",
    "~nosuchuser/x",
    "~nosuchuser/",
    "~a\0b/x",
    "a\0b.jar",
    "/\0/",
    "x" * 300,
    "x" * 5000 + ".jar",
    "/" + "y/" * 3000,
    "\ud800/x.jar",
    "[/]",
    "[bold red]x [@click=quit]y[/]",
    "%",
    "%s %d %(a)s {0} {",
    "\\",
    "(*",
    "٣",
    "²",
    "-1",
    "0",
    "9" * 5000,
    "1e400",
    "a\tb",
    "a\nb\r\nc: d\n:",
    "\u202ereversed e\u0301 \U0001f469\u200d\U0001f4bb",
    "作业" * 60,
    "\x1b[2J\x07\x7f\x9b",
    "'",
    '"a b',
    "--",
    "key: value",
    "/dev/zero",
    "/dev/stdin",
    "/proc/self/mem",
    "/proc/self/fd/",
    "/root/.ssh/x.jar",
    "pipe.jar",
    "directory.jar",
    "loop.jar",
    "good.jar",
    "good.jar/x",
)
SEEN = ("", "~nosuchuser/x", "a\0b.jar", "x" * 300, "\ud800/[/]", "%(a)s", "(*", "9" * 5000, "a\n:\x1b[2J")
"""Those that stand for the others in a quick run."""
KEYS = ("down", "tab", "ctrl+o", "enter")
ALL_KEYS = (*KEYS, "up", "shift+tab", "left", "end", "backspace")
"""Esc closes a dialog, and comes last."""
TEXTS = st.text(st.characters(), max_size=40) | st.sampled_from(NASTY)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory the person is in, with what is no file in it."""
    os.mkfifo(tmp_path / "pipe.jar")
    (tmp_path / "directory.jar").mkdir()
    (tmp_path / "loop.jar").symlink_to("loop.jar")
    with zipfile.ZipFile(tmp_path / "good.jar", "w") as archive:
        archive.writestr("A.class", b"0")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_view(_ui: ActingDay) -> Screen[Any]:
    return WriteView(View("c", "http://c", "", (), "now", lines=("a",)), Path("view.txt"))


def run_jar(ui: ActingDay) -> Screen[Any]:
    return RunJarScreen(next(iter(ui.jobmanager.jars)))


DIALOGS: dict[str, Callable[[ActingDay], Screen[Any]]] = {
    "write view": write_view,
    "upload": lambda _ui: UploadScreen(),
    "run jar": run_jar,
    "savepoint": lambda ui: ConfirmScreen(Savepoint(ui.job, "steady")),
    "stop": lambda ui: ConfirmScreen(Stop(ui.job, "steady")),
    "delete savepoint": lambda _ui: ConfirmScreen(Dispose("s3://a/savepoint-1")),
}


async def try_texts(ui: ActingDay, name: str, texts: Sequence[str], keys: Sequence[str]) -> None:
    """Put each text into each field of a dialog, and press each key there."""
    root = ui.app.screen
    for text in texts:
        dialog = DIALOGS[name](ui)
        ui.app.push_screen(dialog)
        await ui.settled()
        fields = [field for field in dialog.query("Input, TextArea").results() if field.focusable]
        assert fields
        for field in fields:
            for key in keys:
                if ui.app.screen is not dialog:
                    break
                dialog.set_focus(field)
                if isinstance(field, Input):
                    field.value = text
                elif isinstance(field, TextArea):
                    field.text = text
                await ui.press(key)
                while ui.app.screen not in (dialog, root):
                    await ui.press("escape")
        while ui.app.screen is not root:
            await ui.press("escape")


@pytest.mark.deep
@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("name", in_depth(DIALOGS, fast=["write view"]))
async def test_nasty_text_in_any_field(name: str) -> None:
    async with acting(protected=True) as ui:
        for number, text in enumerate(SEEN):
            await try_texts(ui, name, [text], [KEYS[number % len(KEYS)]])


@pytest.mark.long
@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("protected", [False, True])
@pytest.mark.parametrize("name", DIALOGS)
async def test_any_text_in_any_field(name: str, *, protected: bool) -> None:
    async with acting(protected=protected) as ui:
        await try_texts(ui, name, NASTY, ALL_KEYS)


@pytest.mark.deep
@pytest.mark.parametrize(
    "opening",
    in_depth(
        [("slash",), ("colon",), ("enter", "8", "slash"), ("J", "5", "slash"), ("J", "5", "ampersand")],
        fast=[("slash",), ("colon",)],
    ),
)
async def test_any_text_is_looked_for(opening: tuple[str, ...]) -> None:
    async with monitor("1.20.5") as day:
        await day.press(*opening)
        field = day.app.focused
        assert isinstance(field, Input)
        for text in SEEN:
            field.value = text
            await day.settled()
        await day.press("enter")
        await day.settled()
        assert day.app.is_running


async def test_a_view_needs_a_name() -> None:
    async with monitor("1.20.5") as day:
        await day.press("w")
        day.app.screen.query_one(Input).value = ""
        await day.press("down")
        assert day.app.screen.query_one(Input).value == ".json"
        await day.press("down")
        assert day.app.screen.query_one(Input).value == ".txt"
        day.app.screen.query_one(Input).value = " "
        await day.press("enter")
        assert "Type the name of a file." in day.text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("~nosuchuser/x", "~nosuchuser/x could not be written: No such file or directory."),
        ("a\0b", "could not be written: its name has a NUL character."),
        ("\ud800", "could not be written: its name has a character that no file name can have."),
        ("x" * 300, "could not be written: File name too long."),
        (".", ". is there already: choose another name."),
        ("pipe.jar", "pipe.jar is there already"),
    ],
)
@pytest.mark.usefixtures("place")
async def test_a_view_that_can_not_be_written_there_says_why(typed: str, words: str) -> None:
    async with monitor("1.20.5") as day:
        await day.press("w")
        day.app.screen.query_one(Input).value = typed
        await day.press("enter")
        # The sentence is broken where the box ends.
        shown = "".join(line.strip(" │") for line in day.lines)
        assert "".join(words.split()) in "".join(shown.split())


@given(TEXTS)
def test_any_text_is_a_path(text: str) -> None:
    path = expanded(text)
    absolute(path)
    is_file(path)
    assert completed(text, candidates(text)).startswith(text)
    UploadScreen._why_no_jar(path)
    UploadJar(text).consequence(Target("c", "http://c"))


@given(TEXTS)
def test_any_text_gets_an_ending(text: str) -> None:
    as_json = with_ending(text, ".json", ".txt")
    assert as_json.endswith(".json")
    assert with_ending(with_ending(as_json, ".txt", ".json"), ".json", ".txt") == as_json


@given(TEXTS)
def test_any_text_is_an_option_of_a_run_or_none(text: str) -> None:
    for use in (arguments_of, settings_of, parallelism_of):
        with suppress(ValueError):
            use(text)


def test_a_number_that_no_parallelism_has() -> None:
    assert parallelism_of("٣") == 3
    with pytest.raises(ValueError, match="more than Flink can count to"):
        parallelism_of("9" * 5000)
