"""The demo answers as real clusters did: same keys, same types, nothing that does not decode."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

import pytest

from flinktop.demo.names import RELEASES as NAMES
from flinktop.demo.replies import REPLIES
from flinktop.flink.decode import decode
from flinktop.flink.endpoint import Endpoint
from tests.demo.questions import Answered, Shape, answers, every_endpoint, shape, world
from tests.flink.catalogue import good, template
from tests.ui.matrix import RELEASES

NEWEST = NAMES[0]
USER_CODE = "recorded of SQL jobs, which have neither settings nor accumulators"
ADDED: dict[str, dict[str, str]] = {
    "1.14.6": {
        r"\.(history\[\]\.)?failure_(message|timestamp)": "recorded of the latest failed one alone",
        r"\.allocatedSlots\[\].*": "recorded while no slot was told of",
    },
    "1.20.5": {r"\.(history\[\]\.)?failure_(message|timestamp)": "recorded of the latest failed one alone"},
    "2.3.0": {
        r".*\.?user-(task-)?accumulators\[\].*": USER_CODE,
        r"\.execution-config\.user-config\.\*": USER_CODE,
        r"\.serialized-user-task-accumulators\.\*": USER_CODE,
        r"\.job-execution-result\.accumulator-results\.\*": USER_CODE,
        r"\.applications\[\]\.jobs\.CANCELED": "no job was cancelled while the list was recorded",
    },
}
"""By release: keys that the demo has and no recorded document does, and why."""
LEFT_OUT = {
    r"\.plan\.nodes\[\]\.optimizer_properties\..*": "of DataSet programs, which the demo has none of",
    r"\.plan\.nodes\[\]\.inputs\[\]\.local_strategy": "of DataSet programs",
}
"""Keys that real clusters have and the demo does not, and why."""
OTHER_TYPES = {
    ("1.20.5", ".latest.failed.savepointFormat"): "the failed one that was recorded was a savepoint",
}
WITHOUT_SUCCESS = {
    "datasets/delete/{trigger}",
    "jobs/{job}/checkpoints/{trigger}",
    "jobs/{job}/savepoints/{trigger}",
    "savepoint-disposal/{trigger}",
    "jobs/{job}/rescaling/{trigger}",
}
"""What only an order begins, and the demo takes none; rescaling is refused by every release."""


@functools.cache
def answered(release: str, path: str) -> tuple[Answered, ...]:
    endpoint = next(one for one in every_endpoint() if one.path == path)
    return tuple(answers(world(release), endpoint))


@functools.cache
def recorded(release: str, path: str) -> Shape:
    return shape(json.loads(one.body) for one in good(release) if template(one.endpoint) == template(path))


def exists(endpoint: Endpoint[Any], release: str) -> bool:
    return endpoint.since <= tuple(int(part) for part in release.split(".")[:2])


def explained(path: str, reasons: dict[str, str]) -> bool:
    return any(re.fullmatch(pattern, path) for pattern in reasons)


def check(endpoint: Endpoint[Any], release: str) -> None:
    """The demo's answers decode, and have the keys and types of recorded ones."""
    found = answered(release, endpoint.path)
    successes = [one for one in found if one.status == 200]
    assert bool(successes) == (endpoint.path not in WITHOUT_SUCCESS)
    for one in successes:
        assert decode(one.body, endpoint.reply).drift == (), one.target
    for one in found:
        if one.status != 200:
            assert list(json.loads(one.body)) == ["errors"], one.target
    if not successes or endpoint.reply is str:
        return
    real, demo = recorded(release, endpoint.path), shape(json.loads(one.body) for one in successes)
    assert real, f"nothing was recorded of {endpoint.path}"
    added = ADDED.get(release, {})
    assert [path for path in demo if path not in real and not explained(path, added)] == []
    assert [path for path in real if path not in demo and not explained(path, LEFT_OUT)] == []
    odd = {
        path: (sorted(demo[path]), sorted(real[path]))
        for path in demo
        if path in real and not demo[path] <= real[path] and (release, path) not in OTHER_TYPES
    }
    assert odd == {}, endpoint.path


def test_every_read_of_the_client_is_answered() -> None:
    assert {endpoint.path for endpoint in REPLIES} == {endpoint.path for endpoint in every_endpoint()}


@pytest.mark.parametrize("endpoint", every_endpoint(), ids=lambda endpoint: endpoint.path)
def test_answers_are_like_recorded_ones(endpoint: Endpoint[Any]) -> None:
    check(endpoint, NEWEST)


@pytest.mark.deep
@pytest.mark.parametrize("release", RELEASES[:-1])
def test_differences_of_a_release(release: str) -> None:
    newer = NAMES[NAMES.index(release) - 1]
    for endpoint in every_endpoint():
        if not exists(endpoint, release):
            assert {one.status for one in answered(release, endpoint.path)} == {404}, endpoint.path
        elif endpoint.reply is not str and recorded(release, endpoint.path) != recorded(newer, endpoint.path):
            check(endpoint, release)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("jobs/{job}/metrics", "jobs.steady.metrics.json"),
        ("jobmanager/metrics", "jobmanager.metrics.json"),
        ("taskmanagers/{taskmanager}/metrics", "taskmanagers.taskmanager.metrics.json"),
    ],
)
def test_processes_and_jobs_have_the_metrics_of_real_ones(path: str, file: str, release: str) -> None:
    real = next(one for one in good(release) if one.file == file)
    assert _ids(answered(release, path)[0].body) == _ids(real.body)


@pytest.mark.parametrize("release", RELEASES)
def test_subtasks_have_the_metrics_of_real_ones(release: str) -> None:
    """Those without an operator's name; SQL operators have some of their own."""
    real = [
        _own(_ids(one.body))
        for one in good(release)
        if re.fullmatch(r"jobs\.(steady|slow)\.vertices\.v\d\.subtasks\.metrics\.json", one.file)
    ]
    demo = [
        _own(_ids(one.body)) for one in answered(release, "jobs/{job}/vertices/{vertex}/subtasks/metrics")
    ]
    sources = [ids for ids in demo if ids and "currentInputWatermark" not in ids]
    fed = [ids for ids in demo if "currentInputWatermark" in ids]
    assert sources
    assert fed
    assert all(ids in real for ids in (sources[0], fed[0]))


def _ids(body: bytes) -> frozenset[str]:
    return frozenset(metric["id"] for metric in json.loads(body))


def _own(ids: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in ids if "." not in name or name.startswith(("Shuffle.", "buffers.")))
