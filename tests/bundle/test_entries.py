"""Files are within their shares, and nothing in them controls a terminal."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from flinktop.bundle.contents import (
    EXCEPTIONS_JSON,
    EXCEPTIONS_TEXT,
    FILES,
    MOST_BYTES,
    MOST_OF_A_LOG,
    TASKMANAGER_LOG,
    VERDICT_JSON,
    Part,
)
from flinktop.bundle.entries import Shares, TooLarge, Unwritable

CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
SMALL = Shares(100_000)


def test_the_shares_leave_room_for_the_zip_file_itself() -> None:
    assert sum(one.share for one in FILES) < 0.995
    assert len({one.name for one in FILES}) == len(FILES)
    assert {one.part for one in FILES} == {None, *Part}
    assert all(re.fullmatch(r"[A-Za-z][a-z-]+\.(txt|json|log)|README\.txt", one.name) for one in FILES)


def test_a_log_has_two_megabytes_at_most_however_large_the_bundle_is() -> None:
    assert Shares(MOST_BYTES).of(TASKMANAGER_LOG) == MOST_OF_A_LOG
    assert Shares(10 * MOST_BYTES).of(TASKMANAGER_LOG) == MOST_OF_A_LOG
    assert Shares(MOST_BYTES // 2).of(TASKMANAGER_LOG) == MOST_OF_A_LOG // 2


def test_the_middle_of_a_long_text_is_left_out() -> None:
    lines = [f"line {number} é" for number in range(20_000)]
    body = SMALL.text(EXCEPTIONS_TEXT, lines).body
    assert len(body) <= SMALL.of(EXCEPTIONS_TEXT)
    text = body.decode()
    assert text.startswith("line 0 é\nline 1 é\n")
    assert text.endswith("line 19999 é\n")
    assert " are left out here" in text
    # Whole lines alone.
    assert all(re.fullmatch(r"line \d+ é|….*…|", line) for line in text.split("\n"))


def test_the_body_of_a_key_is_not_left_over_when_its_beginning_is_cut_out() -> None:
    share = SMALL.of(EXCEPTIONS_TEXT)
    key = ["-----BEGIN PRIVATE KEY-----", *["hushhush" * 8] * (share // 64), "-----END PRIVATE KEY-----"]
    text = SMALL.text(EXCEPTIONS_TEXT, [*["x" * 60] * (share // 80), *key, "after"]).body.decode()
    assert "hush" not in text
    assert text.endswith("after\n")


def test_foreign_text_controls_no_terminal() -> None:
    evil = "a\x1b[2Jb\x9b31m \u202e\u2066x\x07"
    assert not CONTROLS.search(SMALL.text(EXCEPTIONS_TEXT, [evil]).body.decode())
    assert not CONTROLS.search(SMALL.log(TASKMANAGER_LOG, evil).body.decode())
    file, _ = SMALL.json(VERDICT_JSON, {evil: [evil]})
    assert not CONTROLS.search(file.body.decode())
    assert json.loads(file.body) == {evil: [evil]}


def test_a_name_behind_letters_without_a_width_is_a_secret_s_name() -> None:
    assert b"hush" not in SMALL.text(EXCEPTIONS_TEXT, ["pass\u200bword=hush"]).body


def test_a_document_is_readable_where_there_is_room() -> None:
    file, note = SMALL.json(VERDICT_JSON, {"a": [1, {"b": "c"}]})
    assert file.body == b'{\n "a": [\n  1,\n  {\n   "b": "c"\n  }\n ]\n}\n'
    assert note == ""


@pytest.mark.parametrize(
    "document",
    [
        {"entries": [{"stacktrace": "at x\n" * 30_000}] * 3},
        {"entries": [{"id": number} for number in range(20_000)]},
        {"entries": [["x" * 900] * 10] * 40},
    ],
    ids=["texts", "items", "both"],
)
def test_a_large_document_is_cut_and_says_so(document: Any) -> None:
    file, note = SMALL.json(EXCEPTIONS_JSON, document)
    assert len(file.body) <= SMALL.of(EXCEPTIONS_JSON)
    assert json.loads(file.body)["entries"]
    assert note.startswith("exceptions.json was ")
    assert " are cut to " in note


def test_a_document_that_cannot_be_cut_is_too_large() -> None:
    with pytest.raises(TooLarge, match="and its share of the bundle is"):
        SMALL.json(EXCEPTIONS_JSON, {f"key {number}": number for number in range(10_000)})


def test_a_document_that_is_too_deep_is_said() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(Unwritable, match="nested too deeply"):
        SMALL.json(EXCEPTIONS_JSON, deep)
    while deep:
        deep = deep.pop()


@pytest.mark.parametrize("odd", ["\ud800", 10**30, float("nan"), float("inf")])
def test_what_no_flink_writes_is_written_all_the_same(odd: Any) -> None:
    file, _ = SMALL.json(VERDICT_JSON, {"odd": odd})
    assert "odd" in json.loads(file.body)
