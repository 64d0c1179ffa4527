"""Makes the pictures of the README: flinktop on a real Flink, at 120x40, as SVG.

Usage: python screenshots/make.py [URL]

Without an address it starts `flinktop local`'s Flink, which needs the extra flinktop[local]. It watches for
three minutes, so that the charts have something to show, then writes overview.svg and job.svg beside itself.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import nullcontext
from pathlib import Path

import flinktop.ui.app as ui
from flinktop.engine.clock import SystemClock
from flinktop.engine.host import Port
from flinktop.flink.connection import Connection
from flinktop.local.session import open_local
from flinktop.settings import Paths, Profile, Settings

HERE = Path(__file__).parent
SIZE = (120, 40)
MINUTES = 3.0
SETTLED = 15.0
"""Seconds after which a newly opened screen has its first metrics."""


async def pictures(url: str) -> None:
    """Open flinktop on a cluster and save the overview and the job in most need of a look."""
    connection = Connection(url, read_only=True)
    port = Port(connection, SystemClock())
    port.start_thread()
    settings = Settings(
        profiles=(),
        default=None,
        theme="dark",
        ascii=False,
        no_color=False,
        mouse=False,
        debug=False,
        paths=Paths(HERE, HERE, HERE),
        notes=(),
    )
    app = ui.FlinkTop(port, settings, Profile("local", connection, None, None))
    try:
        async with app.run_test(size=SIZE) as pilot:
            await asyncio.sleep(MINUTES * 60)
            save(app, "overview.svg")
            await pilot.press("slash", *"slow", "enter", "enter")
            await asyncio.sleep(SETTLED)
            save(app, "job.svg")
    finally:
        port.stop()


def save(app: ui.FlinkTop, name: str) -> None:
    """Write what is on the screen."""
    (HERE / name).write_text(app.export_screenshot(title="flinktop"), encoding="utf-8")
    print(HERE / name)


def main() -> None:
    """Read the command line and make the pictures."""
    given = sys.argv[1] if len(sys.argv) > 1 else None
    with nullcontext(given) if given is not None else open_local(print) as url:
        asyncio.run(pictures(url))


if __name__ == "__main__":
    main()
