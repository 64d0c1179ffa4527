"""Flinktop as a program of its own that tells what it is doing when it gets SIGUSR2: see `witness`."""

from __future__ import annotations

import faulthandler
import os
import runpy
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

FILE: Final = "FLINKTOP_TEST_TELLS"
"""The environment variable with the path of the file that it tells it to."""
END: Final = "\n-- that is all\n"


def main() -> None:
    """Run flinktop with the arguments of this program."""
    # Open as long as the process lives: the stacks are written to it by C code.
    file = Path(os.environ[FILE]).open("w", encoding="utf-8", errors="replace")  # noqa: SIM115

    def tell(_number: int, frame: FrameType | None) -> None:
        from flinktop.ui.app import FlinkTop  # noqa: PLC0415 -- it loads textual, long before it is needed
        from tests.app_state import state_of  # noqa: PLC0415

        # The garbage collector does not know it: it is told to leave alone what is there after the start.
        app = next((one for one in _locals(frame) if isinstance(one, FlinkTop)), None)
        try:
            file.write(state_of(app) if app is not None else "it has no app")
        except Exception as error:  # noqa: BLE001 -- it may be in the middle of anything
            file.write(f"it can't be told: {error!r}")
        file.write(END)
        file.flush()

    signal.signal(signal.SIGUSR2, tell)
    faulthandler.register(signal.SIGUSR2, file, all_threads=True, chain=True)
    sys.argv[0] = "flinktop"
    runpy.run_module("flinktop", run_name="__main__", alter_sys=True)


def _locals(frame: FrameType | None) -> Iterator[object]:
    """Values of the local variables of a frame and of those that have called it."""
    while frame is not None:
        yield from frame.f_locals.values()
        frame = frame.f_back
