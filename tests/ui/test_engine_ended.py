"""An engine that can't be started, or ends by itself: a sentence and an exit code, no monitor that hangs."""

from __future__ import annotations

import pytest

from tests.ui.day import monitor


@pytest.mark.deep
@pytest.mark.parametrize("noticed", ["news", "second"])
async def test_a_monitor_whose_engine_has_ended_leaves(noticed: str) -> None:
    async with monitor() as day:
        codes: list[int] = []
        day.app.on_exit = codes.append
        day.port.failure = "the engine ended by itself: SystemExit(3)"
        day.app.on_facts_changed() if noticed == "news" else day.app.tick()
        day.app.tick()
        assert codes == [1]
        assert day.app.return_code == 1
        assert "the engine ended by itself" in str(day.app._exit_renderables[0])
