"""Turns to ask one API server."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from flinktop.kubernetes.turns import LONGEST_HOLD, Turns
from tests.manual_clock import ManualClock, settle


class Asking:
    """Clusters that ask without end, or as often as told; who got a turn, and when."""

    def __init__(self, clock: ManualClock, turns: Turns) -> None:
        self.clock = clock
        self.turns = turns
        self.got: list[tuple[str, float]] = []
        self.tasks: set[asyncio.Task[None]] = set()

    def begin(self, cluster: str, times: int = 1000, *, first: bool = False) -> asyncio.Task[None]:
        async def ask() -> None:
            for _ in range(times):
                await self.turns.take(cluster, first=first)
                self.got.append((cluster, self.clock.now() - 1000.0))

        task = asyncio.create_task(ask())
        self.tasks.add(task)
        return task

    @property
    def times(self) -> list[float]:
        return [at for _, at in self.got]

    def counts(self) -> Counter[str]:
        return Counter(cluster for cluster, _ in self.got)

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await self.turns.close()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@pytest.fixture
async def asking() -> AsyncIterator[Asking]:
    clock = ManualClock()
    made = Asking(clock, Turns(clock))
    yield made
    await made.end()


async def test_no_second_has_more_than_ten(asking: Asking) -> None:
    for number in range(5):
        asking.begin(f"c{number}")
    for _ in range(100):
        await asking.clock.advance(0.1)
    times = asking.times
    assert len(times) >= 100
    assert all(later - earlier >= 1.0 for earlier, later in zip(times, times[10:], strict=False))


async def test_nobody_waits_as_long_as_there_are_turns(asking: Asking) -> None:
    for _ in range(10):
        await asyncio.wait_for(asking.turns.take("a"), 0.1)
    late = asking.begin("a", 1)
    await settle()
    assert not late.done()
    await asking.clock.advance(1.0)
    assert late.done()


async def test_shares(asking: Asking) -> None:
    asking.turns.set_share("ill", 4.0)
    for cluster in ("ill", "well", "fine"):
        asking.begin(cluster)
    await asking.clock.advance(60.0)
    counts = asking.counts()
    assert counts["ill"] == pytest.approx(4 * counts["well"], rel=0.1)
    assert counts["well"] == pytest.approx(counts["fine"], abs=2)
    assert sum(counts.values()) == pytest.approx(600, abs=10)


async def test_a_share_of_nothing_still_gets_turns(asking: Asking) -> None:
    asking.turns.set_share("last", 0.0)
    asking.begin("last")
    asking.begin("other")
    await asking.clock.advance(60.0)
    assert asking.counts()["last"] >= 5


async def test_one_that_was_idle_gets_no_more_than_the_others_afterwards(asking: Asking) -> None:
    asking.begin("busy")
    await asking.clock.advance(60.0)
    asking.got.clear()
    asking.begin("idle")
    await asking.clock.advance(10.0)
    counts = asking.counts()
    assert counts["idle"] == pytest.approx(counts["busy"], abs=3)


async def test_an_act_is_first(asking: Asking) -> None:
    for number in range(30):
        asking.begin(f"c{number}", 5)
    await settle()
    act = asking.begin("c0", 1, first=True)
    await asking.clock.advance(1.0)
    assert act.done()


async def test_none_are_given_while_the_server_wants_none(asking: Asking) -> None:
    asking.turns.hold(5.0)
    asking.begin("a", 1)
    await asking.clock.advance(4.9)
    assert asking.got == []
    await asking.clock.advance(0.2)
    assert asking.times == [5.0]
    asking.turns.hold(1e9)
    asking.begin("a", 1)
    await asking.clock.advance(LONGEST_HOLD)
    assert len(asking.got) == 2


async def test_one_that_no_longer_waits_takes_no_turn(asking: Asking) -> None:
    asking.begin("a", 10)
    waiting = [asking.begin("gone", 1) for _ in range(20)]
    await settle()
    for task in waiting:
        task.cancel()
    asking.begin("b", 10)
    await asking.clock.advance(2.0)
    assert asking.counts() == {"a": 10, "b": 10}
