"""What servers say in words, and the error each answer stands for."""

import json

import pytest

from flinktop.flink.answers import check_document, check_status
from flinktop.flink.error_text import (
    flink_errors,
    flink_exceptions,
    java_sentence,
    page_title,
    without_frames,
)
from flinktop.flink.errors import (
    MOST_DETAIL,
    BadReply,
    Conflict,
    FlinkError,
    NotFlink,
    NotFound,
    NotReady,
    Rejected,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from flinktop.flink.text import MOST
from tests.fixture_cluster import FIXTURES
from tests.flink.shapes import steers

URL = "http://flink:8081/jobs/x"
TRACE = "\n\tat org.apache.flink.A.b(A.java:1)\n\tat java.base/java.util.C$D.e(Unknown Source)"


MIDDLE = "a.B: middle is a sentence"
WRAPPED = (
    f"java.util.concurrent.CompletionException: {MIDDLE}{TRACE}\nCaused by: {MIDDLE}{TRACE}\n"
    f"Caused by: java.io.IOException: Not a directory{TRACE}\n\t... 3 more"
)

TRIGGERING = "An Exception occurred while triggering the checkpoint."
VAGUE = (
    f"a.B: {TRIGGERING} IO-problem detected.{TRACE}\n"
    f"Caused by: java.io.IOException: Failed to create directory /f/x{TRACE}\n"
    f"Caused by: java.nio.file.FileAlreadyExistsException: /f{TRACE}"
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Job a not found", "Job a not found"),
        (f"org.apache.flink.runtime.rest.NotFoundException: Job a not found{TRACE}", "Job a not found"),
        ("java.lang.NullPointerException", "NullPointerException"),
        (f"java.util.concurrent.TimeoutException: {TRACE}", "TimeoutException"),
        ("java.lang.ClassNotFoundException: my.own.Klass", "ClassNotFoundException: my.own.Klass"),
        ("a.b.Outer$Inner: boom: bang", "boom: bang"),
        (f"a.B: the outer one{TRACE}\nCaused by: c.D: the inner{TRACE}", "the outer one"),
        (WRAPPED, "middle is a sentence: Not a directory"),
        (
            f"a.B: Could not execute application.{TRACE}\nCaused by: e.F: no such table{TRACE}",
            "Could not execute application: no such table",
        ),
        (
            f"a.JobException: Recovery is suppressed by NoRestart{TRACE}\nCaused by: e.F: bad row{TRACE}",
            "Recovery is suppressed by NoRestart: bad row",
        ),
        (VAGUE, f"{TRIGGERING} IO-problem detected: Failed to create directory /f/x"),
        ("red \x1b[31m\x07 a\u202eb", "red \ufffd ab"),
        ("", ""),
    ],
)
def test_the_sentence_in_a_java_exception(text: str, sentence: str) -> None:
    assert java_sentence(text) == sentence


def test_errors_of_flink() -> None:
    assert flink_errors(json.dumps({"errors": ["a.B: not now"]}).encode()) == "not now"
    inside = (
        "<Exception on server side:\na.b.C: upside down\n\tat x.y(Z.java:1)\nEnd of exception on server side>"
    )
    assert flink_errors(json.dumps({"errors": ["Internal server error.", inside]}).encode()) == "upside down"
    assert flink_errors(b'{"errors":["Internal server error."]}') == "Internal server error."
    assert flink_errors(b'{"errors":[]}') == ""
    assert flink_errors(b'{"message":"no"}') is None
    assert flink_errors(b"\xff<html>") is None
    assert "no such endpoint" in (flink_errors(b'{"errors":["Unable to load requested file /x."]}') or "")
    assert "4096" in (flink_errors(b'{"errors":["Unable to load requested file /bad-request."]}') or "")
    assert "forgets" in (flink_errors(b'{"errors":["Operation not found under key: a.B@1f"]}') or "")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (401, Unauthorized),
        (403, Unauthorized),
        (404, NotFound),
        (408, Rejected),
        (409, Conflict),
        (413, Rejected),
        (500, Rejected),
        (502, Rejected),
        (503, NotReady),
        (599, Rejected),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[FlinkError]) -> None:
    with pytest.raises(FlinkError) as caught:
        check_status(status, b'{"errors":["a.B: the reason\\n\\tat c.d(E.java:1)"]}', "GET", URL)
    told = caught.value
    assert type(told) is kind
    assert (told.method, told.url, told.status, told.detail) == ("GET", URL, status, "the reason")
    assert str(told).startswith(f"GET {URL}: the reason")


