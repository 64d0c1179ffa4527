"""Objects with parts that are missing, or not what they should be: nothing of that raises, or spreads."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flinktop.kubernetes.discovery import Parts, clusters_of
from flinktop.kubernetes.kinds import KINDS, Kind
from flinktop.kubernetes.parts import Key
from tests.kubernetes import objects, pods
from tests.kubernetes.objects import CREATED, Object
from tests.kubernetes.scripted_api import RESOURCES

SAMPLES = {
    "deployment": objects.deployment(error="no", savepoint="s3://x", deleting=CREATED),
    "session job": objects.session_job(error="no", savepoint="s3://x"),
    "snapshot": objects.snapshot(),
    "service": objects.rest_service(),
    "pod": pods.evicted(pods.oom_killed(pods.pod(restarts=2, sidecar=True))),
    "pending pod": pods.unschedulable(pods.pod()),
    "pod without image": pods.pulling_image_fails(pods.pod()),
    "event": pods.over_quota(),
}
ODD: tuple[Any, ...] = (
    None,
    "",
    "x\x1b[2J",
    -1,
    1.5,
    10**30,
    True,
    [],
    [None],
    {},
    {"a": {"b": [1]}},
    "x" * 70_000,
)


def paths(raw: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    pairs = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    for key, value in pairs:
        yield (*path, key)
        yield from paths(value, (*path, key))


def put(raw: Any, path: tuple[str | int, ...], value: Any) -> Any:
    made = copy.copy(raw)
    made[path[0]] = put(raw[path[0]], path[1:], value) if path[1:] else value
    return made


def without(raw: Any, path: tuple[str | int, ...]) -> Any:
    made = copy.deepcopy(raw)
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return made


def kind_of(one: Object) -> Kind:
    return next(kind for kind in KINDS if kind.resource == RESOURCES[one["kind"]])


@functools.cache
def healthy() -> tuple[tuple[str, Key, Any], ...]:
    """The parts of a cluster that is well."""
    made = []
    for one in pods.flink_cluster("orders"):
        read = kind_of(one).read(json.dumps(one).encode())
        if read is not None and read[1] is not None:
            made.append((kind_of(one).part, *read))
    return tuple(made)


def found(kind: Kind, given: Any) -> None:
    """It is read, and what came of it is put together."""
    read = kind.read(json.dumps(given).encode())
    if read is None or read[1] is None:
        return
    parts = Parts()
    for field, key, part in healthy():
        getattr(parts, field)[key] = part
    getattr(parts, kind.part)[read[0]] = read[1]
    for cluster in clusters_of("minikube", parts, now=CREATED):
        assert cluster.name.isprintable()
        for pod in cluster.state.pods:
            texts = (pod.name, pod.phase, pod.waiting, pod.pending, pod.ended.message if pod.ended else "")
            assert all(text.isprintable() and len(text) < 5000 for text in texts)


@pytest.mark.parametrize("name", SAMPLES)
def test_any_part_may_be_missing(name: str) -> None:
    sample = SAMPLES[name]
    for path in paths(sample):
        found(kind_of(sample), without(sample, path))


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=40)
@given(st.data())
def test_any_part_may_be_something_else(name: str, data: st.DataObject) -> None:
    sample = SAMPLES[name]
    made = sample
    for path in data.draw(st.lists(st.sampled_from(sorted(paths(sample), key=str)), min_size=1, max_size=3)):
        try:
            made = put(made, path, data.draw(st.sampled_from(ODD)))
        except (KeyError, IndexError, TypeError):
            continue  # a part of what was replaced already
    found(kind_of(sample), made)


@pytest.mark.deep
@pytest.mark.parametrize("name", SAMPLES)
def test_each_part_with_each_odd_value(name: str) -> None:
    sample = SAMPLES[name]
    for path in paths(sample):
        for value in ODD:
            found(kind_of(sample), put(sample, path, value))


def test_a_bad_label_harms_no_other_field() -> None:
    sample = put(SAMPLES["pod"], ("metadata", "labels", "extra"), 7)
    read = kind_of(sample).read(json.dumps(sample).encode())
    assert read is not None
    assert read[1].labels["component"] == "taskmanager"
    assert read[1].pod.ended.reason == "Evicted"
