"""What `flinktop status` reads of the journal: what flinktops that watch the clusters remember of them."""

# ruff: noqa: T201 -- this module prints

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING, Final

from flinktop.engine.journal.tables import JournalError
from flinktop.engine.judge_memory import read_only
from flinktop.flink.run_in_thread import run_in_thread
from flinktop.internal_error import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from flinktop.engine.clock import Clock
    from flinktop.judgement.remembered import Remembered
    from flinktop.settings import Profile

log = logging.getLogger(__name__)

SECONDS: Final = 1.0
"""So long the file is waited for."""


async def remembered(path: Path, profiles: Iterable[Profile], clock: Clock) -> dict[str, Remembered]:
    """What is remembered of clusters, by address. A file that can't be read is said, and is as none."""
    addresses = [one.connection.url for one in profiles]
    now = 1000.0 * clock.wall()
    try:
        async with asyncio.timeout(SECONDS):
            return await run_in_thread(lambda: read_only(path, addresses, now))
    except TimeoutError:
        why = f"no answer within {SECONDS:.0f} s"
    except OSError as error:
        why = error.strerror or str(error)
    except JournalError as error:
        why = str(error)
    except Exception as failure:
        log.exception("the journal can't be read")
        why = words_of(failure)
    print(f"flinktop: the journal {path} can't be read ({why}); judging without it", file=sys.stderr)
    return {}
