"""Text in HTML is read as Python's own module reads it."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.flink.text import unescape

PARTS = st.sampled_from(
    (
        *("&", "&gt;", "&lt;", "&amp;", "&quot;", "&#39;", "&#x27;", "&gt", "&eacute;", "&nosuch;", "&#0;"),
        *(
            "#39;",
            " ",
            "\t",
            "\r",
            "\n",
            "\x1c",
            ";",
            "<",
            "a",
            "é",
            "&#",
            "&#x",
            "&notit;",
            "&amp;gt;",
            "&39;",
        ),
    )
)


@given(st.lists(PARTS).map("".join))
def test_any_text_is_read_as_by_html(text: str) -> None:
    assert unescape(text) == html.unescape(text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Source: a -&gt; Map", "Source: a -> Map"),
        ("&amp;lt;", "&lt;"),
        ("caf&eacute; &lt;", "café <"),
        ("R & D", "R & D"),
    ],
)
def test_what_flink_sends(text: str, plain: str) -> None:
    assert unescape(text) == plain
