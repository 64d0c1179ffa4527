"""What real clusters of several releases answered: decoded whole, and mutilated in every way."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from flinktop.flink import jars
from flinktop.flink.acts import Nothing, Trigger
from flinktop.flink.answers import check_status
from flinktop.flink.decode import DecodeError, decode
from flinktop.flink.errors import FlinkError, NotFound, Rejected
from flinktop.flink.jobs import JobPlan
from flinktop.flink.profiler import Profiling
from flinktop.flink.submit import Submitted
from tests.depth import in_depth
from tests.flink.catalogue import FIXTURES, Recorded, endpoints, good, recorded, releases, template
from tests.flink.shapes import Field, control_characters, declared, undeclared, walk

RELEASES = releases()
WATCHED = ["/overview", "/jobs/overview", "/jobs/:jobid", "/jobs/:jobid/checkpoints", "/taskmanagers"]
"""Endpoints that are asked all day."""

IGNORED = {
    # Estimates of the batch optimizer, which no screen shows.
    "plan.nodes[].optimizer_properties",
    # The same as start-time, kept by the server for a misspelt client.
    "start_time",
    "subtasks[].start_time",
    "subtasks[].other-concurrent-attempts[].start_time",
    # Says what `status` says.
    "subtasks[].className",
    "subtasks[].@class",
    # The stream graph of a batch job that is not planned yet: the plan follows.
    "stream-graph",
    # A Java object, which nothing but Java reads.
    "operation.failure-cause.serialized-throwable",
    "operation.failureCause.serialized-throwable",
    "job-execution-result.failure-cause.serialized-throwable",
}
"""Keys that the types leave out, each group with its reason."""


def answers() -> list[Recorded]:
    return [answer for release in RELEASES for answer in good(release)]


def marks(answer: Recorded) -> tuple[pytest.MarkDecorator, ...]:
    """The releases between the first and the last are tried in depth."""
    return (pytest.mark.deep,) if answer.release in RELEASES[1:-1] else ()


def test_answers_of_all_releases_are_there() -> None:
    assert set(RELEASES) >= {"1.9.3", "1.14.6", "1.20.5", "2.3.0"}
    assert all(len(good(release)) > 40 for release in RELEASES)


@pytest.mark.parametrize(
    "answer", [pytest.param(answer, marks=marks(answer), id=answer.name) for answer in answers()]
)
def test_decodes_without_drift(answer: Recorded) -> None:
    endpoint = endpoints()[template(answer.endpoint)][1]
    decoded = decode(answer.body, endpoint.reply)
    assert decoded.drift == ()
    assert control_characters(decoded.value) == []


@pytest.mark.parametrize("release", RELEASES)
def test_every_key_is_declared_or_left_out_for_a_reason(release: str) -> None:
    surprising = {
        f"{answer.endpoint}: {key}"
        for answer in good(release)
        if answer.file.endswith(".json")
        for key in undeclared(json.loads(answer.body), endpoints()[template(answer.endpoint)][1].reply)
        if key not in IGNORED
    }
    assert surprising == set()


@pytest.mark.parametrize("release", RELEASES)
def test_every_get_that_answered_has_an_endpoint_value(release: str) -> None:
    known = endpoints().keys() | {template("/jars/:jarid/plan")}
    assert {answer.endpoint for answer in recorded(release) if answer.status == 200} - {
        answer.endpoint for answer in recorded(release) if template(answer.endpoint) in known
    } == set()


@pytest.mark.parametrize("release", RELEASES)
def test_no_endpoint_is_older_than_its_since(release: str) -> None:
    number = tuple(int(part) for part in release.split(".")[:2])
    early = {
        answer.endpoint
        for answer in good(release)
        if endpoints()[template(answer.endpoint)][1].since > number
    }
    assert early == set()


@pytest.mark.parametrize("release", RELEASES)
def test_refusals_become_errors_with_the_servers_sentence(release: str) -> None:
    refused = [answer for answer in recorded(release) if answer.status >= 300]
    assert refused
    for answer in refused:
        with pytest.raises(FlinkError) as caught:
            check_status(answer.status, answer.body, "GET", f"http://flink/{answer.path}")
        told = caught.value
        assert told.status == answer.status
        assert told.detail
        assert "\n" not in told.detail
        assert "\tat " not in told.detail
        assert "org.apache.flink" not in told.detail or "option" in told.detail
        assert control_characters(str(told)) == []
        if answer.status == 404:
            # A request line over 4096 bytes is a 404 about a file named bad-request.
            assert isinstance(told, Rejected if "xxxx" in answer.path else NotFound)
        if "rescaling" in answer.endpoint:
            assert isinstance(told, Rejected)


WRITES: dict[str, Any] = {
    "DELETE /cluster": Nothing,
    "DELETE /datasets/:datasetid": Trigger,
    "DELETE /jars/:jarid": Nothing,
    "PATCH /jobs/:jobid": Nothing,
    "POST /jars/:jarid/plan": JobPlan,
    "POST /jars/:jarid/run": jars.Run,
    "POST /jars/:jarid/run-application": jars.ApplicationRun,
    "POST /jars/upload": jars.Uploaded,
    "POST /jobmanager/profiler": Profiling,
    "POST /taskmanagers/:taskmanagerid/profiler": Profiling,
    "POST /jobs": Submitted,
    "POST /jobs/:jobid/checkpoints": Trigger,
    "POST /jobs/:jobid/savepoints": Trigger,
    "POST /jobs/:jobid/stop": Trigger,
    "POST /savepoint-disposal": Trigger,
    "POST /applications/:applicationid/cancel": Nothing,
    "PUT /jobs/:jobid/resource-requirements": Nothing,
}
"""What the functions that act read their answers as."""


@pytest.mark.parametrize("release", RELEASES)
def test_answers_to_acts_decode_and_refusals_are_raised(release: str) -> None:
    acts = json.loads((FIXTURES / release / "writes.json").read_text(encoding="utf-8"))
    assert len(acts) > 10
    for act in acts:
        body = (FIXTURES / release / act["file"]).read_bytes()
        if act["status"] < 300:
            reply = WRITES[f"{act['method']} {act['endpoint']}"]
            decoded = decode(body, reply)
            assert decoded.drift == (), act
            assert undeclared(json.loads(body), reply) <= IGNORED, act
        else:
            with pytest.raises(FlinkError) as caught:
                check_status(act["status"], body, act["method"], "http://flink")
            assert " " in caught.value.detail
            assert "\tat " not in caught.value.detail


# -- mutations ---------------------------------------------------------------------------------------

DROP: Any = object()
MUTATIONS: dict[str, Any] = {
    "dropped": DROP,
    "null": None,
    "text": "NaN",
    "number": -1.5,
    "boolean": True,
    "array": [{"id": 7}],
    "object": {"id": [None]},
}
Path = tuple[str | int, ...]


def documents() -> dict[str, list[Recorded]]:
    """By endpoint, of each release the largest answer below 12 kB."""
    chosen: dict[str, dict[str, Recorded]] = {}
    for answer in answers():
        if answer.file.endswith(".json") and len(answer.body) < 12_000:
            best = chosen.setdefault(answer.endpoint, {})
            if answer.release not in best or len(answer.body) > len(best[answer.release].body):
                best[answer.release] = answer
    return {endpoint: list(best.values()) for endpoint, best in chosen.items()}


def places(raw: Any, path: Path = ()) -> Iterator[tuple[str, Path]]:
    """Every field of a document down to eight levels: its shape without indexes, and its path."""
    pairs: list[tuple[str | int, Any]] = []
    if isinstance(raw, dict):
        pairs = list(raw.items())
    elif isinstance(raw, list):
        pairs = list(enumerate(raw))
    for key, value in pairs:
        here = (*path, key)
        yield ".".join("[]" if isinstance(step, int) else step for step in here), here
        if len(here) < 8:
            yield from places(value, here)


def changed(raw: Any, path: Path, value: Any) -> Any:
    """The document with another value at a path; only what is on the way is copied."""
    step, rest = path[0], path[1:]
    copied = raw.copy()
    if rest:
        copied[step] = changed(raw[step], rest, value)
    elif value is DROP:
        del copied[step]
    else:
        copied[step] = value
    return copied


def attributes(value: Any, path: Path) -> list[str]:
    """The attributes of a document that a change at `path` leaves alone."""
    if not isinstance(value, msgspec.Struct):
        return []
    names = dict(zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True))
    return [attribute for name, attribute in names.items() if name != path[0]]


@pytest.mark.parametrize("endpoint", in_depth(documents(), fast=WATCHED))
def test_no_odd_field_raises_or_loses_the_rest(endpoint: str) -> None:
    reply = endpoints()[template(endpoint)][1].reply
    done: set[str] = set()
    for answer in documents()[endpoint]:
        raw = json.loads(answer.body)
        whole = decode(answer.body, reply).value
        for shape, path in places(raw):
            if shape in done:
                continue
            done.add(shape)
            for kind, value in MUTATIONS.items():
                decoded = decode(json.dumps(changed(raw, path, value)).encode(), reply)
                assert type(decoded.value) is type(whole), (answer.name, path, kind)
                for kept in attributes(whole, path):
                    assert getattr(decoded.value, kept) == getattr(whole, kept), (answer.name, path, kind)


@pytest.mark.parametrize("release", RELEASES)
def test_a_truncated_answer_is_reported_as_such(release: str) -> None:
    for answer in good(release):
        if answer.file.endswith(".json"):
            with pytest.raises(DecodeError, match="cut short"):
                decode(answer.body.rstrip()[:-1], endpoints()[template(answer.endpoint)][1].reply)


@pytest.mark.deep
def test_no_field_is_misspelt() -> None:
    """Each field is sent by some recorded release, or listed with the reason why it is not."""
    seen: set[Field] = set()
    all_fields: set[Field] = set()
    for answer in answers():
        if answer.file.endswith(".json"):
            reply = endpoints()[template(answer.endpoint)][1].reply
            all_fields |= declared(reply)
            seen |= {field for _, field in walk(json.loads(answer.body), reply) if field is not None}
    assert {f"{struct.__name__}.{name}" for struct, name in all_fields - seen} - NEVER_RECORDED == set()


NEVER_RECORDED = {
    # 1.16 only, which is not among the recorded releases.
    "Environment.environment",
    # Need speculative execution, which is a thing of large batch clusters.
    "Attempt.other-concurrent-attempts",
    "SubtaskBackpressure.attempt-number",
    "SubtaskBackpressure.other-concurrent-attempts",
    # Need a blocked node; left out by the server otherwise.
    "ClusterOverview.slots-free-and-blocked",
    "ClusterOverview.taskmanagers-blocked",
    "TaskManager.blocked",
    "TaskManagerDetails.blocked",
    # Need a Table program with cached results.
    "DataSet.id",
    "DataSet.isComplete",
    # A triggered checkpoint that fails.
    "Outcome.failureCause",
    # Inputs of DataSet iterations.
    "PlanInput.caching",
    # No node of a stream graph has one: it comes with those of a plan.
    "StreamNode.operator_strategy",
}
