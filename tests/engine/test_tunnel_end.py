"""The tunnel of an engine: what is said about it, and that all of the engine's connections go through it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flinktop.engine.clock import Clock
from flinktop.engine.host import Port
from flinktop.engine.link import TunnelLink
from flinktop.engine.side_work import Surroundings
from flinktop.engine.tunnel_end import TunnelEnd, why_down
from flinktop.flink.cluster import CONFIG
from flinktop.flink.connection import Connection
from flinktop.flink.http import Http
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.flink.local_end import NoLocalEnd
from flinktop.tunnel.state import Limits, State
from tests.fixture_cluster import FixtureCluster
from tests.fixture_server import FixtureServer
from tests.tunnel.stand_in import DENIED, PROMPT, WORDS
from tests.tunnel.standing import QUICK, StandIn, happens, wait_until

URL = "http://jobmanager:8081"
SSH = ("ssh", "-p", "22", "-N", "-L", "{port}:jm:8081", "bastion")
NOBODY = "; nobody can answer that here: use a key or an agent (ssh: -o BatchMode=yes)"
SHARED = " (ssh that shares a connection: add -o ControlPath=none)"
BY_HAND = "; to see more, run by hand: ssh -p 22 -N -L 8081:jm:8081 bastion"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State(why="ended", code=255, words=DENIED), f"ended (255): {DENIED.rstrip('.')}{BY_HAND}"),
        (State(why="ended", code=1), f"ended (1){BY_HAND}"),
        (State(why="ended", code=0), f"ended (0); its command must stay in the foreground{SHARED}"),
        (State(why="ended", code=-9), "was ended by signal 9; it is started again"),
        (
            State(why="late", words=PROMPT),
            f"was not open within 15 s: me@bastion's password:{NOBODY}",
        ),
        (
            State(why="late", words="Continue connecting (yes/no/[fingerprint])?"),
            f"was not open within 15 s: Continue connecting (yes/no/[fingerprint])?{NOBODY}",
        ),
        (State(why="late"), f"was not open within 15 s: its command printed nothing{BY_HAND}"),
        (State(why="late", words="pending"), f"was not open within 15 s: pending{BY_HAND}"),
        (State(why="silent"), "let no answer through for 30 s, and is started again"),
        (State(why="missing"), "can't start: there is no program ssh; correct tunnel in the config"),
        (
            State(why="unstartable", words="Permission denied"),
            "can't start ssh: Permission denied; correct tunnel in the config",
        ),
        (State(why="taken", words="in use"), f"found no free port on this machine: in use{BY_HAND}"),
        (State(why="keeper"), "was ended together with the process that keeps it; it is started again"),
        # What a server makes it print controls no terminal, and no secret is shown.
        (
            State(why="ended", code=-2, words="\x1b[31mno\x1b]0;x\x07 token=abc\u202e\r"),
            "was ended by signal 2: no token=******; it is started again",
        ),
        (
            State(why="ended", code=-2, words="x" * 300),
            f"was ended by signal 2: {'x' * 159}…; it is started again",
        ),
    ],
)
def test_why_it_is_not_open(state: State, said: str) -> None:
    assert why_down(state, SSH, "prod", Limits()) == f"the tunnel to prod {said}"


async def test_what_the_frame_is_told(tmp_path: Path) -> None:
    opened = 0

    def count() -> None:
        nonlocal opened
        opened += 1

    stand_in = StandIn(tmp_path, 1, "once denied")
    limits = QUICK._replace(shortest=60.0, longest=60.0)
    clock = Clock()
    end = TunnelEnd(stand_in.command, "prod", clock, limits=limits, opened=count)
    try:
        assert end.link == TunnelLink()
        with pytest.raises(NoLocalEnd, match=r"^the tunnel to prod ended \(255\): me@bastion: Per"):
            await end.port()
        assert end.link.state == "ended"
        assert 40.0 < (end.link.retry_at or 0.0) - clock.now() < 75.0
        end.try_now()
        await happens("a start", lambda: end.link.state == "starting")
        await end.port()
        assert (end.link, opened) == (TunnelLink(), 1)
    finally:
        await end.close()


@contextmanager
def through(stand_in: StandIn) -> Iterator[Port]:
    """An engine on its own thread, to a cluster behind a tunnel."""
    port = Port(Connection(URL, tunnel=stand_in.command), Clock(), refresh=0.5, name="prod")
    port.start_thread()
    try:
        port.watch(JOBS_OVERVIEW())
        yield port
    finally:
        port.stop(5.0)
        stand_in.wait_until_gone()


@pytest.mark.deep
def test_an_engine_behind_a_tunnel_that_is_killed(tmp_path: Path) -> None:
    with FixtureServer(FixtureCluster("1.20.5")) as server:
        stand_in = StandIn(tmp_path, server.port)
        with through(stand_in) as port:
            wait_until("an answer", lambda: port.reading(JOBS_OVERVIEW()) is not None, 20.0)
            assert port.tunnel == TunnelLink()
            assert len(stand_in.starts) == 1
            asked = len(server.asked)
            stand_in.kill()
            wait_until("it is noticed", lambda: port.tunnel != TunnelLink(), 10.0)
            wait_until("it is back", lambda: port.tunnel == TunnelLink(), 10.0)
            server.wait_until(lambda all_: len(all_) > asked + 3)
            wait_until("the link is good", lambda: port.link().error is None, 10.0)


@pytest.mark.deep
def test_side_work_goes_through_the_same_tunnel(tmp_path: Path) -> None:
    done: list[bytes] = []
    ended = threading.Event()

    async def work(around: Surroundings) -> None:
        http = Http(around.connection, login=around.login, tunnel=around.tunnel)
        done.append((await http.get(CONFIG())).body)
        await http.close()
        ended.set()

    with FixtureServer(FixtureCluster("1.20.5")) as server:
        stand_in = StandIn(tmp_path, server.port)
        with through(stand_in) as port:
            port.run_beside("work", work)
            assert ended.wait(20.0)
            assert b"flink-version" in done[0]
            assert len(stand_in.starts) == 1


@pytest.mark.deep
@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("denied", f"the tunnel to prod ended (255): {DENIED}"),
        ("refused", f"lead to the cluster: {WORDS}"),
    ],
)
def test_the_link_has_the_reason(tmp_path: Path, day: str, reason: str) -> None:
    stand_in = StandIn(tmp_path, 1, day)
    with through(stand_in) as port:
        wait_until("an error", lambda: port.link().error is not None, 20.0)
        error = port.link().error
        assert error is not None
        assert reason.rstrip(".") in error.reason
        tries = len(stand_in.starts)
        if day == "denied":
            port.refresh()
            stand_in.wait_until_started(tries + 1, 3.0)
