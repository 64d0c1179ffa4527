"""The harness itself: what is done reaches the JobManager, and what is looked at shows it."""

import pytest

from flinktop.engine.acts.job_acts import Stop
from flinktop.engine.operation import State
from tests.ui.acting import acting


@pytest.mark.deep
@pytest.mark.parametrize("release", ["1.9.3", "1.20.5", "2.3.0"])
async def test_a_stopped_job_is_shown_as_ended(release: str) -> None:
    async with acting(release) as ui:
        assert "RUNNING" in ui.text
        number = ui.port.submit(Stop(ui.job))
        await ui.settled()
        await ui.wait(12)
        operation = ui.port.operation(number)
        assert operation is not None
        assert operation.state is State.DONE, operation
        assert ui.acts() == [f"POST jobs/{ui.job}/stop"]
        assert "FINISHED" in ui.text
        await ui.press("enter")
        assert "steady [test]" in ui.lines[0]
