"""Bytes to values: tolerance field by field, foreign text, and documents that are none."""

import json
import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flinktop.flink import decode as decode_module
from flinktop.flink.cluster import CONFIG, Config
from flinktop.flink.decode import DecodeError, decode, decode_answer, suspicious
from flinktop.flink.endpoint import MOST_PARTS
from flinktop.flink.exceptions import JobExceptions
from flinktop.flink.jobs import Job, JobIds, JobsOverview
from flinktop.flink.metrics import Aggregated, Metrics
from flinktop.flink.rescale import RESOURCE_REQUIREMENTS
from flinktop.flink.text import MOST, clean
from flinktop.flink.vertices import FLAMEGRAPH, FlameGraph, IoMetrics, Vertex
from tests.flink.shapes import control_characters, steers


def jobs(*rows: Any) -> bytes:
    running = [{"state": "RUNNING", **row} if isinstance(row, dict) else row for row in rows]
    return json.dumps({"jobs": running}).encode()


def test_one_odd_field_is_dropped_and_counted_and_its_row_lives() -> None:
    body = jobs(
        {"jid": "a", "name": "one", "state": "RUNNING", "start-time": None, "duration": 5},
        {"jid": "b", "name": "two", "state": "RUNNING", "start-time": "soon", "duration": 6},
        {"jid": "c", "name": "three", "state": "RUNNING", "start-time": 7, "duration": "8"},
    )
    decoded = decode(body, JobsOverview)
    assert [(job.jid, job.start_time, job.duration) for job in decoded.value.jobs] == [
        ("a", -1, 5),
        ("b", -1, 6),
        ("c", 7, 8),
    ]
    assert decoded.drift == ("jobs[].start-time: got null", "jobs[].start-time: got text")


def test_the_same_oddity_in_many_rows_is_one_line() -> None:
    decoded = decode(jobs(*({"jid": str(number), "name": None} for number in range(500))), JobsOverview)
    assert len(decoded.value.jobs) == 500
    assert decoded.drift == ("jobs[].name: got null (500 times)",)


def test_a_row_without_its_id_goes_alone() -> None:
    decoded = decode(jobs({"jid": "a"}, {"name": "nobody"}, 7, {"jid": "b"}), JobsOverview)
    assert [job.jid for job in decoded.value.jobs] == ["a", "b"]
    assert set(decoded.drift) == {"jobs[]: got object", "jobs[]: got number"}


def test_deep_inside_only_the_odd_leaf_goes() -> None:
    body = {"vertices": [{"id": "v", "tasks": {"RUNNING": 2, "FAILED": "x"}, "metrics": {"read-bytes": []}}]}
    decoded = decode(json.dumps(body).encode(), Job)
    (vertex,) = decoded.value.vertices
    assert vertex.tasks == {"RUNNING": 2}
    assert vertex.metrics == IoMetrics()
    assert set(decoded.drift) == {"vertices[].tasks{}: got text", "vertices[].metrics.read-bytes: got array"}


def test_unknown_fields_and_states_pass() -> None:
    decoded = decode(jobs({"jid": "a", "state": "HIBERNATING", "mood": {"x": [1]}}), JobsOverview)
    assert decoded.value.jobs[0].state == "HIBERNATING"
    assert decoded.drift == ()


def test_not_a_number_is_unknown() -> None:
    body = b'[{"id":"busy","min":"NaN","max":"Infinity","avg":3,"sum":null}]'
    decoded = decode(body, Aggregated)
    (metric,) = decoded.value
    assert (metric.min, metric.max, metric.avg, metric.sum) == (None, None, 3.0, None)
    assert decoded.drift == ("[].max: got infinite number",)
    assert decode(b'{"accumulated-busy-time":"NaN"}', IoMetrics).value.accumulated_busy_time is None


def test_maps_by_id_decode() -> None:
    body = b'{"v1":{"parallelism":{"lowerBound":1,"upperBound":"many"}},"v2":7}'
    decoded = decode(body, RESOURCE_REQUIREMENTS.reply)
    assert decoded.value["v1"].parallelism.lower_bound == 1
    assert len(decoded.drift) == 2


def test_text_is_text() -> None:
    assert decode(b"2026 INFO \x1b[32mok\x1b[0m\r\n\tat x\xff", str).value == "2026 INFO ok\n\tat x\ufffd"


# -- foreign text ------------------------------------------------------------------------------------

HOSTILE = 'x\x1b[2J\x1b]0;pwned\x07\x9b31m\u202e\n\r\t\x00\x7f\u2028"\\é作👩'
RAW_ESCAPE = b'{"jobs":[{"jid":"a","state":"RUNNING","name":"red \x1b[31m \x07 \xff"}]}'


