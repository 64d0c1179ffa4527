"""The dialog that changes the parallelism of a job's vertices."""

from __future__ import annotations

import pytest
from textual import events

from flinktop.engine.operation import State
from flinktop.flink.jobs import JobVertex
from flinktop.flink.rescale import Bounds, VertexRequirements
from flinktop.ui.panels.bounds_table import FEWEST, MOST, BoundsForm, bounds_rows
from flinktop.ui.screens.actions import ActionsScreen
from flinktop.ui.screens.confirm import ConfirmScreen
from flinktop.ui.screens.rescale import RescaleScreen
from tests.ui.acting import RecordedJobManager, acting


def adaptive(jobmanager: RecordedJobManager) -> None:
    """The server's own word for: the adaptive scheduler, and its operator wants rescales."""
    jobmanager.flags = {"web-rescale": True}


def form() -> BoundsForm:
    """Two vertices."""
    made = BoundsForm()
    made.load(
        {"v1": VertexRequirements(Bounds(1, 4)), "v2": VertexRequirements(Bounds(2, 2))},
    )
    return made


def test_only_changed_bounds_are_requested() -> None:
    made = form()
    assert made.bounds() == {}
    made.set_text(("v1", MOST), "8")
    assert made.bounds() == {"v1": (1, 8)}
    made.set_text(("v1", MOST), "4")
    assert made.bounds() == {}
    made.change(("v2", FEWEST), -5)
    assert made.bounds() == {"v2": (1, 2)}
    made.set_text(("v2", MOST), "")
    assert made.bounds() == {"v2": (1, 0)}, "an empty cell is no number, and is told to be none"


def test_what_was_typed_outlives_news_of_what_the_cluster_holds() -> None:
    made = form()
    made.set_text(("v1", MOST), "8")
    made.load({"v1": VertexRequirements(Bounds(3, 6)), "v2": VertexRequirements(Bounds(2, 2))})
    assert made.bounds() == {"v1": (3, 8)}
    [row, _] = bounds_rows(
        (JobVertex("v1", "Map", 128, 4), JobVertex("v2", "Sink", None, 1)), made, ("v1", MOST)
    )
    assert (row.texts, row.changed, row.at) == (("3", "8"), (False, True), MOST)


@pytest.mark.deep
@pytest.mark.parametrize(
    "size",
    [
        (80, 24),
        pytest.param((60, 20), marks=pytest.mark.deep),
        pytest.param((120, 40), marks=pytest.mark.deep),
    ],
    ids=str,
)
async def test_bounds_are_typed_confirmed_and_put(size: tuple[int, int]) -> None:
    async with acting(size=size, prepare=adaptive) as ui:
        await ui.app.push_screen(RescaleScreen(ui.job))
        await ui.settled()
        await ui.wait(3)
        assert "[2]" in ui.line("Source: events")
        await ui.press("down", "1", "2", "left", "plus")
        assert "[2]" in ui.line("parse")
        assert " 12 " in ui.line("parse")
        await ui.press("enter")
        assert isinstance(ui.app.screen, ConfirmScreen)
        assert ui.acts() == []
        await ui.press("tab", "enter")
        await ui.settled()
        await ui.wait(6)
        assert not ui.app.screen.is_modal
        assert ui.acts() == [f"PUT jobs/{ui.job}/resource-requirements"]
        put = [one["parallelism"] for one in ui.jobmanager.requirements[ui.job].values()]
        assert {"lowerBound": 2, "upperBound": 12} in put
        assert len(put) == len(ui.cluster.document(f"jobs/{ui.job}")["vertices"])
        assert ui.port.operations()[0].state is State.DONE


