"""Texts of Kubernetes that are read beside an engine: logs of pods, descriptions, and why there is none."""

from __future__ import annotations

import asyncio

import pytest

from flinktop.engine.host import Port
from flinktop.engine.kubernetes_text import (
    Described,
    KubernetesText,
    PodLog,
    cluster_described,
    job_described,
    last_log,
    pod_described,
)
from flinktop.flink.connection import Connection
from flinktop.kubernetes.errors import KubectlError
from flinktop.model.kubernetes import ContainerEnd, KubernetesState, OperatorState, Pod
from tests.fixture_cluster import FixtureCluster
from tests.manual_clock import ManualClock, settle

DESCRIBED = Described(kind="pod", namespace="shop", name="tm-1")


class Reader:
    """Answers with bytes, or raises."""

    def __init__(self, answer: bytes | Exception) -> None:
        self.answer = answer

    async def logs(self, namespace: str, pod: str, container: str = "", *, previous: bool = False) -> bytes:
        del namespace, pod, container, previous
        return await self.describe("", "", "")

    async def describe(self, kind: str, namespace: str, name: str) -> bytes:
        del kind, namespace, name
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def read(what: PodLog | Described, answer: bytes | Exception | None) -> KubernetesText:
    reader = Reader(answer) if answer is not None else None
    port = Port(
        Connection("http://flink.test"), ManualClock(), transport=FixtureCluster("2.3.0"), kubectl=reader
    )
    await port.start_inline()
    text = KubernetesText(what)
    port.run_beside(text, text.run)
    while text.transfer.state in ("waiting", "running"):
        await settle()
        await asyncio.sleep(0.001)
    await port.engine.stop()
    return text


async def test_a_log_has_its_lines_and_what_is_well_known_of_them() -> None:
    found = await read(
        PodLog(namespace="shop", pod="tm-1"), b"up\njava.lang.OutOfMemoryError: Metaspace\n\x1b[31mred\n"
    )
    transfer = found.transfer
    assert (transfer.state, transfer.lines[0].text) == ("done", "up")
    assert "\x1b" not in transfer.lines[-1].text
    assert len(transfer.known) == 1
    assert transfer.at is not None


async def test_a_description_has_neither_secrets_nor_control_characters() -> None:
    found = await read(DESCRIBED, b"Name:\ttm-1\n  API_TOKEN:  abc\x07\n\x1b[31mred\xff\n")
    assert found.text == ("Name:   tm-1", "  API_TOKEN:  ******", "red\ufffd")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (KubectlError("failed", "pod tm-1 is not there any more"), "pod tm-1 is not there any more"),
        (ValueError("odd"), "flinktop failed: ValueError('odd')"),
        (None, "this cluster is not read by kubectl"),
    ],
)
async def test_why_there_is_no_text_is_a_sentence(answer: Exception | None, reason: str) -> None:
    found = await read(DESCRIBED, answer)
    assert (found.transfer.state, found.transfer.reason) == ("failed", reason)


END = ContainerEnd(reason="Error", exit_code=1)


@pytest.mark.parametrize(
    ("pod", "previous"),
    [
        (Pod(name="p", phase="Running", restarts=2, ready=True, ended=END), True),
        (Pod(name="p", phase="Running", restarts=2, waiting="CrashLoopBackOff", ended=END), True),
        (Pod(name="p", phase="Failed", ended=END), False),
        (Pod(name="p", phase="Failed", restarts=1, ended=END), False),
        (Pod(name="p", phase="Running", gone=1.0), False),
    ],
)
def test_which_run_of_a_container_has_the_last_log(pod: Pod, previous: bool) -> None:  # noqa: FBT001
    found = last_log(KubernetesState(context="c", namespace="shop"), pod)
    assert (found.pod, found.namespace, found.previous) == ("p", "shop", previous)
    assert ("--previous" in found.command) is previous


def test_what_is_described() -> None:
    jobmanager = Pod(name="jm", component="jobmanager")
    operator = OperatorState(kind="FlinkDeployment", name="session")
    of_session = OperatorState(kind="FlinkSessionJob", name="clicks", job_id="a")
    bare = KubernetesState(context="c", namespace="shop", service="rest")
    with_pod = KubernetesState(context="c", namespace="shop", service="rest", pods=(jobmanager,))
    managed = KubernetesState(context="c", namespace="shop", operator=operator, session_jobs=(of_session,))
    assert cluster_described(bare) == Described(kind="service", namespace="shop", name="rest")
    assert cluster_described(with_pod) == Described(kind="pod", namespace="shop", name="jm")
    assert cluster_described(managed) == Described(kind="flinkdeployment", namespace="shop", name="session")
    assert cluster_described(KubernetesState(context="c", namespace="shop")) is None
    assert job_described(managed, "a") == Described(kind="flinksessionjob", namespace="shop", name="clicks")
    assert job_described(managed, "b") == cluster_described(managed)
    assert pod_described(bare, Pod(name="x", gone=1.0)) is None
    assert pod_described(bare, None) is None
