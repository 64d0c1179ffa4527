"""What subtasks are called: the index from 0 with the number that Flink writes in task names."""

from __future__ import annotations

import pytest

from flinktop.model import faults, subtask_names


def test_a_name_has_the_index_and_the_number_of_flinks_task_names() -> None:
    task = faults.task("Map -> Sink (2/4)#1")
    assert task is not None
    assert task.subtask is not None
    assert subtask_names.named(task.subtask, task.of) == "subtask 1 (2/4)"


@pytest.mark.parametrize("of", [None, 0, -1, 3])
def test_without_a_number_that_fits_the_index_stands_alone(of: int | None) -> None:
    assert subtask_names.named(3, of) == "subtask 3"


@pytest.mark.parametrize(
    ("indices", "of", "words"),
    [
        ((), 8, ""),
        ((4,), 8, "4 (5/8)"),
        ((4,), None, "4"),
        ((1, 2, 3), 8, "1-3 (2-4/8)"),
        ((1, 3, 4, 9), 16, "1 (2/16), 3-4 (4-5/16), 9 (10/16)"),
        (
            tuple(range(0, 40, 2)),
            None,
            "0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22 and 8 more",
        ),
    ],
)
def test_ranges(indices: tuple[int, ...], of: int | None, words: str) -> None:
    assert subtask_names.ranges(indices, of) == words


@pytest.mark.parametrize(
    ("count", "of", "indices", "words"),
    [
        (1, 4, (1,), "1 of 4 subtasks missing: 1 (2/4)"),
        (2, 4, None, "2 of 4 subtasks missing"),
        (2, 2, (0, 1), "2 of 2 subtasks missing: 0-1 (1-2/2)"),
    ],
)
def test_how_many_are_missing_is_a_count_and_which_are_names(
    count: int, of: int, indices: tuple[int, ...] | None, words: str
) -> None:
    assert subtask_names.missing(count, of, indices) == words
