"""Uploading a jar: finding the file, what it is, and what comes of it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from flinktop.engine.acts.verdict import explanation
from flinktop.ui.screens.overview import OverviewScreen
from flinktop.ui.screens.run_jar import RunJarScreen
from flinktop.ui.screens.upload import UploadScreen
from flinktop.ui.typed_path import Candidate, candidates, completed, expanded
from flinktop.ui.widgets.form import LineField, PressButton
from tests.ui.acting import ActingDay, RecordedJobManager, acting
from tests.ui.test_run_jar import focused, press_button, seen, show, type_in, words


@pytest.fixture
def jars(tmp_path: Path) -> Path:
    """A directory with jars and other things in it; its name holds what would be markup."""
    place = tmp_path / "jars [red]"
    (place / "nested").mkdir(parents=True)
    with zipfile.ZipFile(place / "orders-1.jar", "w") as archive:
        archive.writestr("A.class", b"0" * 4000)
    (place / "orders-2.jar").write_text("no archive")
    (place / "other.txt").write_text("no jar")
    (place / ".hidden.jar").write_text("")
    return place


def path_of(ui: ActingDay) -> str:
    """What stands in the field."""
    return ui.app.screen.query_one("#path", LineField).value


def can_upload(ui: ActingDay) -> bool:
    """Whether the button is on."""
    return not ui.app.screen.query_one("#upload", PressButton).disabled


def test_what_a_path_may_go_on_with(jars: Path) -> None:
    found = candidates(f"{jars}/")
    assert [one.name for one in found] == ["nested/", "orders-1.jar", "orders-2.jar"]
    assert completed(f"{jars}/o", candidates(f"{jars}/o")) == f"{jars}/orders-"
    assert completed(f"{jars}/n", candidates(f"{jars}/n")) == f"{jars}/nested/"
    assert completed(f"{jars}/x", candidates(f"{jars}/x")) == f"{jars}/x"
    assert candidates(f"{jars}/.h") == (Candidate(".hidden.jar", 0),)
    assert candidates("/no/such/directory/") == ()
    assert candidates("nul\0/") == ()


def test_a_tilde_is_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expanded("~/a.jar") == tmp_path / "a.jar"
    assert expanded("~nobody-at-all/a.jar") == Path("~nobody-at-all/a.jar")


@pytest.mark.deep
async def test_a_jar_is_found_by_tab_sent_and_run(jars: Path) -> None:
    async with acting(size=(80, 24)) as ui:
        await show(ui, UploadScreen(f"{jars}/"))
        assert "nested/" in ui.text
        assert "other.txt" not in ui.text
        await ui.press("o", "tab")
        assert path_of(ui).endswith("/orders-")
        # Two go on from here: the key waits for more.
        await ui.press("tab")
        assert (focused(ui), can_upload(ui)) == ("path", False)
        await ui.press("1", "tab")
        assert path_of(ui).endswith("/orders-1.jar")
        assert "size          4.0 kB" in ui.text
        await press_button(ui, "upload")
        await ui.wait(3)
        assert ui.acts() == ["POST jars/upload"]
        assert "state         uploaded" in ui.text
        assert focused(ui) == "run"
        await ui.press("enter")
        await ui.settled()
        assert seen(ui) is RunJarScreen
        assert "orders-1.jar" in ui.line("jar  ")
        assert len(ui.acts()) == 1


@pytest.mark.deep
async def test_pasted_text_uploads_nothing(jars: Path) -> None:
    async with acting(size=(80, 24)) as ui:
        await show(ui, UploadScreen(f"{jars}/orders-1.jar"))
        await ui.clock.advance(5.0)
        ui.app.screen.query_one("#upload").focus()
        await ui.settled()
        await ui.type_ahead("enter", "enter")
        assert (focused(ui), ui.acts()) == ("upload", [])
        await ui.clock.advance(0.5)
        await ui.type_ahead("enter")
        await ui.wait(3)
        assert ui.acts() == ["POST jars/upload"]


@pytest.mark.deep
async def test_a_file_that_is_no_jar_is_reported_and_not_sent(jars: Path) -> None:
    async with acting(size=(80, 24)) as ui:
        await show(ui, UploadScreen())
        for name, why in (
            ("orders-2.jar", "orders-2.jar is not a jar: it is not a zip archive"),
            ("other.txt", "other.txt is not a .jar file"),
            ("none.jar", "there is no file none.jar"),
        ):
            ui.app.screen.query_one("#path", LineField).value = f"{jars}/{name}"
            await ui.settled()
            assert why in words(ui)
            assert not can_upload(ui)
        await press_button(ui, "back")
        assert (seen(ui), ui.acts()) == (OverviewScreen, [])


@pytest.mark.deep
async def test_an_upload_that_fails_for_a_well_known_reason_says_what_that_means(
    jars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = "<Exception on server side:\njava.io.IOException: No space left on device\n\tat a.B(C.java:1)\n"
    answer = 500, {"errors": ["Internal server error.", full]}
    monkeypatch.setattr(RecordedJobManager, "_upload", lambda _jobmanager, _sent: answer)
    async with acting(size=(80, 24)) as ui:
        await show(ui, UploadScreen(f"{jars}/orders-1.jar"))
        await press_button(ui, "upload")
        await ui.wait(30)
        read = words(ui)
        assert "No space left on device means " in read
        known = explanation("java.io.IOException: No space left on device")
        assert known is not None
        assert f"means {known.means} next {known.next}" in read


@pytest.mark.deep
async def test_a_refusal_of_the_cluster_is_shown_and_can_be_retried(jars: Path) -> None:
    def small(jobmanager: RecordedJobManager) -> None:
        jobmanager.fault = lambda _method, path: "413" if path == "jars/upload" else ""

    async with acting(size=(80, 24), prepare=small) as ui:
        await show(ui, UploadScreen(f"{jars}/orders-1.jar"))
        await press_button(ui, "upload")
        await ui.wait(3)
        assert "failed: " in ui.text
        assert "rest.server.max-content-length, or of a proxy before it" in words(ui)
        ui.jobmanager.fault = lambda _method, _path: ""
        await press_button(ui, "again")
        assert focused(ui) == "path"
        await press_button(ui, "upload")
        await ui.wait(3)
        assert "state         uploaded" in ui.text


@pytest.mark.deep
async def test_it_continues_after_the_dialog_is_closed(jars: Path) -> None:
    async with acting() as ui:
        await show(ui, UploadScreen(f"{jars}/orders-1.jar"))
        await type_in(ui, "upload", "")
        await ui.press("enter", "escape")
        assert seen(ui) is OverviewScreen
        await ui.wait(3)
        assert [one.result.jar in ui.jobmanager.jars for one in ui.port.operations()] == [True]


@pytest.mark.deep
async def test_a_protected_cluster_wants_its_name(jars: Path) -> None:
    async with acting(protected=True) as ui:
        await show(ui, UploadScreen(f"{jars}/orders-1.jar"))
        assert not can_upload(ui)
        await type_in(ui, "typed", "test-cluster")
        assert can_upload(ui)
        await press_button(ui, "upload")
        await ui.wait(3)
        assert "state         uploaded" in ui.text


@pytest.mark.deep
@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"prepare": lambda jobmanager: jobmanager.flags.update({"web-submit": False})}, "takes no jars"),
        ({"read_only": True}, "is opened read-only"),
    ],
)
async def test_a_cluster_without_uploads_is_reported(jars: Path, options: dict[str, Any], why: str) -> None:
    async with acting(**options) as ui:
        await show(ui, UploadScreen(f"{jars}/orders-1.jar"))
        assert why in words(ui)
        assert not can_upload(ui)


@pytest.mark.deep
async def test_a_name_that_would_steer_the_terminal_is_not_offered(jars: Path) -> None:
    (jars / "evil\x1b]0;owned\x07.jar").write_bytes(b"PK")
    (jars / "evil\x9b31m").mkdir()
    (jars / "evil-\u202etxt.jar").write_bytes(b"PK")
    async with acting() as ui:
        await show(ui, UploadScreen(f"{jars}/ev"))
        assert "owned" not in ui.text
        await ui.press("tab")
        assert "evil" not in ui.text
        assert not any(letter in ui.text for letter in "\x1b\x9b\x07\u202e")


async def test_a_pasted_name_does_not_steer_the_terminal(jars: Path) -> None:
    async with acting() as ui:
        await show(ui, UploadScreen(f"{jars}/"))
        await ui.paste("x\x1b]0;owned\x07y\x9b31m\x08.jar")
        assert "xy" in ui.text
        assert not any(letter in ui.text for letter in "\x1b\x9b\x07\x08")