@pytest.mark.parametrize("status", [200, 202, 204])
def test_success_is_no_error(status: int) -> None:
    check_status(status, b"", "GET", URL)


@pytest.mark.parametrize("begins", [b'{"a":', b'{"errors":[{"a":', b'{"message":', b"[", b'{"errors":'])
@pytest.mark.parametrize("status", [400, 404, 500, 502])
def test_an_error_that_is_nested_without_end_is_one(begins: bytes, status: int) -> None:
    for body in (begins * 20_000, begins + b"[" * 100_000, begins + b'{"a":' * 100_000):
        with pytest.raises(FlinkError) as caught:
            check_status(status, body, "POST", URL)
        assert caught.value.status == status


def test_rescaling_and_lost_task_managers_have_their_own_errors() -> None:
    with pytest.raises(Rejected):
        check_status(503, b'{"errors":["Rescaling is temporarily disabled. See FLINK-12312."]}', "GET", URL)
    with pytest.raises(NotFound):
        check_status(500, b'{"errors":["a.B: No TaskExecutor registered under x."]}', "GET", URL)
    with pytest.raises(Rejected):
        check_status(404, b'{"errors":["Unable to load requested file /bad-request."]}', "GET", URL)


@pytest.mark.parametrize(
    ("location", "kind", "said"),
    [
        (
            "https://sso.example/login?token=abc",
            Unauthorized,
            "redirects to https://sso.example/login, which",
        ),
        ("/login", Unauthorized, "redirects to /login"),
        ("https://user:secret@sso.example/a", Unauthorized, "redirects to https://sso.example/a"),
        ("", Unauthorized, "another page"),
        ("https://flink:8081/jobs/x", Rejected, "moved this address to https://flink:8081/jobs/x"),
        ("http://flink:8081/jobs/x/", Rejected, "moved this address"),
        ("http://a\x1b[2J/b", Unauthorized, "redirects to http://a/b"),
    ],
)
def test_a_redirect_is_named_in_the_error(location: str, kind: type[FlinkError], said: str) -> None:
    with pytest.raises(kind) as caught:
        check_status(302, b"<html>moved</html>", "GET", URL, location)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "abc" not in str(caught.value)
    assert not steers(str(caught.value))


def test_a_308_of_flink_keeps_its_sentence() -> None:
    with pytest.raises(Rejected, match="has been removed"):
        check_status(308, b'{"errors":["The termination mode has been removed."]}', "PATCH", URL)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html><head><title>502 Bad Gateway</title></head></html>", "502 Bad Gateway"),
        (b"<html><title>Corp Portal</title>", "502 Bad Gateway: Corp Portal"),
        (b"upstream \x1b[31mdied", "502 Bad Gateway: upstream died"),
        (b'{"message":"x"}', "502 Bad Gateway"),
        (b"<html>The plain HTTP request was sent to HTTPS port</html>", "https://"),
    ],
)
def test_a_proxys_message_is_quoted(body: bytes, said: str) -> None:
    with pytest.raises(Rejected) as caught:
        check_status(502, body, "GET", URL)
    assert said in caught.value.detail
    assert not steers(str(caught.value))


@pytest.mark.parametrize(
    "body",
    [
        b"<html><head><title>Error response</title></head></html>",
        b"<html><title>404 Not Found</title></html>",
        b"<!doctype html><title>HTTP Status 404 \xe2\x80\x93 Not Found</title>",
        b"<!doctype html><title>Error 404 (Not Found)!!</title>",
        b"404 page not found\n",
        b'{"message":"Not Found"}',
        b"",
    ],
)
def test_a_bare_404_page_is_not_flink(body: bytes) -> None:
    with pytest.raises(NotFlink) as caught:
        check_status(404, body, "GET", URL)
    assert caught.value.reason == "not a Flink REST API (404 Not Found): check the address and its path"


def test_a_foreign_servers_message_is_quoted() -> None:
    with pytest.raises(NotFlink, match=r"\(404 Not Found: Page not found on Corp Portal\)"):
        check_status(404, b"<html><title>Page not found on Corp Portal</title>", "GET", URL)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<!DOCTYPE html>\n<html><title>Log &amp; in</title>", r"a web page \(Log & in\), not Flink's JSON"),
        (b"ok", "not JSON but 'ok'"),
        (b" ", "empty"),
    ],
)
def test_a_success_that_is_not_json(body: bytes, said: str) -> None:
    with pytest.raises((BadReply, NotFlink), match=said):
        check_document(body, URL, 200)


