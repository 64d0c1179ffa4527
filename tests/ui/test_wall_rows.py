"""The layout of a wall: in every size what is worst stays, and nothing is wider or higher than the screen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest

from flinktop.facts.fleet import UNREACHABLE
from flinktop.facts.wall import WallFacts, WallLine
from flinktop.judgement.finding import Severity
from flinktop.ui.panels.parts import cells
from flinktop.ui.panels.wall_rows import WallRows, WallView, freshness, wall_rows
from tests.ui.large_words import reads

NOW = 1_000_000.0


def line(name: str, kind: str = "skew", severity: Severity = Severity.WARNING, **rest: Any) -> WallLine:
    given = {"since": NOW - 750.0, "words": f"{kind}: subtask 3 takes in 5 × the median", **rest}  # noqa: RUF001
    return WallLine(name=name, kind=kind, severity=severity, **given)


def facts(*lines: WallLine, **rest: Any) -> WallFacts:
    given = {
        "jobs": 14,
        "running": 12,
        "unhealthy": len(lines),
        "clusters": 1,
        "answering": 1,
        "listed": True,
        "known": True,
    }
    return WallFacts(lines=lines, **{"rate": 81000.0, "age": 2.0, **given, **rest})


def drawn(of: WallFacts, width: int, height: int, turn: int = 0, *, ascii_only: bool = False) -> WallRows:
    def rates(columns: int) -> tuple[Sequence[float | None], float]:
        return [50.0 + 30.0 * math.sin(number / 5.0) for number in range(columns)], 1800.0

    view = WallView(
        width=width,
        height=height,
        turn=turn,
        name=("prod", "strong"),
        marks=(("DEMO", "info"),),
        now=NOW,
        clock=lambda _at: "14:02",
        when=lambda _at: "13:51",
        rates=rates,
        ascii=ascii_only,
    )
    return wall_rows(of, view)


def text(rows: WallRows) -> str:
    return "\n".join("".join(part for part, _ in row).rstrip() for row in rows.rows)


def holds(rows: WallRows, words: str) -> bool:
    """Whether these words are in it, in any size of letters or in plain text."""
    lines = text(rows).splitlines()
    return any(words in one for one in lines) or reads(lines, words)


LINES = (
    line("clicks-dedupe", "restart-loop", Severity.CRITICAL),
    line("orders-enrichment", "bottleneck"),
    line("insert-into_default_catalog.default_database.orders", "checkpoints-failing"),
    line("BillingAndInvoices", "watermark-stuck", since=None),
    line("日本語ジョブ", words="skew"),
    line("e"),
)
AWAY = line("prod", UNREACHABLE, Severity.CRITICAL, words="connection refused", clusters=("prod",))
SEVERAL = line("", UNREACHABLE, Severity.CRITICAL, words="", clusters=("dev", "staging", "us"))


@pytest.mark.parametrize("ascii_only", [False, True])
def test_it_fits_every_screen(ascii_only: bool) -> None:  # noqa: FBT001 -- a parameter
    walls = (
        facts(),
        facts(*LINES),
        facts(*LINES[:1]),
        facts(*LINES * 20, clusters=20),
        facts(AWAY, *LINES, answering=0, age=None, rate=None),
        facts(SEVERAL, LINES[2], clusters=20, answering=17),
        facts(listed=False, known=False, answering=0, connecting=("prod",), age=None),
        facts(unjudged=3),
    )
    for width, height in (
        (1, 1),
        (9, 3),
        (30, 6),
        (49, 30),
        (50, 14),
        (79, 23),
        (119, 39),
        (199, 59),
        (399, 99),
    ):
        for one in walls:
            for turn in (0, 1, 7):
                rows = drawn(one, width, height, turn, ascii_only=ascii_only).rows
                assert len(rows) == height
                assert all(cells(row) <= width for row in rows), (width, height, one)


@pytest.mark.deep
@pytest.mark.parametrize("size", [(79, 23), (119, 39), (199, 59)])
def test_the_worst_stays_while_the_others_take_turns(size: tuple[int, int]) -> None:
    many = tuple(line(f"job-{number:02}") for number in range(30))
    of = facts(LINES[0], *many)
    pages = drawn(of, *size).pages
    assert pages > 1
    seen: set[str] = set()
    for turn in range(pages):
        page = drawn(of, *size, turn)
        assert holds(page, "clicks-dedupe")
        seen |= {one.name for one in many if holds(page, one.name)}
    assert seen == {one.name for one in many}
    assert text(drawn(of, *size, pages)) == text(drawn(of, *size, 0))
    assert "of 31" in text(drawn(of, *size))


def test_name_and_verdict_are_large_and_the_sentence_is_not_said_twice() -> None:
    rows = drawn(facts(*LINES[:2]), 119, 39)
    assert holds(rows, "clicks-dedupe")
    assert holds(rows, "restart loop 12 m")
    assert "since 13:51: subtask 3 takes in" in text(rows)
    assert "restart-loop" not in text(rows)


def test_a_name_that_is_cut_or_has_capitals_is_said_in_plain_text_too() -> None:
    assert "insert-into_default_catalog.default_database.orders, since" in text(
        drawn(facts(LINES[2]), 119, 39)
    )
    assert "BillingAndInvoices" in text(drawn(facts(LINES[3]), 119, 39))
    assert "clicks-dedupe" not in text(drawn(facts(LINES[0]), 119, 39))


@pytest.mark.parametrize("size", [(40, 10), (79, 12), (49, 40)])
def test_a_small_screen_says_it_in_plain_text(size: tuple[int, int]) -> None:
    rows = text(drawn(facts(*LINES), *size))
    for words in ("clicks-dedupe", "restart loop 12 m", "6 unhealthy", "orders-enrichment"):
        assert words in rows
    assert "█" not in rows


def test_all_is_well_in_muted_tones() -> None:
    rows = drawn(facts(), 119, 39)
    assert holds(rows, "all healthy")
    assert {tone for row in rows.rows for part, tone in row if part.strip()} == {
        "muted",
        "strong",
        "info",
        "trend",
    }
    assert [tone for _, tone in rows.rows[0][:1]] == ["strong"]
    assert holds(drawn(facts(jobs=0, running=0), 119, 39), "no jobs")


def test_what_is_not_known_yet_is_not_called_well() -> None:
    assert holds(drawn(facts(unjudged=3), 119, 39), "loading")
    assert "verdicts of 11 of 14 jobs" in text(drawn(facts(unjudged=3), 119, 39))
    new = facts(jobs=0, listed=False, known=False, answering=0, connecting=("prod",), age=None)
    assert holds(drawn(new, 119, 39), "connecting")
    assert "running" not in text(drawn(new, 119, 39))


def test_it_says_plainly_when_it_is_blind() -> None:
    rows = drawn(facts(AWAY, *LINES, answering=0, age=None, rate=None), 119, 39)
    assert holds(rows, "unreachable")
    assert holds(rows, "for 12 m")
    assert "since 13:51: prod: connection refused" in text(rows)
    assert "last known at 13:51" in text(rows)
    # What was known is dimmed.
    below = text(rows).splitlines().index("since 13:51: prod: connection refused") + 1
    tones = {tone for row in rows.rows[below:] for part, tone in row if part.strip()}
    assert tones <= {"stale", "muted"}
    rows = drawn(facts(SEVERAL, clusters=20, answering=17), 119, 39)
    assert holds(rows, "3 clusters")
    assert "dev, staging, us" in text(rows)
    assert "✕ 3 of 20 clusters unreachable" in text(rows)


def test_the_age_of_data_is_said_in_steps_until_it_is_old() -> None:
    assert [freshness(facts(age=age), NOW)[0] for age in (0.0, 5.0, 5.1, 60.0, 61.0, 7300.0)] == [
        "● live, data < 5 s old",
        "● live, data < 5 s old",
        "● live, data < 15 s old",
        "● live, data < 60 s old",
        "◐ data 1 m old",
        "◐ data 2 h old",
    ]