@pytest.mark.parametrize("ascii_only", [True, False])
def test_no_name_steers_the_terminal(ascii_only: bool) -> None:  # noqa: FBT001 - both ways JSON is written
    body = json.dumps(
        {"jobs": [{"jid": HOSTILE, "name": HOSTILE, "state": HOSTILE, "tasks": {HOSTILE: 1}}]},
        ensure_ascii=ascii_only,
    )
    decoded = decode(body.encode(), JobsOverview)
    assert control_characters(decoded.value) == []
    assert decoded.value.jobs[0].name.startswith("x")
    assert decoded.value.jobs[0].name.endswith('"\\é作👩')
    assert decoded.drift == ()


def test_bytes_that_are_not_quite_json_are_read_all_the_same() -> None:
    decoded = decode(RAW_ESCAPE, JobsOverview)
    assert decoded.value.jobs[0].name == "red  \ufffd \ufffd"
    assert control_characters(decoded.value) == []
    lone = decode(b'{"jobs":[{"jid":"a","state":"RUNNING","name":"\\ud800"}]}', JobsOverview)
    assert lone.value.jobs[0].name == "\ufffd"
    assert decode(b'\xef\xbb\xbf{"jobs":[]}', JobIds).value == JobIds()


def test_only_stacks_keep_their_lines() -> None:
    trace = "java.lang.Error: a\x1b[1m\r\n\tat b.C.d(C.java:1)"
    body = {"root-exception": trace, "all-exceptions": [{"exception": trace, "task": "a\nb"}]}
    value = decode(json.dumps(body).encode(), JobExceptions).value
    assert value.root_exception == "java.lang.Error: a\n\tat b.C.d(C.java:1)"
    assert value.all_exceptions[0].task == "a b"
    assert control_characters(value) == []


def test_html_of_plans_is_undone_and_cannot_smuggle_anything() -> None:
    node = {"id": "n", "description": "[1]:a&lt;b&gt; -&gt; c&amp;d<br/>+- e<br />&#27;[2J&#x202e;&#x9b;x"}
    value = decode(json.dumps({"plan": {"nodes": [node]}}).encode(), Job).value
    assert value.plan.nodes[0].description.startswith("[1]:a<b> -> c&d +- e ")
    assert control_characters(value) == []


def test_the_number_of_no_letter_costs_no_vertex_of_a_plan() -> None:
    node = {"id": "n", "description": "a &#" + "9" * 5000 + "; b &#xfffffffff; c &#65;"}
    decoded = decode(json.dumps({"plan": {"nodes": [node]}}).encode(), Job)
    assert decoded.value.plan.nodes[0].description == "a \ufffd b \ufffd c A"
    assert decoded.drift == ()


def test_long_names_survive_whole() -> None:
    name = "作" * 10_000 + "\\" + "x" * 10_000
    assert decode(jobs({"jid": "a", "name": name}), JobsOverview).value.jobs[0].name == name


@given(st.text(st.characters(exclude_categories=())))
@example("e" + "\u0301" * 9)
@example("ก" + "\u0e31" * 9)
def test_unsuspicious_bytes_need_no_cleaning(text: str) -> None:
    """The quick way past `clean` is safe: no text that it would change is thought harmless."""
    for body in (json.dumps([text]), json.dumps([text], ensure_ascii=False)):
        raw = body.encode("utf-8", "surrogatepass")
        if not suspicious(raw):
            assert clean(text) == text
            assert not steers(text)


@pytest.mark.parametrize(
    "body", [b'{"a":"plain"}', '{"a":"作业 é"}'.encode(), b'{"a":"say \\"x\\" \\\\ \\/"}\n']
)
def test_ordinary_documents_take_the_quick_way(body: bytes) -> None:
    assert not suspicious(body)


# -- what is no document -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty answer"),
        (b"   \n", "empty answer"),
        (b"<!DOCTYPE html><title>Sign\n in</title>", r"a web page \(Sign in\)"),
        (b"<html><body>hi</body></html>", "a web page instead"),
        (b'{"jobs":[{"jid":"a"', "cut short"),
        (b"hello \x1b[2J there", "no JSON but 'hello there'"),
        (b'{"status":"ok","version":"7"}', "'status', 'version', which is not Flink's"),
        (b"[1,2]", "array that is not"),
        (b"7", "number that is not"),
        (b"[" * 5000, "cut short"),
    ],
)
def test_a_wrong_document_is_named_in_the_error(body: bytes, said: str) -> None:
    with pytest.raises(DecodeError, match=said):
        decode(body, JobsOverview)


def test_an_empty_object_is_drift_but_no_error() -> None:
    decoded = decode(b"{}", CONFIG.reply)
    assert decoded.value == Config()
    assert decoded.drift == ("empty answer",)


def test_an_empty_list_is_a_list() -> None:
    assert decode(b"[]", Metrics).value == ()


def flame_graph(deep: int) -> bytes:
    frame = b'{"name":"f","value":1,"children":['
    return b'{"endTimestamp":1,"data":' + frame * deep + b"]}" * deep + b"}"