def test_json_is_let_through() -> None:
    check_document(b'\n {"a":1}', URL, 200)
    check_document(b"[]", URL, 200)


def test_titles_are_found_only_on_pages() -> None:
    assert page_title(b"{}") is None
    assert page_title(b"<?xml version='1.0'?><title>a\x1b[2Jb</title>") == "ab"


def test_errors_know_whether_the_request_was_sent() -> None:
    assert not Unreachable("GET", URL).sent
    assert TimedOut("POST", URL, sent=True).sent
    assert Rejected("GET", URL).sent
    assert isinstance(TimedOut("GET", URL), Unreachable)


def test_a_long_reason_is_cut_in_the_sentence_but_kept() -> None:
    told = Rejected("GET", URL, "x" * 5000)
    assert len(str(told)) < 600
    assert len(told.detail) == 5000


def test_a_reason_without_end_is_kept_in_part() -> None:
    told = Rejected("GET", URL, "first " + "x" * 1_000_000 + " last")
    assert len(told.detail) <= MOST_DETAIL
    assert sum(len(str(one)) for one in told.args) < 2 * MOST_DETAIL
    assert told.detail.startswith("first ")
    assert told.detail.endswith(" last")
    trace = "a.B: " + "x" * 1_000_000
    assert len(flink_errors(json.dumps({"errors": [trace]}).encode()) or "") <= MOST


# -- what is kept to recognise a failure ------------------------------------------------------------------


AT_THE_END = "End of exception on server side"


@pytest.mark.parametrize(
    ("trace", "kept"),
    [
        ("", ""),
        ("Job a not found", "Job a not found"),
        (f"a.B: x{TRACE}", "a.B: x"),
        (f"a.B: x\ny{TRACE}\nCaused by: c.D{TRACE}\n\t... 3 more\n", "a.B: x\ny\nCaused by: c.D"),
        (
            f"<Exception on server side:\na.B: x{TRACE}\nCaused by: c.D: y{TRACE}\n\n{AT_THE_END}>",
            "a.B: x\nCaused by: c.D: y",
        ),
        (f"a.B: x{TRACE}\n\tSuppressed: c.D: y{TRACE}\n\tCaused by: e.F: z{TRACE}", "a.B: x"),
        ("a.B: red \x1b[31m\x00\u202e[b]bold[/b]", "a.B: red \ufffd[b]bold[/b]"),
    ],
)
def test_classes_and_messages_are_kept_without_frames(trace: str, kept: str) -> None:
    assert without_frames(trace) == kept


def test_of_a_long_chain_the_outermost_and_the_deepest_are_kept_and_little_of_each() -> None:
    chain = [f"a.B: {number} {'x' * 5000}{TRACE}" for number in range(100)]
    kept = without_frames("\nCaused by: ".join(chain)).split("\nCaused by: ")
    assert 2 < len(kept) <= 20
    assert kept[0].startswith("a.B: 0 ")
    assert kept[-1].startswith("a.B: 99 ")
    assert max(map(len, kept)) <= 1000


def test_an_error_has_the_exceptions_of_flink_and_of_nobody_else() -> None:
    body = json.dumps({"errors": ["Internal server error.", f"a.B: x{TRACE}\nCaused by: c.D: y{TRACE}"]})
    with pytest.raises(Rejected) as caught:
        check_status(500, body.encode(), "POST", URL)
    assert caught.value.exceptions == "a.B: x\nCaused by: c.D: y"
    for other in (b"<html>a.B: x</html>", b'{"errors": []}', b'{"errors": [""]}', b'{"message": "a.B: x"}'):
        with pytest.raises(FlinkError) as foreign:
            check_status(500, other, "POST", URL)
        assert foreign.value.exceptions == ""


@pytest.mark.parametrize("release", ["1.9.3", "1.14.6", "1.20.5", "2.3.0"])
def test_what_releases_answer_to_a_wrong_main_class_keeps_the_exception(release: str) -> None:
    body = (FIXTURES / release / "POST.jars.jar.run.json").read_bytes()
    lines = flink_exceptions(body).split("\n")
    assert lines[-1] == "Caused by: java.lang.ClassNotFoundException: no.such.Class"
    assert "The program's entry point class 'no.such.Class' was not found in the jar file." in lines[-2]
    assert all("\tat " not in line for line in lines)
