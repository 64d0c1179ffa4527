"""The line of tabs in whatever room there is."""

import pytest
from rich.cells import cell_len

from flinktop.ui import keys
from flinktop.ui.panels.tab_line import tab_parts


@pytest.mark.parametrize("width", range(8, 140, 3))
@pytest.mark.parametrize("tabs", [keys.JOB_TABS, keys.VERTEX_TABS, keys.SUBTASK_TABS, keys.CHECKPOINTS_TABS])
def test_tabs_fit_and_the_open_one_is_whole(tabs: tuple[keys.Command, ...], width: int) -> None:
    opened = tabs[1]
    text = "".join(part for part, _ in tab_parts(tabs, opened.id.removeprefix("tab_"), width))
    assert f"[{opened.keys[0]} {opened.label}]" in text
    assert cell_len(text) <= max(width, 3 * len(tabs) + len(opened.label) + 4)
    assert all(f"{tab.keys[0]}" in text for tab in tabs)


def test_names_are_whole_where_there_is_room_and_cut_where_there_is_not() -> None:
    wide = "".join(part for part, _ in tab_parts(keys.JOB_TABS, "graph", 118))
    assert all(tab.label in wide for tab in keys.JOB_TABS)
    narrow = "".join(part for part, _ in tab_parts(keys.JOB_TABS, "graph", 78))
    assert all(tab.label[:4] in narrow for tab in keys.JOB_TABS)