def test_a_flame_graph_may_be_deep() -> None:
    assert decode(flame_graph(399), FlameGraph).value.data is not None


@pytest.mark.parametrize("deep", [400, 1_000, 3_000, 9_000])
def test_a_flame_graph_that_is_deeper_than_any_is_refused_by_every_python(deep: int) -> None:
    with pytest.raises(DecodeError, match="nested too deeply"):
        decode(flame_graph(deep), FlameGraph)


def test_values_are_frozen() -> None:
    value = decode(b'{"id":"v"}', Vertex).value
    with pytest.raises(AttributeError):
        value.id = "w"  # type: ignore[misc]  # the point
    assert isinstance(value, msgspec.Struct)


def test_a_long_text_anywhere_is_cut_in_the_middle() -> None:
    stack = "java.lang.Error: " + "x" * 1_000_000 + "\n\tat a.b(C.java:1)\nCaused by: a.B: why"
    body = json.dumps({"exceptionHistory": {"entries": [{"stacktrace": stack, "taskName": "m" * 70_000}]}})
    (fault,) = decode(body.encode(), JobExceptions).value.faults
    assert len(fault.stacktrace) <= MOST
    assert fault.stacktrace.startswith("java.lang.Error: xxx")
    assert fault.stacktrace.endswith("\nCaused by: a.B: why")
    assert fault.task_name is not None
    assert len(fault.task_name) <= MOST
    (only,) = decode(jobs({"jid": "a", "tasks": {"x" * 200_000: 1}}), JobsOverview).value.jobs
    assert max(map(len, only.tasks)) <= MOST


@pytest.mark.parametrize(
    "text", ["x" * 200_000, '"' * 200_000, '\\"' * 100_000, "\\" * 200_000, "é" * 200_000]
)
def test_no_text_gets_past_the_quick_way_uncut(text: str) -> None:
    rows = [{"jid": "a", "state": "RUNNING", "name": text}, {"jid": "b", "state": "RUNNING"}]
    body = json.dumps({"jobs": rows}, ensure_ascii=False).encode()
    one, other = decode(body, JobsOverview).value.jobs
    assert (one.jid, other.jid) == ("a", "b")
    assert 60_000 < len(one.name) <= MOST


def test_many_short_texts_take_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_slowly(*_: object) -> None:
        raise AssertionError("read untyped")

    monkeypatch.setattr(decode_module, "_decode_untyped", not_slowly)
    rows = [{"jid": str(number), "name": 'say "hi" \\'} for number in range(20_000)]
    assert len(decode(jobs(*rows), JobsOverview).value.jobs) == 20_000


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"jobs":[' + b"{}," * 100_000 + b"{}]}", "100,003 parts"),
        (b'{"jobs":' + b"[" * 100_000, "100,001 parts"),
        (b'{"a":[' + b"1," * 1_000_001 + b"1]}", "1,000,001 commas"),
        (b'{"jobs":[{"jid":7},' + b"1," * 300_000 + b"1]}", "fields that are not Flink's"),
    ],
)
def test_a_document_of_too_many_parts_is_not_read(body: bytes, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        decode(body, JobsOverview)


def test_an_endpoint_may_have_more_parts() -> None:
    body = b'{"data":{"children":[' + b"{}," * 120_000 + b"{}]}}"
    query = FLAMEGRAPH(job="j", vertex="v")
    data = decode_answer(body, query).value.data
    assert data is not None
    assert len(data.children) == 120_001
    with pytest.raises(DecodeError):
        decode(body, FlameGraph)


def test_a_stack_that_comes_again_and_again_is_kept_once() -> None:
    entries = [
        {"stacktrace": "a.B: x\n" + "\tat c.D.e(F.java:1)\n" * 100, "timestamp": at} for at in range(9)
    ]
    body = json.dumps({"exceptionHistory": {"entries": entries}}).encode()
    faults = decode(body, JobExceptions).value.faults
    assert len({id(fault.stacktrace) for fault in faults}) == 1
    assert len(faults) == 9


def test_brackets_inside_texts_do_not_count_as_parts() -> None:
    record = '{"a":[1,2,{"b":"c"}]}' * 3000
    entries = [{"stacktrace": f"a.B: {record}\n\tat c.D.e(F.java:1)", "timestamp": at} for at in range(20)]
    body = json.dumps({"exceptionHistory": {"entries": entries}}).encode()
    assert body.count(b"{") + body.count(b"[") > MOST_PARTS
    faults = decode(body, JobExceptions).value.faults
    assert len(faults) == 20
    assert faults[0].stacktrace.endswith("at c.D.e(F.java:1)")


@pytest.mark.deep
def test_to_count_a_document_of_very_many_texts_nothing_is_copied() -> None:
    body = b"{" + b",".join(b'"%x":1' % number for number in range(500_000)) + b"}"
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError, match="too many to read"):
            decode(body, JobsOverview)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < len(body)
