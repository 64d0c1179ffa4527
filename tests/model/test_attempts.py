"""What is known of a subtask's attempts, through restarts and where several run at once."""

from __future__ import annotations

from flinktop.flink.vertices import Attempt
from flinktop.model import attempts
from flinktop.model.attempts import ENDED, PENDING, SeenAttempts, is_of, merged


def attempt(number: int, status: str = "RUNNING", start: int = 0) -> Attempt:
    """An attempt that began at `start`, or at a time that grows with its number."""
    return Attempt(subtask=0, status=status, attempt=number, start_time=start or 1000 + number)


def after(present: int, earlier: range) -> SeenAttempts:
    """What is known when some earlier attempts have been told."""
    return merged(SeenAttempts(), attempt(present), [attempt(one, "FAILED") for one in earlier])


def states(known: SeenAttempts, dropped: frozenset[int] = frozenset()) -> list[tuple[int | None, str]]:
    """Numbers and states of the rows."""
    return [(one.attempt, one.status) for one in known.rows(dropped)]


def test_earlier_attempts_are_requested_one_by_one() -> None:
    known = after(20, range(18, 20))
    assert known.to_request(frozenset()) == (17,)
    assert known.to_request(frozenset({17})) == ()
    assert known.missing() == ((0, 17),)


def test_a_superseded_attempt_stays_and_is_requested_again() -> None:
    known = merged(after(20, range(18, 20)), attempt(21), [])
    assert states(known) == [(21, "RUNNING"), (20, PENDING), (19, "FAILED"), (18, "FAILED")]
    # How it ended is asked for, beside the next that is not known.
    assert known.to_request(frozenset()) == (20, 17)
    assert known.to_request(frozenset({17})) == (20,)
    told = merged(known, attempt(21), [attempt(20, "CANCELED")])
    assert states(told)[1] == (20, "CANCELED")
    assert told.to_request(frozenset({17})) == ()


def test_a_canceling_attempt_is_requested_until_canceled() -> None:
    known = merged(after(1, range(0)), attempt(1), [attempt(0, "CANCELING")])
    assert known.to_request(frozenset()) == (0,)


def test_where_flink_keeps_none_those_that_were_seen_have_ended() -> None:
    known = merged(merged(after(5, range(0)), attempt(6), []), attempt(7), [])
    dropped = frozenset({6})
    assert states(known, dropped) == [(7, "RUNNING"), (6, ENDED), (5, ENDED)]
    assert known.to_request(dropped) == ()
    assert known.missing() == ((0, 4),)


def test_attempts_of_another_life_of_the_job_are_forgotten() -> None:
    known = merged(after(7, range(5, 7)), attempt(0, start=5000), [])
    assert states(known) == [(0, "RUNNING")]
    assert known.missing() == ()


def test_attempts_that_run_at_once_are_all_present() -> None:
    both = Attempt(
        subtask=0,
        status="RUNNING",
        attempt=0,
        start_time=1000,
        other_concurrent_attempts=(attempt(1, start=2000),),
    )
    known = merged(SeenAttempts(), both, [])
    assert states(known) == [(1, "RUNNING"), (0, "RUNNING")]
    assert known.to_request(frozenset()) == ()
    # The first has won: of the second Flink may keep nothing, and it is no attempt of another life.
    won = merged(known, attempt(0, "FINISHED", start=1000), [])
    assert states(won) == [(1, PENDING), (0, "FINISHED")]
    assert won.to_request(frozenset()) == (1,)
    assert states(won, frozenset({1})) == [(1, ENDED), (0, "FINISHED")]


def test_only_so_many_are_remembered() -> None:
    known = SeenAttempts()
    for number in range(3 * attempts.MOST):
        known = merged(known, attempt(number), [])
    assert len(known.known) == attempts.MOST
    assert known.missing() == ((0, 2 * attempts.MOST - 1),)


def test_times_of_states_are_those_of_the_attempt_that_was_deployed_then() -> None:
    assert is_of(attempt(3, start=5000), {"CREATED": 4000, "DEPLOYING": 5000, "RUNNING": 5100})
    assert not is_of(attempt(4, start=9000), {"CREATED": 4000, "DEPLOYING": 5000, "FAILED": 8000})
    waiting = Attempt(subtask=0, status="SCHEDULED", attempt=4)
    assert not is_of(waiting, {"CREATED": 4000, "DEPLOYING": 5000, "FAILED": 8000})
    assert is_of(waiting, {"CREATED": 8500, "SCHEDULED": 8600, "DEPLOYING": 0})
