"""Alerts as rows: state, times by the cluster's clock, the filter, and words about what is muted."""

from __future__ import annotations

import math
from typing import Any

import pytest

from flinktop.engine.alerts.alert import Alert, Mute
from flinktop.facts.alerts import (
    MARKS,
    AlertState,
    began,
    called_words,
    is_match,
    job_words,
    lasted,
    mute_words,
    state_of,
    unheard,
    until_words,
)
from flinktop.judgement.finding import Culprit, Finding, Kind, Severity
from tests.facts.given import Given

WALL = 1_700_000_000.0
CLUSTER = "http://c:8081"


def alert(*, since: float | None = None, **rest: Any) -> Alert:
    found = Finding(
        kind=Kind.SKEW,
        severity=Severity.WARNING,
        words="skew: Join users",
        culprit=Culprit(vertex="v", vertex_name="Join users", taskmanager="tm-7"),
        since=since,
    )
    usual: dict[str, Any] = {"raised": WALL - 600.0, "job": "a" * 32, "job_name": "Orders"}
    return Alert(cluster=CLUSTER, target="prod", finding=found, **(usual | rest))


@pytest.mark.parametrize(
    ("rest", "state"),
    [
        ({}, AlertState.OPEN),
        ({"acknowledged": WALL}, AlertState.ACKNOWLEDGED),
        ({"muted": WALL + 1.0}, AlertState.MUTED),
        ({"muted": math.inf, "acknowledged": WALL}, AlertState.MUTED),
        ({"muted": WALL - 1.0}, AlertState.OPEN),
        ({"muted": WALL - 1.0, "acknowledged": WALL}, AlertState.ACKNOWLEDGED),
        ({"muted": math.inf, "cleared": WALL}, AlertState.CLEARED),
    ],
)
def test_its_state(rest: dict[str, Any], state: AlertState) -> None:
    one = alert(**rest)
    assert state_of(one, WALL) is state
    assert unheard([one], WALL) == ([one] if state is AlertState.OPEN else [])


def test_each_state_has_a_shape_of_its_own_and_what_is_open_comes_first() -> None:
    assert len(set(MARKS.values())) == len(AlertState)
    assert AlertState.OPEN.rank == 0


def test_times_are_by_the_clusters_clock() -> None:
    known = Given(ahead=100.0)
    wall = known.clock.wall()
    assert began(known, alert(raised=wall - 50.0)) == wall + 50.0
    # Flink says when it began.
    assert began(known, alert(raised=wall - 50.0, since=(wall - 20.0) * 1000.0)) == wall - 20.0
    assert lasted(known, alert(raised=wall - 50.0)) == 50.0
    assert lasted(known, alert(raised=wall - 50.0, cleared=wall - 10.0)) == 40.0


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("JOIN orders", True),
        ("tm-7", True),
        ("billing", False),
        ("state:open", True),
        ("state:cleared", False),
        ("severity:warn", True),
        ("kind:skew", True),
        ("kind:memory", False),
        ("job:orders state:open", True),
        ("job:aaaa", True),
        ("other:orders", False),
    ],
)
def test_the_filter(text: str, matches: bool) -> None:  # noqa: FBT001 -- a table
    assert is_match(alert(), text, WALL) is matches


def test_words() -> None:
    assert job_words(alert()) == "Orders"
    assert job_words(alert(job="", job_name="")) == "cluster"
    assert job_words(alert(job_name="")) == "a" * 32
    assert until_words(math.inf, str) == "until it clears"
    assert until_words(5.0, str) == "until 5.0"
    assert called_words(alert(called=7.0), str) == "7.0"
    assert called_words(alert(calls=True), str) == "–"  # noqa: RUF001 -- a dash
    assert called_words(alert(), str) == "no"
    assert called_words(alert(flapping=True, calls=True), str) == "flapping"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ((CLUSTER, "a", "skew"), "skew of Orders"),
        ((CLUSTER, "a", ""), "all alerts of Orders"),
        ((CLUSTER, "", "skew"), "all skew alerts"),
    ],
)
def test_what_is_muted(key: tuple[str, str, str], words: str) -> None:
    assert mute_words(Mute(key=key, job_name="Orders", seconds=1.0, at=0.0)) == words
