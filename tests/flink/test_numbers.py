"""A number that its field can't hold is unknown, counted, and costs nothing else of the answer."""

import importlib
import json
import math
import pkgutil
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
import pytest

import flinktop.flink
from flinktop.flink.checkpoints import Checkpoint
from flinktop.flink.cluster import ClusterOverview, Config
from flinktop.flink.decode import decode, decode_answer
from flinktop.flink.endpoint import Endpoint
from flinktop.flink.features import release
from flinktop.flink.jobs import JOB, Job, JobsOverview
from flinktop.flink.metrics import Metric, Metrics, watermark
from flinktop.flink.numbers import LONG_MAX, known, subtask_index
from flinktop.flink.rescale import Bounds
from flinktop.flink.taskmanagers import Resource, TaskManager, TaskManagers
from flinktop.flink.vertices import IoMetrics, Quantiles, SubtaskBackpressure, Vertex
from flinktop.model import faults
from flinktop.model.memory import configured_size
from flinktop.model.subtask_figures import by_subtask
from flinktop.model.watermarks import marks

HUGE = "1" + "0" * 400
ENDLESS = "9" * 5000
"""More digits than Python reads."""


def job(start: str) -> bytes:
    rows = b'{"jid":"a","state":"RUNNING","start-time":%s},{"jid":"b","state":"RUNNING","start-time":7}'
    return b'{"jobs":[%s]}' % (rows % start.encode())


@pytest.mark.parametrize(
    ("start", "what"),
    [
        ('"Infinity"', "infinite number"),
        ("Infinity", "infinite number"),
        ("-Infinity", "infinite number"),
        ('"NaN"', "text"),
        ("NaN", "number out of range"),
        (HUGE, "number out of range"),
        (f'"{HUGE}"', "text"),
        ("1e400", "infinite number"),
        ('"1e400"', "text"),
        (ENDLESS, "infinite number"),
        ("9223372036854775808", "number out of range"),
        ("-2", "number out of range"),
        ("253402300800000", "number out of range"),
        ("null", "null"),
        ('""', "text"),
        ("[]", "array"),
    ],
)
def test_a_time_that_no_calendar_has_is_unknown(start: str, what: str) -> None:
    decoded = decode(job(start), JobsOverview)
    assert [(one.jid, one.start_time) for one in decoded.value.jobs] == [("a", -1), ("b", 7)]
    assert decoded.drift == (f"jobs[].start-time: got {what}",)


@pytest.mark.parametrize(
    ("kind", "document", "name"),
    [
        (
            JobsOverview,
            {"jobs": [{"jid": "a", "state": "RUNNING", "tasks": {"total": -1}}]},
            "jobs[].tasks{}",
        ),
        (Job, {"jid": "a", "vertices": [{"id": "v", "parallelism": 2**15 + 1}]}, "vertices[].parallelism"),
        (Vertex, {"id": "v", "subtasks": [{"subtask": -1}]}, "subtasks[].subtask"),
        (Checkpoint, {"id": 2**63}, "id"),
        (Checkpoint, {"num_subtasks": -1}, "num_subtasks"),
        (TaskManagers, {"taskmanagers": [{"id": "a", "slotsNumber": -1}]}, "taskmanagers[].slotsNumber"),
        (Resource, {"cpuCores": "NaN"}, "cpuCores"),
        (Config, {"timezone-offset": 10**12}, "timezone-offset"),
        (Bounds, {"upperBound": 10**10}, "upperBound"),
    ],
)
def test_impossible_values_are_counted_as_drift(kind: type[Any], document: Any, name: str) -> None:
    (line,) = decode(json.dumps(document).encode(), kind).drift
    assert line.startswith(f"{name}: got ")


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (
            JobsOverview,
            {"jobs": [{"jid": "a", "state": "CREATED", "start-time": -1, "end-time": -1, "duration": 0}]},
        ),
        (Job, {"jid": "a", "vertices": [{"id": "v", "parallelism": -1, "duration": -1}]}),
        (Checkpoint, {"id": 1, "end_to_end_duration": -1, "latest_ack_timestamp": -1}),
        (TaskManagers, {"taskmanagers": [{"id": "a", "jmxPort": -1, "hardware": {"physicalMemory": -1}}]}),
        (Quantiles, {"min": -1, "max": "NaN"}),
        (Bounds, {"lowerBound": 1, "upperBound": -1}),
    ],
)
def test_flinks_values_for_unknown_are_no_drift(kind: type[Any], document: Any) -> None:
    assert decode(json.dumps(document).encode(), kind).drift == ()


