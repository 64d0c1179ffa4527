"""Names as a person can type them."""

import pytest

from flinktop.model.typed_names import is_typed, typeable

UNSEEN = (
    "",
    " ",
    "\t ",
    "\u00a0",
    "\u3000",
    "\u200b",
    "\u2800",
    "\u3164",
    "\u00ad\u200d",
    "\ufe0f",
    "\u115f \u1160",
    "\x07",
)


@pytest.mark.parametrize("name", UNSEEN)
def test_a_name_that_shows_nothing_is_never_typed(name: str) -> None:
    assert typeable(name) == ""
    assert not any(is_typed(text, name) for text in ("", " ", name))


@pytest.mark.parametrize(
    ("text", "name", "right"),
    [
        ("orders [v1]", "orders [v1]", True),
        (" orders  [v1] ", "orders [v1]", True),
        ("orders", "or\u00adders\u200b", True),
        ("a b", "a\u00a0\tb", True),
        ("作业", "作业", True),
        ("e\u0301", "e\u0301", True),
        ("orders", "orders [v1]", False),
        ("Orders", "orders", False),
        ("ab", "a b", False),
        ("", "orders", False),
    ],
)
def test_the_visible_part_of_a_name_can_be_typed(text: str, name: str, *, right: bool) -> None:
    assert is_typed(text, name) is right
