"""Texts with values in them: arguments that stay one argument, addresses that stay one address."""

import subprocess
import sys
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from flinktop.allowed import NotAllowed
from flinktop.templates import LONGEST_ARGUMENT, NotFilled, template

HOSTILE = (
    "two words",
    "a'b\"c",
    "$(touch evil) `x` ${HOME} $1",
    "x; rm -rf ~ && y | z > f",
    "line\nbreak\r\ttab",
    "作业 żółć 🚀 \u0301",
    "{job} {{url}} {",
    "a&b=c#d?e%41+f/../g",
    "*",
    "~root",
    "\\",
)


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("text", ["{job_name}", "--job={job_name}", "<{job_name}|{job_name}>"])
def test_a_value_is_one_argument_or_a_part_of_one(text: str, value: str) -> None:
    given = template(text).argument({"job_name": value})
    assert given == text.replace("{job_name}", value)


def test_a_program_gets_hostile_values_as_they_are() -> None:
    words = [template("{x}").argument({"x": value}) for value in HOSTILE]
    told = "import sys; sys.stdout.buffer.write('\\0'.join(sys.argv[1:]).encode())"
    got = subprocess.run([sys.executable, "-ISc", told, *words], capture_output=True, check=True).stdout
    assert got.decode().split("\0") == list(HOSTILE)


@pytest.mark.parametrize("value", [*HOSTILE, "-rf", "a\0b", "\ud800"])
def test_in_an_address_a_value_is_percent_encoded(value: str) -> None:
    found = template("https://g/d/{job}/x?var-job={job}&from=1#{job}").address({"job": value})
    assert found.isascii()
    assert found.isprintable()
    assert " " not in found
    parts = urlsplit(found)
    meant = value.replace("\ud800", "?")
    assert unquote(parts.path) == f"/d/{meant}/x"
    assert parts.path.count("/") == 3
    assert parse_qs(parts.query) == {"var-job": [meant], "from": ["1"]}
    assert unquote(parts.fragment) == meant


def test_the_address_of_the_cluster_begins_an_address_as_it_is() -> None:
    values = {"url": "https://[::1]:8081/ba se", "job": "a/b"}
    assert template("{url}/#/job/{job}").address(values) == "https://[::1]:8081/ba%20se/#/job/a%2Fb"
    assert (
        template("https://x/?u={url}").address(values)
        == "https://x/?u=https%3A%2F%2F%5B%3A%3A1%5D%3A8081%2Fba%20se"
    )


def test_the_rest_of_an_address_stays_an_address() -> None:
    assert (
        template("https://g/ä b?q=%20{{x}}&y=é").address({}) == "https://g/%C3%A4%20b?q=%20%7Bx%7D&y=%C3%A9"
    )


@pytest.mark.parametrize(
    ("text", "behind", "refused"),
    [
        ("{job_name}", False, True),
        ("{job_name}x", False, True),
        ("{job_name}", True, False),
        ("--name={job_name}", False, False),
        ("x{job_name}", False, False),
    ],
)
def test_a_value_is_no_option(text: str, *, behind: bool, refused: bool) -> None:
    values = {"job_name": "-rf"}
    if not refused:
        assert template(text).argument(values, behind_dashes=behind) == text.replace("{job_name}", "-rf")
        return
    with pytest.raises(NotFilled, match=r"\{job_name\} begins with '-' .* put \"--\" before it"):
        template(text).argument(values, behind_dashes=behind)


def test_an_option_of_two_values_is_none() -> None:
    with pytest.raises(NotFilled, match=r"begins with '-'"):
        template("{a}{b}").argument({"a": "-", "b": "rf"})


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, r"\{job\} is not known here"),
        ({"job": ""}, r"\{job\} is not known here"),
        ({"job": "a\0b"}, r"\{job\} holds a NUL character"),
        ({"job": "\ud800"}, r"\{job\} is no valid text"),
        ({"job": "é" * LONGEST_ARGUMENT}, r"an argument of 262,142 bytes"),
    ],
)
def test_what_can_be_no_argument_has_a_reason(values: dict[str, str], reason: str) -> None:
    with pytest.raises(NotFilled, match=reason):
        template("{job}").argument(values)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("{{{job}}}", "{x}"), ("{{job}}", "{job}"), ("go={{{{.x}}}}", "go={{.x}}"), ("", "")],
)
def test_braces_of_their_own_are_doubled(text: str, shown: str) -> None:
    assert template(text).argument({"job": "x"}) == shown


@pytest.mark.parametrize("text", ["{", "}", "{}", "{job", "job}", "{Job}", "{.items}", "{job }"])
def test_a_lone_brace_is_a_mistake(text: str) -> None:
    with pytest.raises(NotAllowed, match="belongs to no value"):
        template(text)
