"""kubectl, run once."""

import asyncio
import logging
import signal
from pathlib import Path

import pytest

from flinktop.kubernetes.errors import KubectlError
from flinktop.kubernetes.kubectl import MOST_BYTES, Kubectl
from tests.kubernetes.standing import StandIn
from tests.tunnel.standing import happens


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    return StandIn(tmp_path / "stand-in")


async def test_the_last_log_of_a_container(stand_in: StandIn) -> None:
    stand_in.put(output="killed\n", errors="Warning: old\n")
    assert (
        await stand_in.kubectl().logs("flink", "orders-1", "flink-main-container", previous=True)
        == b"killed\n"
    )
    (run,) = stand_in.runs
    assert run.split() == [
        "--context=prod",
        "logs",
        "--namespace=flink",
        "--request-timeout=10s",
        "--container=flink-main-container",
        "--previous",
        "--tail=20000",
        "--",
        "orders-1",
    ]


async def test_what_is_kept_of_a_long_log_is_its_end(stand_in: StandIn) -> None:
    (stand_in.directory / "output").write_bytes(b"a" * MOST_BYTES + b"end")
    log = await stand_in.kubectl().logs("flink", "orders-1")
    assert len(log) == MOST_BYTES
    assert log.endswith(b"end")


async def test_a_description(stand_in: StandIn) -> None:
    stand_in.put(output="Name: orders\n")
    kubectl = stand_in.kubectl(None)
    assert await kubectl.describe("flinkdeployment", "flink", "orders") == b"Name: orders\n"
    assert stand_in.runs == ["describe --namespace=flink --request-timeout=10s -- flinkdeployment orders"]


async def test_contexts(stand_in: StandIn) -> None:
    stand_in.put(output="prod\nthe other one\n")
    assert await stand_in.kubectl().contexts() == ("prod", "the other one")
    assert stand_in.runs == ["config get-contexts --output=name"]


async def test_a_failure_is_one_sentence(stand_in: StandIn) -> None:
    stand_in.put(errors='error: context "prod" does not exist\n', code=1)
    with pytest.raises(KubectlError, match=r"^kubectl knows no context prod: ") as raised:
        await stand_in.kubectl().run("get", "pods")
    assert raised.value.kind == "context"


async def test_warnings_are_no_errors(stand_in: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    stand_in.put(errors="Warning: v1 Endpoints is \x1b[1mdeprecated\n", output="x")
    with caplog.at_level(logging.INFO):
        assert await stand_in.kubectl().run("get", "pods") == b"x"
    assert "Warning: v1 Endpoints is deprecated" in caplog.text


@pytest.mark.deep
async def test_one_that_takes_too_long(stand_in: StandIn) -> None:
    stand_in.put(hangs="")
    with pytest.raises(
        KubectlError, match=r"^kubectl gave no answer within 0.3 s \(context prod\)$"
    ) as raised:
        await stand_in.kubectl().run("get", "pods", seconds=0.3)
    assert raised.value.kind == "late"
    assert not stand_in.running


@pytest.mark.deep
async def test_one_that_is_no_longer_wanted(stand_in: StandIn) -> None:
    stand_in.put(hangs="")
    task = asyncio.create_task(stand_in.kubectl().run("get", "pods"))
    await happens("it runs", lambda: bool(stand_in.runs))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await happens("it is gone", lambda: not stand_in.running)


async def test_one_that_is_killed(stand_in: StandIn) -> None:
    stand_in.put(code=128 + signal.SIGKILL)
    with pytest.raises(KubectlError, match=r"^kubectl failed: it printed nothing$"):
        await stand_in.kubectl().run("get", "pods")


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        (
            "no-kubectl",
            "there is no program no-kubectl: install kubectl, or name it with kubectl in the config",
        ),
        (
            "/no/kubectl",
            "there is no program /no/kubectl: install kubectl, or name it with kubectl in the config",
        ),
        ("/etc/passwd", "/etc/passwd may not be run: it is no program"),
    ],
)
async def test_no_kubectl(program: str, sentence: str) -> None:
    with pytest.raises(KubectlError) as raised:
        await Kubectl("prod", program).run("version")
    assert (raised.value.kind, str(raised.value)) == ("missing", sentence)


async def test_a_program_of_another_machine(tmp_path: Path) -> None:
    program = tmp_path / "kubectl"
    program.write_bytes(b"\x7fELF not really")
    program.chmod(0o755)
    with pytest.raises(KubectlError, match=f"^{program} can't be started: Exec format error$"):
        await Kubectl("prod", str(program)).run("version")
