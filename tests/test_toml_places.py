import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.toml_places import lines_of_keys

AWKWARD = '''\
# [clusters.commented]
"default" = 'a#b'   # a comment = with [brackets]
text = """
[clusters.inside]
url = "not a key"
\\""" still
""""
literal = \'\'\'
token = 1
\'\'\'\'
list = [
    "a]", # ]
    { inner = 1, deep.er = [2,
        3] },
    1979-05-27 07:32:00,
]
clusters.dotted.url = "x"
clusters . "spaced out" . 'url' = 1.5

[clusters."a.b"]
url = "http://h"

  [ clusters . "caf\\u00e9" . headers ]
  X-One = "1"

[clusters.inline]
headers = { "X-Two" = "2", X-Three = { y = 3 } }
[[many]]
one = 1
[[many]]
one = 2
'''


def test_every_key_is_found_on_its_line() -> None:
    tomllib.loads(AWKWARD)
    assert lines_of_keys(AWKWARD) == {
        ("default",): 2,
        ("text",): 3,
        ("literal",): 8,
        ("list",): 11,
        ("clusters",): 17,
        ("clusters", "dotted"): 17,
        ("clusters", "dotted", "url"): 17,
        ("clusters", "spaced out"): 18,
        ("clusters", "spaced out", "url"): 18,
        ("clusters", "a.b"): 20,
        ("clusters", "a.b", "url"): 21,
        ("clusters", "café"): 23,
        ("clusters", "café", "headers"): 23,
        ("clusters", "café", "headers", "X-One"): 24,
        ("clusters", "inline"): 26,
        ("clusters", "inline", "headers"): 27,
        ("clusters", "inline", "headers", "X-Two"): 27,
        ("clusters", "inline", "headers", "X-Three"): 27,
        ("clusters", "inline", "headers", "X-Three", "y"): 27,
        ("many",): 28,
        ("many", "0"): 28,
        ("many", "0", "one"): 29,
        ("many", "1"): 30,
        ("many", "1", "one"): 31,
    }


def test_windows_line_ends_count_once() -> None:
    assert lines_of_keys("a = 1\r\n\r\n[t]\r\nb = 2\r\n") == {("a",): 1, ("t",): 3, ("t", "b"): 4}


@pytest.mark.parametrize(
    "text", ["", "[", "a", "a =", "a = [}", "a = {]", "]", "}", "= 1", '"', 'a = "x', "a = '''"]
)
def test_text_that_is_not_toml_does_not_hang(text: str) -> None:
    assert isinstance(lines_of_keys(text), dict)


@given(st.text(alphabet="ab.=[]{}\"',#\n ", max_size=40))
def test_any_text_ends_and_valid_text_loses_no_key(text: str) -> None:
    found = lines_of_keys(text)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert {path[:1] for path in found} == {(key,) for key in values}
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())
