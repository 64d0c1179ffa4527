"""Secrets among the arguments of programs and JVMs: not on the screen, and in no copy of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.day import Day, monitor
from tests.ui.test_job import open_job


async def written(day: Day, state: Path) -> str:
    """The view as text and as JSON, what is copied of the first row, and the screen."""
    told = [day.text]
    for choice in ((), ("down",)):
        await day.press("w")
        await day.sees("Write this view to a file")
        await day.press(*choice, "enter")
        await day.sees("Wrote")
    await day.press("y")
    told += [(state / "copied.txt").read_text(), day.text]
    return "\n".join([*told, *(path.read_text() for path in state.iterdir() if path.is_file())])


@pytest.mark.deep
async def test_the_parameters_of_a_program_hold_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    async with monitor("1.20.5", state=tmp_path) as day:
        job = day.cluster.job("steady")
        told = day.cluster.document(f"jobs/{job}/config")["execution-config"]
        parameters = {"db.password": "hush", "url": "jdbc:mysql://h/db?user=u&password=hush", "out": "kept"}
        day.cluster.changed[f"jobs/{job}/config"] = {"execution-config": told | {"user-config": parameters}}
        await open_job(day, "steady")
        await day.press("6")
        await day.sees("restart strategy")
        everything = await written(day, tmp_path)
    assert "hush" not in everything
    assert "jdbc:mysql://h/db?user=u&password=******" in everything
    assert "kept" in everything


@pytest.mark.deep
async def test_the_arguments_of_a_jvm_hold_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    async with monitor("1.20.5", state=tmp_path) as day:
        told = day.cluster.document("jobmanager/environment")
        told["jvm"]["options"] = ["-Djavax.net.ssl.keyStorePassword=hush", "-Xmx1g"]
        told["environment"] = [{"key": "DB_PASSWORD", "value": "hush"}, {"key": "PWD", "value": "/opt/flink"}]
        day.cluster.changed["jobmanager/environment"] = told
        settings = [{"key": "env.java.opts.all", "value": "-Dtoken=hush -Dx=kept"}]
        day.cluster.changed["jobmanager/config"] = settings
        await day.press("J")
        await day.wait(3)
        await day.press("4")
        await day.wait(3)
        everything = await written(day, tmp_path)
    assert "hush" not in everything
    for kept in (
        "-Djavax.net.ssl.keyStorePassword=******",
        "-Xmx1g",
        "-Dtoken=****** -Dx=kept",
        "/opt/flink",
    ):
        assert kept in everything
