"""TaskManagers by the names of their pods and containers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixture_cluster import FixtureCluster
from tests.ui.day import monitor

POD, CONTAINER = "session-cluster-taskmanager-1-1", "container_e17_1700000000000_0042_01_000002"
ADDRESSES = {POD: "10.244.0.7:6122", CONTAINER: "nm-7.prod.example.com:6122"}


def on_kubernetes_and_yarn() -> FixtureCluster:
    cluster = FixtureCluster("1.20.5")
    [recorded] = cluster.document("taskmanagers")["taskmanagers"]
    named = {
        name: {**recorded, "id": name, "path": f"pekko.tcp://flink@{address}/user/rpc/taskmanager_0"}
        for name, address in ADDRESSES.items()
    }
    details = cluster.document(f"taskmanagers/{recorded['id']}")
    cluster.changed["taskmanagers"] = {"taskmanagers": list(named.values())}
    for name, one in named.items():
        cluster.changed[f"taskmanagers/{name}"] = {**details, "id": name, "path": one["path"]}
    return cluster


@pytest.mark.deep
async def test_a_pod_is_listed_found_opened_and_copied_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async with monitor(cluster=on_kubernetes_and_yarn()) as day:
        copied: list[str] = []
        monkeypatch.setattr(day.app, "copy_text", copied.append)
        await day.press("M")
        await day.wait(3)
        assert POD[-9:] in day.text
        await day.press("slash", *"MANAGER-1-1")
        assert day.table.shown_keys() == (POD,)
        await day.press("escape", "slash", *"nm-7", "enter")
        assert day.table.shown_keys() == (CONTAINER,)
        await day.press("escape", "slash", *"10.244", "enter", "y", "enter")
        await day.wait(3)
        assert f"▸ {POD}" in day.lines[0]
        assert f"{POD} at 10.244.0.7:6122" in day.text
        await day.press("y")
        assert copied == [f"{POD} 10.244.0.7:6122"] * 2


@pytest.mark.deep
async def test_pods_are_distinguishable_on_a_narrow_terminal() -> None:
    cluster = on_kubernetes_and_yarn()
    one, *_ = cluster.changed["taskmanagers"]["taskmanagers"]
    pods = [{**one, "id": f"session-cluster-taskmanager-1-{number}"} for number in (1, 2)]
    cluster.changed["taskmanagers"] = {"taskmanagers": pods}
    async with monitor(cluster=cluster, size=(80, 24)) as day:
        await day.press("M")
        await day.wait(3)
        names = [line.split()[0] for line in day.lines if line.strip().startswith("session-")]
        assert len(set(names)) == len(pods) == len(names)
        assert all(name.endswith(f"r-1-{number}") for name, number in zip(sorted(names), (1, 2), strict=True))


@pytest.mark.deep
@pytest.mark.parametrize("typed", ["244.0.7", "manager-1-1"])
async def test_the_palette_finds_a_pod_by_its_address_and_by_its_name(typed: str) -> None:
    async with monitor(cluster=on_kubernetes_and_yarn()) as day:
        await day.press("colon", *typed, "enter")
        await day.wait(3)
        assert f"▸ {POD}" in day.lines[0]


@pytest.mark.deep
async def test_the_subtasks_of_a_pod_are_found_by_its_name() -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")
    vertex = cluster.document(f"jobs/{job}")["vertices"][0]["id"]

    def placed(document: dict[str, Any]) -> dict[str, Any]:
        document["subtasks"][0]["taskmanager-id"] = POD
        return document

    cluster.changed[f"jobs/{job}/vertices/{vertex}"] = placed
    async with monitor(cluster=cluster, size=(80, 24)) as day:
        await day.press("slash", *"steady", "enter", "enter")
        await day.wait(3)
        await day.press("enter")
        await day.wait(3)
        assert len(day.table.shown_keys()) > 1
        await day.press("slash", *POD, "enter")
        assert day.table.shown_keys() == ("0",)
        cluster.changed[f"jobs/{job}/vertices/{vertex}/subtasks/0"] = lambda one: {
            **one,
            "taskmanager-id": POD,
        }
        await day.press("enter")
        await day.wait(3)
        assert f"on {POD}" in day.text
