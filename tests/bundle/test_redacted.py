"""What goes into a bundle has no secrets, whether it is a text, a log of megabytes or a JSON document."""

from __future__ import annotations

from typing import Any

import pytest

from flinktop.bundle import redacted
from flinktop.model.redaction import HIDDEN

KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEow/hush+hush\n" * 60 + "-----END RSA PRIVATE KEY-----"


def log(lines: int, planted: str) -> str:
    """A log with a line planted after every fifth."""
    entry = (
        "2026-11-30 02:15:03,019 INFO  org.apache.flink.runtime.taskmanager.Task [] - switched to RUNNING.\n"
    )
    return (entry * 5 + planted + "\n") * (lines // 5)


@pytest.mark.parametrize(
    "planted",
    [
        "  s3.secret-key: hush",
        "java.sql.SQLException: jdbc:postgresql://db/x?user=u&password=hush refused",
        "2026-11-30 02:15:03,019 WARN a.B [] - Authorization: Basic aHVzaDpodXNoaHVzaA==hush",
        '{"db.password": "hush"}',
        KEY,
    ],
    ids=["setting", "address", "header", "json", "key"],
)
def test_a_long_text_is_searched_to_its_end(planted: str) -> None:
    text = log(1500, planted)
    assert len(text) > 4 * redacted.PIECE
    found = redacted.text(text)
    assert "hush" not in found
    assert found.count("switched to RUNNING") == 1500
    assert HIDDEN in found


@pytest.mark.deep
def test_a_text_is_cut_where_no_value_is() -> None:
    words = f"password={'hush' * 5}"
    for start in range(redacted.PIECE - 40, redacted.PIECE + 10, 3):
        text = f"2026-11-30 x\n{'-' * start} {words}\nnext\n" + "line\n" * 500
        assert "hush" not in redacted.text(text), start


def test_a_line_of_megabytes_is_searched_as_well() -> None:
    text = "a=1 " * 40_000 + "password=hush " + "b=2 " * 40_000
    assert "hush" not in redacted.text(text)


def test_the_rest_of_a_key_that_began_before_is_hidden() -> None:
    at = len("-----BEGIN RSA PRIVATE KEY-----\n") + 40
    assert (
        redacted.continued(KEY[:at], f"{KEY[at:]}\nnext") == f"{HIDDEN}\n-----END RSA PRIVATE KEY-----\nnext"
    )
    assert redacted.continued(KEY[:at], KEY[at:900]) == f"{HIDDEN}\n"
    assert redacted.continued(f"{KEY}\n", "next") == "next"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([{"key": "s3.secret-key", "value": "hush"}], [{"key": "s3.secret-key", "value": HIDDEN}]),
        ([{"name": "api.token", "value": "hush"}], [{"name": "api.token", "value": HIDDEN}]),
        ([{"key": "rest.port", "value": "8081"}], [{"key": "rest.port", "value": "8081"}]),
        ({"user-config": {"db.password": "hush"}}, {"user-config": {"db.password": HIDDEN}}),
        ({"password": 12345}, {"password": HIDDEN}),
        ({"password": ["hush", "hush"]}, {"password": HIDDEN}),
        ({"token": None, "secret": "", "isToken": True}, {"token": None, "secret": "", "isToken": True}),
        (["-Dx=1", "-p", "hush"], ["-Dx=1", "-p", HIDDEN]),
        (["--db.password=hush", 1], [f"--db.password={HIDDEN}", 1]),
        ("s3://KEY:hush@bucket", f"s3://{HIDDEN}@bucket"),
        (
            {"plan": {"description": "'password' = 'hush'"}},
            {"plan": {"description": f"'password' = '{HIDDEN}'"}},
        ),
        ({"name": "a.refreshToken", "value": 12}, {"name": "a.refreshToken", "value": 12}),
        ({"x": {"password=hush": 1}}, {"x": {f"password={HIDDEN}": 1}}),
        (12, 12),
    ],
)
def test_a_document_keeps_its_form(document: Any, expected: Any) -> None:
    assert redacted.document(document) == expected


def test_a_document_may_be_as_deep_as_a_flame_graph() -> None:
    deep: Any = {"name": "hush", "token": "hush"}
    for _ in range(5000):
        deep = {"children": [deep]}
    found = redacted.document(deep)
    for _ in range(5000):
        found = found["children"][0]
    assert found == {"name": "hush", "token": HIDDEN}
