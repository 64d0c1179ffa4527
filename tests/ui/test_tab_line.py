"""The line of tabs in whatever room there is."""

import pytest
from rich.cells import cell_len

from flinktop.ui import tabs
from flinktop.ui.command import Command
from flinktop.ui.panels.frame import tab_parts

SCREENS = {
    "job": tabs.JOB_TABS,
    "vertex": tabs.VERTEX_TABS,
    "subtask": tabs.SUBTASK_TABS,
    "checkpoints": tabs.CHECKPOINTS_TABS,
    "taskmanager": tabs.TASKMANAGER_TABS,
    "jobmanager": tabs.JOBMANAGER_TABS,
    "jars": tabs.JARS_TABS,
    "application": tabs.APPLICATION_TABS,
}


def line(tabs: tuple[Command, ...], opened: Command, width: int) -> str:
    return "".join(part for part, _ in tab_parts(tabs, opened.id.removeprefix("tab_"), width))


@pytest.mark.parametrize("width", [38, 58, 77, 78, 98, 118, 198])
@pytest.mark.parametrize("tabs", SCREENS.values(), ids=SCREENS)
def test_tabs_fit_and_the_open_one_is_named(tabs: tuple[Command, ...], width: int) -> None:
    for opened in tabs:
        text = line(tabs, opened, width)
        assert cell_len(text) <= width
        assert any(f"[{opened.keys[0]} {name}]" in text for name in (opened.label, opened.short))
        assert all(tab.keys[0] in text for tab in tabs)


@pytest.mark.parametrize("width", [78, 118, 198])
@pytest.mark.parametrize("tabs", SCREENS.values(), ids=SCREENS)
def test_no_tab_moves_or_changes_its_name_when_another_is_opened(
    tabs: tuple[Command, ...], width: int
) -> None:
    lines = {line(tabs, opened, width).translate(str.maketrans("[]", "  ")) for opened in tabs}
    assert len(lines) == 1


@pytest.mark.parametrize("tabs", SCREENS.values(), ids=SCREENS)
def test_names_are_whole_where_there_is_room_and_short_but_never_cut_on_a_narrow_terminal(
    tabs: tuple[Command, ...],
) -> None:
    assert all(f"{tab.keys[0]} {tab.label} " in line(tabs, tabs[0], 118) for tab in tabs[1:])
    narrow = line(tabs, tabs[0], 78)
    assert all(f"{tab.keys[0]} {tab.short} " in narrow or tab.label in narrow for tab in tabs[1:])


def test_the_short_names_of_a_screen_differ() -> None:
    for one in SCREENS.values():
        assert len({tab.short for tab in one}) == len(one)