@pytest.mark.deep
async def test_impossible_numbers_say_why_and_are_not_submitted() -> None:
    async with acting(size=(80, 24), prepare=adaptive) as ui:
        screen = RescaleScreen(ui.job)
        await ui.app.push_screen(screen)
        await ui.settled()
        await ui.wait(3)
        await ui.press("enter")
        assert ui.app.screen is screen
        assert "No parallelism has been changed yet." in ui.notes
        for typed, words in (
            (("9", "9", "9"), "has a max parallelism of 128"),
            (("backspace",) * 3, "is not a range"),
            (("left", "5"), "is not a range"),
        ):
            await ui.press(*typed)
            assert words in " ".join(ui.text.replace("│", " ").split()), ui.text
            await ui.press("enter")
            assert ui.app.screen is screen
        await ui.press("escape")
        assert not ui.app.screen.is_modal
        assert ui.acts() == []


@pytest.mark.deep
async def test_back_from_the_question_keeps_what_was_typed() -> None:
    async with acting(prepare=adaptive) as ui:
        await ui.app.push_screen(RescaleScreen(ui.job))
        await ui.settled()
        await ui.wait(3)
        await ui.press("7", "enter", "escape")
        assert "[7]" in ui.text


@pytest.mark.deep
@pytest.mark.parametrize(
    ("release", "words"),
    [
        ("1.9.3", "PATCH /rescaling is disabled"),
        ("1.20.5", "needs jobmanager.scheduler: adaptive"),
        ("2.3.0", "needs jobmanager.scheduler: adaptive"),
    ],
)
async def test_where_rescaling_is_impossible_the_reason_is_shown_and_nothing_requested(
    release: str, words: str
) -> None:
    async with acting(release, size=(80, 24)) as ui:
        await ui.app.push_screen(RescaleScreen(ui.job))
        await ui.settled()
        await ui.wait(6)
        assert words in " ".join(ui.text.replace("│", " ").split())
        await ui.press("7", "enter")
        assert isinstance(ui.app.screen, RescaleScreen)
        assert not [line for line in ui.cluster.asked if "resource-requirements" in line]


@pytest.mark.deep
async def test_a_job_that_ends_meanwhile_can_not_be_rescaled() -> None:
    async with acting(prepare=adaptive) as ui:
        await ui.app.push_screen(RescaleScreen(ui.job))
        await ui.settled()
        await ui.wait(3)
        await ui.press("7")
        ui.jobmanager.jobs[ui.job].state = "FINISHED"
        await ui.wait(6)
        assert "the job has ended (FINISHED)" in ui.text
        await ui.press("enter")
        assert isinstance(ui.app.screen, RescaleScreen)


@pytest.mark.deep
async def test_keys_that_come_all_at_once_change_what_they_were_meant_for() -> None:
    async with acting(prepare=adaptive) as ui:
        await ui.app.push_screen(RescaleScreen(ui.job))
        await ui.settled()
        await ui.wait(3)
        for key, letter in (
            ("down", None),
            ("3", "3"),
            ("down", None),
            ("1", "1"),
            ("2", "2"),
            ("enter", "\r"),
        ):
            ui.app.post_message(events.Key(key, letter))
        ui.app.post_message(events.Key("enter", "\r"))
        await ui.settled()
        assert isinstance(ui.app.screen, RescaleScreen), "the second enter is for the question's way back"
        rows = [ui.line(name).split() for name in ("Source: events", "parse", "enrich")]
        assert [row[-2] for row in rows] == ["2", "3", "[12]"]
        assert ui.acts() == []


@pytest.mark.deep
async def test_the_menu_leads_there() -> None:
    async with acting(prepare=adaptive) as ui:
        await ui.press("a")
        await ui.wait(1)
        menu = ui.app.screen
        assert isinstance(menu, ActionsScreen)
        labels = [row.action.title for row in menu.table._rows]
        await ui.press(*["down"] * labels.index("Change parallelism"))
        await ui.press("enter")
        await ui.wait(3)
        assert isinstance(ui.app.screen, RescaleScreen)
        assert "[2]" in ui.line("Source: events")
