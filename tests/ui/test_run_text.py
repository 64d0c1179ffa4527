"""What is typed before a jar is run: arguments, settings, a parallelism."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.model.run_text import arguments_of, arguments_text, parallelism_of, settings_of, settings_text


@given(st.lists(st.text()))
def test_arguments_come_back_as_they_were(arguments: list[str]) -> None:
    assert arguments_of(arguments_text(arguments)) == tuple(arguments)


def test_quotes_hold_blanks_and_commas_together() -> None:
    text = "--names a,b --title 'orders, eu' \"it's\" ''\n--sql 'select\n1'"
    assert arguments_of(text) == ("--names", "a,b", "--title", "orders, eu", "it's", "", "--sql", "select\n1")


def test_an_open_quote_is_reported() -> None:
    with pytest.raises(ValueError, match="arguments: a quote is not closed"):
        arguments_of("--title 'orders")


def test_settings_are_lines_of_key_and_value() -> None:
    text = "pipeline.name: a: b\n\n  state.savepoints.dir:file:/s  \nempty:"
    found = {"pipeline.name": "a: b", "state.savepoints.dir": "file:/s", "empty": ""}
    assert settings_of(text) == found
    assert settings_of(settings_text(found)) == found


@pytest.mark.parametrize("line", ["no value", ": v", "two words: v"])
def test_a_line_that_is_no_setting_is_reported(line: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        settings_of(f"a: b\n{line}")


def test_a_parallelism_is_a_number_or_nothing() -> None:
    assert (parallelism_of(" "), parallelism_of(" 12 ")) == (None, 12)
    with pytest.raises(ValueError, match="many is not a number"):
        parallelism_of("many")
