"""Pods: why their container ended, why they are Pending."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flinktop.kubernetes.objects import Event, PodObject, read
from flinktop.kubernetes.pods import pending_by_events, pod_of
from flinktop.model.kubernetes import ContainerEnd, Pod
from tests.kubernetes import pods
from tests.kubernetes.objects import CREATED, Object, changed

GI = 1024**3


def pod(given: Object) -> Pod:
    found = read(json.dumps(given).encode(), PodObject)
    assert found is not None
    return pod_of(found)


def events(*given: Object) -> list[Event]:
    found = [read(json.dumps(one).encode(), Event) for one in given]
    return [one for one in found if one is not None]


def test_a_pod_that_runs() -> None:
    found = pod(pods.pod(restarts=2, sidecar=True, node="node-7", ip="10.0.0.9"))
    assert found == Pod(
        name="orders-taskmanager-1-1",
        uid=found.uid,
        component="taskmanager",
        phase="Running",
        ready=True,
        restarts=2,
        node="node-7",
        ip="10.0.0.9",
        container="flink-main-container",
        memory_limit=2 * GI,
        created=CREATED,
    )


@pytest.mark.parametrize("restarted", [True, False])
def test_out_of_memory_is_said_with_the_limit(*, restarted: bool) -> None:
    found = pod(pods.oom_killed(pods.pod(memory="1536Mi"), restarted=restarted))
    assert found.ended == ContainerEnd(
        reason="OOMKilled", exit_code=137, at=CREATED + 600, memory_limit=1536 * 1024**2
    )
    assert found.phase == ("Running" if restarted else "Failed")
    assert found.restarts == (1 if restarted else 0)


def test_a_crash_loop_waits_and_says_what_ended_it() -> None:
    found = pod(pods.crash_looping(pods.pod("orders", "jobmanager"), message="no space. "))
    assert (found.waiting, found.restarts, found.pending) == ("CrashLoopBackOff", 5, "")
    assert found.ended is not None
    assert (found.ended.reason, found.ended.exit_code, found.ended.message) == ("Error", 1, "no space")


def test_an_eviction_is_the_reason_and_not_the_signal_that_came_of_it() -> None:
    found = pod(pods.evicted(pods.pod()))
    assert found.ended is not None
    assert (found.ended.reason, found.ended.exit_code) == ("Evicted", 137)
    assert found.ended.message.startswith("The node was low on resource: memory")


def condition(kind: str, reason: str, message: str = "", state: str = "True") -> Object:
    return {
        "type": kind,
        "status": state,
        "reason": reason,
        "message": message,
        "lastTransitionTime": "2026-01-01T01:00:00Z",
    }


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("EvictionByEvictionAPI", "Evicted"),
        ("PreemptionByScheduler", "Preempted"),
        ("DeletionByTaintManager", "Evicted"),
        ("SomethingNew", "SomethingNew"),
    ],
)
def test_a_pod_that_is_taken_away_says_by_whom(reason: str, word: str) -> None:
    given = changed(pods.pod(), status__conditions=[condition("DisruptionTarget", reason, "by hand")])
    assert pod(given).ended == ContainerEnd(reason=word, at=CREATED + 3600, message="by hand")


def test_out_of_memory_stays_the_reason_of_a_pod_that_is_taken_away_afterwards() -> None:
    given = pods.oom_killed(pods.pod())
    given["status"]["conditions"].append(condition("DisruptionTarget", "EvictionByEvictionAPI"))
    ended = pod(given).ended
    assert ended is not None
    assert ended.reason == "OOMKilled"


def test_a_pod_without_containers_may_be_refused_by_its_node() -> None:
    given = changed(pods.pod(), status={"phase": "Failed", "reason": "OutOfcpu", "message": "Node is full."})
    assert pod(given).ended == ContainerEnd(reason="OutOfcpu", message="Node is full")


@pytest.mark.parametrize(
    ("containers", "annotations", "main"),
    [
        (["istio-proxy", "flink-main-container"], {}, "flink-main-container"),
        (["istio-proxy", "taskmanager"], {}, "taskmanager"),
        (["a", "b"], {"kubectl.kubernetes.io/default-container": "b"}, "b"),
        (["a", "b"], {"kubectl.kubernetes.io/default-container": "c"}, "a"),
        ([], {}, ""),
    ],
)
def test_the_container_of_flink(containers: list[str], annotations: dict[str, str], main: str) -> None:
    given = changed(
        pods.pod(),
        spec__containers=[{"name": name} for name in containers],
        metadata__annotations=annotations,
        status__containerStatuses=[],
    )
    assert pod(given).container == main


# -- Pending -------------------------------------------------------------------------------------------


def test_a_pod_that_no_node_has_room_for() -> None:
    message = "0/5 nodes are available: 5 Insufficient memory. preemption: 0/5 nodes are available: 5 No."
    found = pod(pods.unschedulable(pods.pod(), message))
    assert found.pending == "0/5 nodes are available: 5 Insufficient memory"
    assert found.node == ""
    assert found.phase == "Pending"


def test_an_image_that_can_not_be_had() -> None:
    given = pods.pulling_image_fails(pods.pod())
    found = pod(given)
    assert found.waiting == "ImagePullBackOff"
    assert found.pending.startswith('ImagePullBackOff: Back-off pulling image "flink:2.2-typo"')
    said = pending_by_events(found, events(pods.failed_pull(given)))
    assert said == 'Failed to pull image "flink:2.2-typo": flink:2.2-typo: not found'


def starting() -> Object:
    """Its containers are being created."""
    given = pods.unschedulable(pods.pod())
    given["spec"]["nodeName"] = "node-1"
    given["status"] = {
        "phase": "Pending",
        "conditions": [condition("PodScheduled", "", "", "True")],
        "containerStatuses": [
            {"name": "flink-main-container", "state": {"waiting": {"reason": "ContainerCreating"}}}
        ],
    }
    return given


def test_a_volume_that_can_not_be_mounted_is_said_by_events_alone() -> None:
    found = pod(starting())
    assert (found.waiting, found.pending) == ("ContainerCreating", "")
    about = events(
        pods.event(starting(), "Scheduled", "Successfully assigned", warning=False),
        pods.event(starting(), "FailedMount", 'MountVolume.SetUp failed: configmap "x" not found.'),
        pods.event(starting(), "FailedMount", "an older one", first=CREATED - 60),
    )
    assert pending_by_events(found, about) == (
        'FailedMount: MountVolume.SetUp failed: configmap "x" not found'
    )
    assert pending_by_events(found, []) == ""


def test_events_of_an_earlier_pod_of_the_name_say_nothing() -> None:
    other = changed(starting(), metadata__uid="another")
    assert pending_by_events(pod(starting()), events(pods.event(other, "FailedMount", "no"))) == ""


def test_what_the_autoscaler_does_is_added() -> None:
    given = pods.unschedulable(pods.pod())
    scale = pods.event(given, "TriggeredScaleUp", "pod triggered scale-up: [{pool 3->4}].", warning=False)
    said = pending_by_events(pod(given), events(pods.failed_scheduling(given), scale))
    assert said == ("0/3 nodes are available: 3 Insufficient memory; pod triggered scale-up: [{pool 3->4}]")


def test_an_init_container_that_fails_is_named() -> None:
    given = starting()
    wait = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
    given["status"]["initContainerStatuses"] = [{"name": "get-jar", "state": wait}]
    found = pod(given)
    assert found.waiting == "CrashLoopBackOff"
    assert found.pending == "init container get-jar: CrashLoopBackOff: back-off 10s"


# -- bad input -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b'"x"', b"7"])
def test_what_is_no_object_is_none(body: bytes) -> None:
    assert read(body, PodObject) is None


def test_one_odd_field_loses_nothing_else() -> None:
    given: dict[str, Any] = pods.oom_killed(pods.pod())
    given["status"]["podIP"] = ["10.0.0.1"]
    given["metadata"]["labels"]["number"] = 7
    given["status"]["containerStatuses"].insert(0, None)
    found = pod(given)
    assert found.ended is not None
    assert (found.ended.reason, found.component, found.ip) == ("OOMKilled", "taskmanager", "")


def test_texts_are_on_one_line_without_secrets() -> None:
    given = pods.crash_looping(
        pods.pod(), message="cannot open\n\x1b[31ms3://KEY:SECRET@bucket/x, password=hunter2"
    )
    ended = pod(given).ended
    assert ended is not None
    assert "hunter2" not in ended.message
    assert "SECRET" not in ended.message
    assert ended.message.startswith("cannot open s3://")
