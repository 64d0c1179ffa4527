"""The line of tabs in whatever room there is."""

import pytest
from rich.cells import cell_len

from flinktop.ui import keys
from flinktop.ui.panels.tab_line import tab_parts

SCREENS = {
    "job": keys.JOB_TABS,
    "vertex": keys.VERTEX_TABS,
    "subtask": keys.SUBTASK_TABS,
    "checkpoints": keys.CHECKPOINTS_TABS,
    "taskmanager": keys.TASKMANAGER_TABS,
    "jobmanager": keys.JOBMANAGER_TABS,
    "jars": keys.JARS_TABS,
    "application": keys.APPLICATION_TABS,
}


def line(tabs: tuple[keys.Command, ...], opened: keys.Command, width: int) -> str:
    return "".join(part for part, _ in tab_parts(tabs, opened.id.removeprefix("tab_"), width))


@pytest.mark.parametrize("width", [38, 58, 77, 78, 98, 118, 198])
@pytest.mark.parametrize("tabs", SCREENS.values(), ids=SCREENS)
def test_tabs_fit_and_the_open_one_is_named(tabs: tuple[keys.Command, ...], width: int) -> None:
    for opened in tabs:
        text = line(tabs, opened, width)
        assert cell_len(text) <= width
        assert any(f"[{opened.keys[0]} {name}]" in text for name in (opened.label, opened.short))
        assert all(tab.keys[0] in text for tab in tabs)


@pytest.mark.parametrize("width", [78, 118, 198])
@pytest.mark.parametrize("tabs", SCREENS.values(), ids=SCREENS)
def test_no_tab_moves_or_changes_its_name_when_another_is_opened(
    tabs: tuple[keys.Command, ...], width: int
) -> None:
    lines = {line(tabs, opened, width).translate(str.maketrans("[]", "  ")) for opened in tabs}
    assert len(lines) == 1


@pytest.mark.parametrize("tabs", SCREENS.values(), ids=SCREENS)
def test_names_are_whole_where_there_is_room_and_short_but_never_cut_on_a_narrow_terminal(
    tabs: tuple[keys.Command, ...],
) -> None:
    assert all(f"{tab.keys[0]} {tab.label} " in line(tabs, tabs[0], 118) for tab in tabs[1:])
    narrow = line(tabs, tabs[0], 78)
    assert all(f"{tab.keys[0]} {tab.short} " in narrow or tab.label in narrow for tab in tabs[1:])


def test_the_short_names_of_a_screen_differ() -> None:
    for tabs in SCREENS.values():
        assert len({tab.short for tab in tabs}) == len(tabs)