def test_a_total_out_of_range_is_not_zero() -> None:
    body = b'{"read-bytes":-1,"read-bytes-complete":true,"write-records":5,"write-records-complete":true}'
    metrics = decode(body, IoMetrics).value
    assert (metrics.bytes_in, metrics.records_out) == (None, 5)


@pytest.mark.parametrize("ratio", ['"NaN"', '"Infinity"', "-1", "-0.5", HUGE])
def test_a_share_of_time_is_never_negative_or_infinite(ratio: str) -> None:
    body = b'{"subtask":0,"ratio":%s,"busyRatio":0.25}' % ratio.encode()
    told = decode(body, SubtaskBackpressure).value
    assert (told.ratio, told.busy_ratio) == (None, 0.25)


@pytest.mark.parametrize("value", ["Infinity", "-Infinity"])
def test_an_infinite_metric_keeps_its_text_has_no_number_and_is_counted(value: str) -> None:
    body = json.dumps([{"id": "numRestarts", "value": value}, {"id": "uptime", "value": "5"}]).encode()
    decoded = decode(body, Metrics)
    assert [(one.value, one.number) for one in decoded.value] == [(value, None), ("5", 5.0)]
    assert decoded.drift == ("[].value: got infinite number",)


@pytest.mark.parametrize("value", [HUGE, "1e400", "NaN", "", "n/a", "inf", None, "1e200"])
def test_a_metric_without_a_finite_number_has_none(value: str | None) -> None:
    assert Metric("m", value).number is None


def test_a_name_may_be_infinity() -> None:
    decoded = decode(b'{"jobs":[{"jid":"a","name":"Infinity","state":"-Infinity"}]}', JobsOverview)
    assert [(one.name, one.state) for one in decoded.value.jobs] == [("Infinity", "-Infinity")]
    assert decoded.drift == ()


@pytest.mark.parametrize("jid", ["null", '""', "7", "[]", "{}", "Infinity", '"\\u200b"'])
def test_an_entry_without_an_id_goes_alone(jid: str) -> None:
    rows = b'{"jid":%s,"state":"RUNNING","name":"nobody"},{"jid":"b","state":"RUNNING"}' % jid.encode()
    body = b'{"jobs":[%s]}' % rows
    decoded = decode(body, JobsOverview)
    assert [one.jid for one in decoded.value.jobs] == ["b"]
    assert decoded.drift


@pytest.mark.parametrize("jid", ["null", '""', '"other"', "7"])
def test_an_answer_gets_the_requested_id(jid: str) -> None:
    body = b'{"jid":%s,"name":"one","state":"RUNNING"}' % jid.encode()
    value = decode_answer(body, JOB(job="asked")).value
    assert (value.jid, value.name) == ("asked", "one")


@pytest.mark.parametrize(
    ("text", "index"),
    [("0", 0), ("32767", 32767), ("32768", None), (HUGE, None), (ENDLESS, None), ("-1", None), ("", None)],
)
def test_an_id_begins_with_a_subtask_only_where_there_can_be_one(text: str, index: int | None) -> None:
    assert subtask_index(text) == index
    told = (Metric(f"{text}.currentInputWatermark", "5"), Metric(f"{text}.busyTimeMsPerSecond", "5"))
    assert list(marks(told)) == list(by_subtask(told)) == ([index] if index is not None else [])


@pytest.mark.parametrize("value", [HUGE, "-" + HUGE, "9223372036854775809", ENDLESS, "Infinity", "NaN", ""])
def test_a_watermark_beyond_a_long_is_none(value: str) -> None:
    assert watermark(value) is None


def test_the_end_of_the_input_as_a_rounded_float_is_the_end() -> None:
    assert watermark(float(LONG_MAX)) == watermark(str(LONG_MAX)) == LONG_MAX


