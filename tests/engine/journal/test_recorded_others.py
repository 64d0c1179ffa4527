"""Restarts by the counter, rescales, outages and gaps as events."""

from __future__ import annotations

from typing import cast

import pytest

from flinktop.engine.journal import gaps, outages, rescales, restarts
from flinktop.engine.journal.event import EventKind
from flinktop.engine.journal.jobs import Listed
from flinktop.engine.journal.outages import AFTER_MS, Outage
from flinktop.flink.features import Features
from flinktop.flink.jobs import JOB, Job, JobVertex, Plan
from flinktop.flink.rescale import RESCALES_HISTORY, Rescale
from flinktop.judgement.finding import Severity
from tests.engine.journal.recorded import RELEASES, answer, job_named

NOW = 1_700_000_000_000.0
ID = "a" * 32
LISTED = Listed("orders", "RUNNING", NOW, -1.0, old=True)

# -- restarts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "adaptive", "expected"),
    [
        ((1, 9, 3), False, True),
        ((1, 12, 7), None, True),
        ((1, 14, 6), False, False),
        ((1, 15, 1), True, True),
        ((1, 16, 0), True, False),
        ((2, 3, 0), None, False),
    ],
)
def test_the_counter_tells_where_there_is_no_history(
    release: tuple[int, int, int], adaptive: object, expected: object
) -> None:
    assert restarts.are_counted(Features(release=release), adaptive=cast(bool, adaptive)) is expected


def test_each_restart_has_its_number_whoever_counts() -> None:
    one = restarts.counted(ID, LISTED, (4.0, 7.0), NOW, "restarted 1")
    assert [event.words for event in one] == [
        f"job restarted, for the {number}th time" for number in (5, 6, 7)
    ]
    other = restarts.counted(ID, LISTED, (5.0, 6.0), NOW + 9000, "restarted 1")
    assert other[0].key == one[1].key
    assert {event.kind for event in one} == {EventKind.RESTARTED}


def test_of_a_thousand_between_two_answers_the_last_are_told() -> None:
    found = restarts.counted(ID, LISTED, (0.0, 1000.0), NOW, "")
    assert len(found) == restarts.MOST
    assert found[-1].words == "job restarted, for the 1000th time"


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (113, "113th"),
        (121, "121st"),
    ],
)
def test_ordinals(number: int, word: str) -> None:
    [event] = restarts.counted(ID, LISTED, (number - 1.0, float(number)), NOW, "")
    assert f"the {word} time" in event.words


# -- rescales ------------------------------------------------------------------------------------------


def job(*parallelisms: int, running: int = int(NOW), state: str = "RUNNING", kind: str = "STREAMING") -> Job:
    vertices = tuple(
        JobVertex(id=f"v{number}", name=f"Map {number}", parallelism=one)
        for number, one in enumerate(parallelisms)
    )
    return Job(
        jid=ID,
        name="orders",
        state=state,
        timestamps={"RUNNING": running},
        vertices=vertices,
        plan=Plan(type=kind),
    )


@pytest.mark.parametrize("release", RELEASES)
def test_a_job_that_stays_as_it_is_was_not_rescaled(release: str) -> None:
    steady = answer(release, JOB(job=job_named(release, "steady")))
    assert rescales.parallelisms(steady)
    assert rescales.rescaled(rescales.parallelisms(steady), steady) is None


def test_a_rescale_has_the_time_of_its_new_graph() -> None:
    found = rescales.rescaled(rescales.parallelisms(job(2, 2)), job(4, 4, running=int(NOW) + 5))
    assert found is not None
    assert (found.kind, found.at, found.severity) == (EventKind.RESCALED, NOW + 5, Severity.INFO)
    assert found.words == "job was rescaled: parallelism 2 -> 4"
    assert found.details.splitlines() == ["Map 0: 2 -> 4", "Map 1: 2 -> 4"]


def test_a_rescale_of_some_vertices() -> None:
    one = rescales.rescaled({"v0": 2, "v1": 2}, job(2, 4))
    assert one is not None
    assert one.words == "job was rescaled: parallelism 2 -> 4 of 1 of 2 vertices"
    two = rescales.rescaled({"v0": 2, "v1": 2}, job(1, 4))
    assert two is not None
    assert two.words == "job was rescaled: the parallelism of 2 of 2 vertices changed"


@pytest.mark.parametrize(
    "now", [job(4, state="RESTARTING"), job(-1), job(4, kind="BATCH"), job(4, 4), job(4, running=0)]
)
def test_what_is_no_rescale(now: Job) -> None:
    assert rescales.rescaled({"v0": 2}, now) is None


def test_a_failed_rescale_of_the_history() -> None:
    failed = Rescale(
        rescale_uuid="u1",
        terminal_state="FAILED",
        end=int(NOW),
        trigger_cause="UPDATE_REQUIREMENT",
        terminated_reason="EXCEPTION_OCCURRED",
    )
    [event] = rescales.failed(ID, LISTED, [failed], NOW + 1)
    assert (event.words, event.at) == ("rescale failed: exception occurred", NOW)
    assert event.details == "cause: update requirement"


def test_those_that_completed_are_known_from_the_job() -> None:
    history = answer("2.3.0", RESCALES_HISTORY(job="25e3b3d5d1118a144cbf56edae1de69c"))
    assert rescales.failed(ID, LISTED, history, NOW) == ()


# -- outages -------------------------------------------------------------------------------------------


def test_a_cluster_is_lost_and_back() -> None:
    outage, events = outages.after(Outage(), AFTER_MS - 1, "refused", NOW)
    assert events == ()
    outage, [lost] = outages.after(outage, AFTER_MS, "connection refused", NOW)
    assert (lost.kind, lost.at, lost.severity) == (
        EventKind.CLUSTER_LOST, NOW - AFTER_MS, Severity.CRITICAL,
    )  # fmt: skip
    assert lost.words == "cluster does not answer: connection refused"
    outage, events = outages.after(outage, 60_000.0, "refused", NOW + 45_000)
    assert events == ()
    outage, [back] = outages.after(outage, None, "", NOW + 165_000)
    assert (back.kind, back.at) == (EventKind.CLUSTER_BACK, NOW + 165_000)
    assert back.words == "cluster answers again after 3 m"
    assert outages.after(outage, None, "", NOW + 166_000) == (Outage(), ())


def test_an_outage_that_went_on_at_the_end_is_over_at_the_start() -> None:
    outage, _ = outages.after(Outage(), AFTER_MS, "refused", NOW)
    again = outages.remembered(outages.kept(outage))
    assert again == outage
    assert outages.remembered(outages.kept(Outage())) == Outage()
    assert outages.remembered(b"\xff1") == Outage()


def test_two_flinktops_mostly_name_an_outage_alike() -> None:
    _, [a] = outages.after(Outage(), AFTER_MS, "refused", NOW)
    _, [b] = outages.after(Outage(), AFTER_MS + 3000, "timed out", NOW + 6000)
    assert a.key == b.key


# -- gaps ----------------------------------------------------------------------------------------------


def test_a_gap_says_from_when_to_when() -> None:
    found = gaps.gap(NOW, NOW + 6.75 * 3_600_000)
    assert found is not None
    assert (found.kind, found.at) == (EventKind.GAP, NOW + 6.75 * 3_600_000)
    assert found.words.startswith("not watched from ")
    assert found.words.endswith(" (6 h 45 m): filled in from what Flink still has")


@pytest.mark.parametrize("last", [None, NOW, NOW - 60_000, NOW + 3_600_000])
def test_what_is_no_gap(last: float | None) -> None:
    assert gaps.gap(last, NOW) is None
