"""Widgets whose size follows from what they show."""

from __future__ import annotations

import pytest

from flinktop.ui.panels.job_header import JobHeader
from tests.ui.day import monitor


@pytest.mark.deep
async def test_what_grows_between_another_layout_and_its_own_is_shown_whole() -> None:
    async with monitor("2.3.0", (120, 40)) as day:
        await day.press("slash", *"steady", "enter", "enter")
        await day.wait(3)
        header = day.app.screen.query_one(JobHeader)
        whole, height = header._lines, header.size.height
        assert len(whole) == height > 1
        header._lines = whole[:1]
        header.refresh(layout=True)
        # Another widget's layout measures it before it has asked for its own.
        other = header.siblings[0]
        other.refresh(layout=True)
        other._check_refresh()
        day.app.screen._refresh_layout()
        header.show()
        await day.settled()
        assert header.size.height == height
        assert day.cluster.job("steady") in day.text
