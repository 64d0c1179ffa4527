"""What the columns of Kubernetes say of a cluster in few cells."""

from __future__ import annotations

from typing import Any

import pytest

from flinktop.facts.fleet import ClusterFacts, ClusterState
from flinktop.model.kubernetes import ContainerEnd, KubernetesState
from flinktop.ui.panels import fleet_pods
from tests.manual_clock import ManualClock
from tests.ui.kubernetes_day import deployment, pod, state

CLOCK = ManualClock()


def cell(key: str, width: int, found: KubernetesState) -> str:
    """The drawn cell of a cluster in a column."""
    column = next(one for one in fleet_pods.columns(CLOCK.wall, operator=True) if one.key == key)
    row = ClusterFacts(name="a", url="http://a", state=ClusterState.LIVE, kubernetes=found)
    assert column.stripes is not None
    return "".join(words for words, _ in column.stripes(row, width).runs).rstrip()


def ill(**more: Any) -> KubernetesState:
    """Two pods of which one is not ready."""
    return state([pod(CLOCK, "a"), pod(CLOCK, "b", ready=False, **more)])


KILLED: dict[str, Any] = {"phase": "Failed", "ended": ContainerEnd(reason="OOMKilled", exit_code=137)}


@pytest.mark.parametrize(
    ("found", "width", "words"),
    [
        (ill(**KILLED), 11, "1/2 OOM"),
        (ill(**KILLED, restarts=4), 11, "1/2 OOM ⟳4"),
        (ill(**KILLED), 13, "1/2 OOMKilled"),
        (ill(phase="Pending"), 11, "1/2 Pending"),
        (ill(phase="Pending", restarts=1), 11, "1/2 Pend ⟳1"),
        (ill(waiting="CrashLoopBackOff", restarts=12), 11, "1/2 Crash"),
        (ill(waiting="ImagePullBackOff"), 11, "1/2 Image"),
        (ill(phase="Pending", waiting="ErrImagePull"), 11, "1/2 Image"),
        (ill(waiting="ContainerCreating"), 9, "1/2 Start"),
        (ill(), 11, "1/2 Unready"),
        (state([pod(CLOCK, "a", restarts=3)]), 11, "1/1 ⟳3"),
    ],
)
def test_the_state_of_a_pod_is_shortened_before_it_is_cut(
    found: KubernetesState, width: int, words: str
) -> None:
    assert cell("pods", width, found) == words


@pytest.mark.parametrize(
    ("lifecycle", "words"),
    [
        ("STABLE", "STABLE"),
        ("DEPLOYED", "DEPLOYED"),
        ("UPGRADING", "UPGRADE"),
        ("SUSPENDED", "SUSPEND"),
        ("ROLLING_BACK", "ROLLING"),
        ("ROLLED_BACK", "ROLLED"),
    ],
)
def test_lifecycle_states_fit_into_eight_cells(lifecycle: str, words: str) -> None:
    found = state([], deployment(CLOCK, "a", lifecycle=lifecycle))
    assert cell("operator", fleet_pods.OPERATOR, found) == words
