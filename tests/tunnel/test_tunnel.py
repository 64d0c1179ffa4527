import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from flinktop.tunnel.listener import free_port
from flinktop.tunnel.state import MOST_WORDS, Limits, State
from flinktop.tunnel.tunnel import FAILURES, Tunnel, TunnelDown
from tests.depth import in_depth
from tests.tunnel.stand_in import DENIED, PROMPT, TAKEN, WORDS
from tests.tunnel.standing import HASTY, QUICK, StandIn, happens


@pytest.fixture
async def target() -> AsyncIterator[int]:
    """A port that sends back what it gets."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1024):
            writer.write(data)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def tunnel(
    stand_in: StandIn,
    limits: Limits = QUICK,
    changed: Callable[[State], object] = lambda _state: None,
) -> AsyncIterator[Tunnel]:
    """A tunnel that is closed at the end; nothing of it is left then."""
    opened = Tunnel(stand_in.command, limits=limits, changed=changed)
    try:
        yield opened
    finally:
        await opened.close(3.0)
        assert stand_in.running == []


async def sent_through(port: int, data: bytes = b"hello") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    try:
        return await asyncio.wait_for(reader.readexactly(len(data)), 5.0)
    finally:
        writer.close()


async def until(opened: Tunnel, kind: str, seconds: float = 10.0) -> State:
    await happens(kind, lambda: opened.state.kind == kind, seconds)
    return opened.state


async def down(opened: Tunnel) -> State:
    with pytest.raises(TunnelDown) as raised:
        await opened.port()
    return raised.value.state


async def test_it_opens_with_the_first_request(target: int, tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path, target)
    async with tunnel(stand_in) as opened:
        assert opened.state == State()
        assert stand_in.starts == []
        ports = {await opened.port() for _ in range(3)}
        assert len(ports) == len(stand_in.starts) == 1
        assert await sent_through(ports.pop()) == b"hello"
        assert len(stand_in.running) == 2


@pytest.mark.deep
async def test_requests_wait_for_a_slow_one(target: int, tmp_path: Path) -> None:
    async with tunnel(StandIn(tmp_path, target, "slow")) as opened:
        ports = await asyncio.gather(opened.port(), opened.port())
        assert await sent_through(ports[0]) == await sent_through(ports[1]) == b"hello"


async def test_one_that_is_killed_comes_back(target: int, tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path, target)
    async with tunnel(stand_in) as opened:
        first = await opened.port()
        stand_in.kill()
        ended = await until(opened, "down")
        assert (ended.why, ended.code) == ("ended", -9)
        assert 0.0 < ended.pause < 1.0
        await until(opened, "up")
        second = await opened.port()
        assert await sent_through(second) == b"hello"
        assert second != first
        assert len(stand_in.starts) == 2


FAILS: dict[str, State] = {
    "denied": State("down", why="ended", code=255, words=DENIED),
    "prompt": State("down", why="late", words=PROMPT.strip()),
    "silent": State("down", why="late"),
    "background": State("down", why="ended", code=0),
    "taken": State("down", why="taken", words=TAKEN),
}


@pytest.mark.deep
@pytest.mark.parametrize("day", in_depth(FAILS, ("denied", "prompt")))
async def test_why_it_does_not_open(target: int, tmp_path: Path, day: str) -> None:
    stand_in = StandIn(tmp_path, target, day)
    limits = HASTY if FAILS[day].why == "late" else QUICK
    async with tunnel(stand_in, limits._replace(shortest=60.0, longest=60.0)) as opened:
        state = await down(opened)
        words = re.sub(r":\d+:", ":{port}:", state.words)
        assert state._replace(words=words, pause=0.0) == FAILS[day]
        assert 48.0 <= state.pause <= 72.0
        # At once, and with the same reason.
        async with asyncio.timeout(0.2):
            assert await down(opened) == state
        assert not {*stand_in.running} & {*stand_in.starts}


@pytest.mark.parametrize(
    ("program", "why"), [("no-such-program", "missing"), ("a file", "unstartable"), ("\udcff", "missing")]
)
async def test_a_command_that_can_not_be_started(tmp_path: Path, program: str, why: str) -> None:
    (tmp_path / "a file").write_text("text")
    stand_in = StandIn(tmp_path, 1)
    name = str(tmp_path / program) if program == "a file" else program
    stand_in.command = (name, *stand_in.command[1:])
    async with tunnel(stand_in) as opened:
        assert (await down(opened)).why == why


async def test_a_port_that_is_taken_is_tried_again_with_another(target: int, tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path, target, "once taken")
    seen: list[State] = []
    async with tunnel(stand_in, QUICK._replace(shortest=60.0, longest=60.0), seen.append) as opened:
        assert await sent_through(await opened.port()) == b"hello"
        assert len(stand_in.starts) == 2
        assert "down" not in {state.kind for state in seen}
        assert len({state.port for state in seen if state.port}) == 2


@pytest.mark.deep
async def test_much_output_is_no_trouble(target: int, tmp_path: Path) -> None:
    seen: list[State] = []
    async with tunnel(StandIn(tmp_path, target, "loud"), changed=seen.append) as opened:
        port = await opened.port()
        for _ in range(10):
            assert await sent_through(port, b"x" * 10_000) == b"x" * 10_000
        await asyncio.sleep(0.3)
        assert opened.state.words.startswith("debug1: ")
        assert len(opened.state.words) <= MOST_WORDS
        assert len(seen) < 15


@pytest.mark.deep
async def test_one_that_lets_nothing_through_is_started_again(target: int, tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path, target, "once hanging")
    async with tunnel(stand_in) as opened:
        port = await opened.port()
        for _ in range(FAILURES):
            opened.unanswered()
        await asyncio.sleep(1.2 * QUICK.silent)
        opened.answered()
        for _ in range(FAILURES):
            opened.unanswered()
        await asyncio.sleep(0.05)
        assert (opened.state.kind, opened.state.port) == ("up", port)
        await asyncio.sleep(1.2 * QUICK.silent)
        opened.unanswered()
        assert (await until(opened, "down")).why == "silent"
        await until(opened, "up")
        assert await sent_through(await opened.port()) == b"hello"


@pytest.mark.parametrize("day", in_depth(["stubborn", "child"], ["child"]))
async def test_whatever_it_does_it_is_ended(target: int, tmp_path: Path, day: str) -> None:
    stand_in = StandIn(tmp_path, target, day)
    async with tunnel(stand_in) as opened:
        assert await sent_through(await opened.port()) == b"hello"
        assert len(stand_in.running) == (3 if day == "child" else 2)


@pytest.mark.deep
async def test_a_stopped_one_is_ended(target: int, tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path, target)
    async with tunnel(stand_in) as opened:
        await opened.port()
        stand_in.kill(signal.SIGSTOP)


@pytest.mark.deep
async def test_a_keeper_that_is_killed_leaves_nothing_and_is_replaced(target: int, tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path, target, "child")
    async with tunnel(stand_in) as opened:
        await opened.port()
        os.kill(stand_in.keeper, signal.SIGKILL)
        assert (await until(opened, "down")).why == "keeper"
        stand_in.wait_until_gone()
        await asyncio.sleep(1.5 * opened.state.pause)
        assert await sent_through(await opened.port()) == b"hello"


@pytest.mark.deep
async def test_pauses_grow_and_are_cut_short_when_asked(target: int, tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path, target, "denied")
    seen: list[State] = []
    async with tunnel(stand_in, QUICK._replace(longest=60.0), seen.append) as opened:
        await down(opened)
        stand_in.wait_until_started(1)
        await happens("four ends", lambda: sum(one.kind == "down" for one in seen) >= 4)
        for number, pause in enumerate(one.pause for one in seen if one.kind == "down"):
            assert 0.8 <= pause / (0.05 * 2.0**number) <= 1.2
        opened.try_now()
        await until(opened, "starting")


@pytest.mark.deep
async def test_a_good_run_makes_the_next_pause_short_again(target: int, tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path, target)
    seen: list[State] = []
    limits = QUICK._replace(longest=60.0, good=0.5)
    async with tunnel(stand_in, limits, seen.append) as opened:
        for lasts in (0.0, 0.0, 0.0, 0.8):
            await until(opened, "up") if seen else await opened.port()
            await asyncio.sleep(lasts)
            stand_in.kill()
            await until(opened, "down")
    pauses = [state.pause for state in seen if state.kind == "down"]
    assert pauses[2] > 0.15
    assert pauses[3] < 0.07


async def test_what_it_prints_about_a_request_is_known(tmp_path: Path) -> None:
    async with tunnel(StandIn(tmp_path, 1, "refused")) as opened:
        port = await opened.port()
        for _ in range(2):
            sent_at = asyncio.get_running_loop().time()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await reader.read() == b""
            writer.close()
            assert await opened.words_after(sent_at, 2.0) == WORDS
        later = asyncio.get_running_loop().time() + 0.3
        assert await opened.words_after(later, 0.05) == ""


@pytest.mark.deep
async def test_a_request_that_is_given_up_leaves_the_others(target: int, tmp_path: Path) -> None:
    async with tunnel(StandIn(tmp_path, target, "slow")) as opened:
        impatient = asyncio.create_task(opened.port())
        patient = asyncio.create_task(opened.port())
        await asyncio.sleep(0.1)
        impatient.cancel()
        assert await sent_through(await patient) == b"hello"


async def test_closed_while_it_starts(tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path, 1, "silent")
    async with tunnel(stand_in) as opened:
        waits = asyncio.create_task(opened.port())
        await happens("a start", lambda: bool(stand_in.starts))
        await opened.close(3.0)
        with pytest.raises(TunnelDown):
            await asyncio.wait_for(waits, 1.0)
        with pytest.raises(TunnelDown):
            await opened.port()


@pytest.mark.deep
def test_one_loop_after_the_other(tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path, free_port())
    opened = Tunnel(stand_in.command, limits=QUICK)
    first = asyncio.run(opened.port())
    assert asyncio.run(opened.port()) == first
    stand_in.kill()
    stand_in.wait_until_started(2)
    assert asyncio.run(_opened_again(opened, first)) != first
    asyncio.run(opened.close(3.0))
    assert stand_in.running == []


async def _opened_again(opened: Tunnel, first: int) -> int:
    async with asyncio.timeout(5.0):
        while True:
            try:
                if (port := await opened.port()) != first:
                    return port
            except TunnelDown:
                pass
            await asyncio.sleep(0.02)


async def test_nothing_asks_a_person_and_nothing_of_ours_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_ASKPASS", "/usr/bin/ask")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    monkeypatch.setenv("FLINKTOP_PASSWORD", "secret")
    told = tmp_path / "told"
    script = 'env >"$1"; tty >>"$1"; (: </dev/tty) 2>>"$1" || echo no terminal >>"$1"; cat >>"$1"; exit 3'
    opened = Tunnel(("sh", "-c", script, "{port}", str(told)), limits=QUICK)
    try:
        assert (await down(opened)).code == 3
    finally:
        await opened.close(3.0)
    found = told.read_text().splitlines()
    assert {"SSH_ASKPASS_REQUIRE=never", "SSH_AUTH_SOCK=/run/agent", "not a tty", "no terminal"} <= {*found}
    assert not [line for line in found if line.startswith(("SSH_ASKPASS=", "FLINKTOP_"))]