@pytest.mark.parametrize("digits", ["9" * 20, ENDLESS])
def test_digits_without_end_in_names_and_settings_are_words(digits: str) -> None:
    assert faults.task(f"map ({digits}/2)") == faults.Task(f"map ({digits}/2)")
    assert configured_size(f"{digits}m") is None
    assert release(f"{digits}.1") is None
    (cause,) = faults.causes(f"a.B: x\n\tat p.Q.r(Q.java:1)\n\t... {digits} more")
    assert (cause.name, cause.omitted) == ("a.B", 0)


def test_known_values_can_be_squared_and_summed() -> None:
    most = known(1e100)
    assert most is not None
    assert math.isfinite(sum([most * most] * 1000))
    assert [known(value) for value in (None, math.nan, math.inf, -math.inf, 1e101, -1e101)] == [None] * 6
    assert known(-1.0) == -1.0


DEFAULTS_THAT_ARE_FIGURES = {
    ("Config", "refresh_interval"): "how often this monitor looks where the cluster does not say",
    ("Config", "timezone_offset"): "UTC, where no zone is told",
    ("ClusterOverview", "taskmanagers_blocked"): "left out by the server when 0",
    ("ClusterOverview", "slots_free_and_blocked"): "left out by the server when 0",
    ("Job", "now"): "0 is not told, as in the next three",
    ("Vertex", "now"): "",
    ("SubtasksTimes", "now"): "",
    ("VertexTaskManagers", "now"): "",
    ("Frame", "value"): "a method without samples has no width",
}
"""Numbers that have another default than unknown, and why."""


def replies() -> Iterator[type[msgspec.Struct]]:
    """Every type of which an answer is made."""
    for module in pkgutil.iter_modules(flinktop.flink.__path__):
        for kind in vars(importlib.import_module(f"flinktop.flink.{module.name}")).values():
            if (
                isinstance(kind, type)
                and issubclass(kind, msgspec.Struct)
                and kind not in (msgspec.Struct, Endpoint)
            ):
                yield kind


def numbers() -> Iterator[tuple[type[msgspec.Struct], str, Any]]:
    """Every number in them that may be left out: type, field, what it is then."""
    for kind in set(replies()):
        for info in msgspec.structs.fields(kind):
            number = plain_types(info.type) & {int, float}
            if number and not info.required:
                yield kind, info.name, info.default


def plain_types(kind: Any) -> frozenset[Any]:
    """The members of a union, without what is said of them."""
    inner = get_args(kind)
    if get_origin(kind) is Annotated:
        return plain_types(inner[0])
    if get_origin(kind) in (Union, UnionType):
        return frozenset(one for member in inner for one in plain_types(member))
    return frozenset((kind,))


def test_an_unreported_number_is_never_a_figure() -> None:
    found = {
        (kind.__name__, name): default
        for kind, name, default in numbers()
        if default is not None and default >= 0
    }
    assert found.keys() == DEFAULTS_THAT_ARE_FIGURES.keys()
    assert len(list(numbers())) > 200


@pytest.mark.parametrize("value", [10**400, -7, "NaN", "soon", [], {}], ids=lambda value: str(value)[:9])
def test_a_number_that_does_not_fit_is_as_one_that_is_left_out(value: Any) -> None:
    names = {"slots-total": value, "slots-available": value, "jobs-running": value, "taskmanagers": value}
    decoded = decode(json.dumps(names | {"flink-version": "1.20.5"}).encode(), ClusterOverview)
    assert decoded.value == ClusterOverview(flink_version="1.20.5")
    assert len(decoded.drift) == len(names)


@pytest.mark.parametrize(
    ("total", "available", "used"),
    [(4, 1, 3), (4, 4, 0), (None, 1, None), (4, None, None), (None, None, None), (1, 4, None)],
)
def test_slots_in_use_are_known_where_both_are(
    total: int | None, available: int | None, used: int | None
) -> None:
    assert ClusterOverview(slots_total=total, slots_available=available).slots_used == used
    assert TaskManager("tm", slots_number=total, free_slots=available).slots_used == used
    assert Checkpoint(num_subtasks=total, num_acknowledged_subtasks=available).missing == used
