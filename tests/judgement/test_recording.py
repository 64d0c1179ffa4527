"""Recordings are read as they were written, and answer other selections of metrics as Flink would."""

import json
from pathlib import Path

import pytest

from tests.judgement.recording import NO_ANSWER, Recording, Writer, load

AGGREGATED = "jobs/j/vertices/v/subtasks/metrics"
PLAIN = "jobs/j/vertices/v/metrics"


def metrics(**values: object) -> str:
    return json.dumps([{"id": name, "value": value} for name, value in values.items()])


def recorded(path: Path, *answers: tuple[float, str, str]) -> Recording:
    writer = Writer("steady", "1.20.5", 1_700_000_000.0)
    for t, target, text in answers:
        writer.add(t, target, 200, text)
    writer.write(path)
    return load(path)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    busy = {"id": "busy", "min": 1.0, "max": 3.0, "avg": 2.0, "sum": 4.0}
    return recorded(
        tmp_path / "case.jsonl",
        (5.0, "config", "{}"),
        (5.1, PLAIN, metrics(**{"0.busy": None, "0.idle": None})),
        (5.2, f"{PLAIN}?get=0.busy", metrics(**{"0.busy": "1"})),
        (5.3, f"{PLAIN}?get=0.idle", metrics(**{"0.idle": "2"})),
        (5.4, f"{AGGREGATED}?agg=min,max,avg,sum&get=busy", json.dumps([busy])),
        (15.0, "config", "{}"),
        (15.2, f"{PLAIN}?get=0.busy", metrics(**{"0.busy": "3"})),
        (15.3, f"{PLAIN}?get=0.idle", metrics(**{"0.idle": "4"})),
    )


def test_the_newest_answer_at_or_before_a_time(recording: Recording) -> None:
    target = f"{PLAIN}?get=0.busy"
    assert recording.answer(target, 5.1) is None
    early, late = recording.answer(target, 15.1), recording.answer(target, 15.2)
    assert early is not None
    assert late is not None
    assert (json.loads(early[1])[0]["value"], early[2]) == ("1", 5.3)
    assert (json.loads(late[1])[0]["value"], late[2]) == ("3", 15.2)


def test_what_was_never_asked_has_no_answer(recording: Recording) -> None:
    assert recording.answer("overview", 99) is None
    assert recording.answer("jobs/other/metrics?get=uptime", 99) is None


def test_any_selection_is_answered_from_all_of_one_look(recording: Recording) -> None:
    answer = recording.answer(f"{PLAIN}?get=0.idle,0.busy,0.unknown", 99)
    assert answer is not None
    assert json.loads(answer[1]) == [{"id": "0.idle", "value": "4"}, {"id": "0.busy", "value": "3"}]


def test_an_aggregated_request_with_an_unknown_id_answers_nothing_at_all(recording: Recording) -> None:
    unknown = recording.answer(f"{AGGREGATED}?get=busy,unknown&agg=max", 99)
    known = recording.answer(f"{AGGREGATED}?get=busy&agg=max", 99)
    assert unknown is not None
    assert known is not None
    assert json.loads(unknown[1]) == []
    assert json.loads(known[1]) == [{"id": "busy", "max": 3.0}]


def test_a_path_of_metrics_lists_its_ids(recording: Recording) -> None:
    listed, known = recording.answer(PLAIN, 99), recording.answer(AGGREGATED, 99)
    assert listed is not None
    assert known is not None
    assert [metric["id"] for metric in json.loads(listed[1])] == ["0.busy", "0.idle"]
    assert json.loads(known[1]) == [{"id": "busy"}]


def test_a_target_is_the_same_however_it_is_encoded(tmp_path: Path) -> None:
    read = recorded(
        tmp_path / "case.jsonl",
        (0, "config", "{}"),
        (0, "taskmanagers/127.0.0.1:80-a", "{}"),
        (0, "jobs/metrics?get=a%2Cb&agg=max", "[1]"),
    )
    assert read.answer("taskmanagers/127.0.0.1%3A80-a", 1) == (200, "{}", 0)


def test_looks_begin_with_the_configuration(recording: Recording) -> None:
    assert recording.looks == (5.0, 15.0)
    assert (recording.case, recording.release, recording.began) == ("steady", "1.20.5", 1_700_000_000.0)


def test_a_body_like_the_last_one_is_written_as_its_differences(tmp_path: Path) -> None:
    long = json.dumps({"name": 'a "job", {x}', "numbers": list(range(500))})
    other = long.replace("250", "1.5e-7").replace("17,", "null,")
    longer = other.replace("null,", "null, 3,")
    path = tmp_path / "case.jsonl"
    read = recorded(path, *((at, "jobs/j", text) for at, text in enumerate((long, other, longer, long))))
    assert [answer.text for answer in read.answers] == [long, other, longer, long]
    assert path.stat().st_size < 3 * len(long)


def test_a_request_that_nobody_answered_is_kept_with_the_reason(tmp_path: Path) -> None:
    writer = Writer("killed", "2.3.0", 1_700_000_000.0)
    writer.add(5, "config", 200, "{}")
    writer.add(15, "config", NO_ANSWER, "Connection refused")
    writer.write(tmp_path / "case.jsonl")
    read = load(tmp_path / "case.jsonl")
    assert [(one.look, one.status, one.text) for one in read.answers] == [
        (0, 200, "{}"),
        (1, NO_ANSWER, "Connection refused"),
    ]


def test_a_damaged_body_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "case.jsonl"
    recorded(path, (0, "overview", '{"slots": 4}'))
    path.write_text(path.read_text(encoding="utf-8").replace("4}", "5}"), encoding="utf-8")
    with pytest.raises(ValueError, match="damaged"):
        load(path)
