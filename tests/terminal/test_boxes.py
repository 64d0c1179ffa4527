"""What counts as telling something in a box, and what does not."""

import pytest

from tests.terminal.boxes import Box, boxes


def box(*lines: str) -> Box:
    [found] = boxes("\n".join((f"╭─ 作 {'─' * 25}╮", *(f"│{line:<30}│" for line in lines), f"╰{'─' * 30}╯")))
    return found


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("STATE  JOB  IN/s  30 min",),
        ("last 2 m   ━ in   ━ out",),
        ("last 2 m   ━ in", "100┤", "  0┤", "   └──┬──", "    10:00:15"),
    ],
)
def test_titles_and_axes_tell_nothing(lines: tuple[str, ...]) -> None:
    assert not box(*lines).tells


@pytest.mark.parametrize(
    "lines",
    [("STATE  JOB", "● RUNNING  a"), ("No runs yet: P starts one.",), ("last 2 m   ━ in", "100┤ ⠉⠉⠁")],
)
def test_rows_sentences_and_lines_do(lines: tuple[str, ...]) -> None:
    assert box(*lines).tells


def test_boxes_beside_each_other_are_told_apart_whatever_is_in_them() -> None:
    screen = "╭─ 作 ──╮ ╭─ Right ──╮\n│ 作业  │ │ asking it│\n╰───────╯ ╰──────────╯"
    left, right = boxes(screen)
    assert (left.title, left.lines, left.asking) == ("作", ("作业",), False)
    assert (right.title, right.lines, right.asking) == ("Right", ("asking it",), True)


def test_half_a_box_tells_nothing() -> None:
    [half] = boxes("╭─ Log ──╮\n│ a row of it\n\n a footer")
    assert not half.tells
