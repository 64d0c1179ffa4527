"""While kubectl's login is lost little is sent, and a person can have it tried at once."""

from __future__ import annotations

import pytest

from flinktop.kubernetes.errors import KubectlError
from flinktop.kubernetes.login import LONGEST, SHORTEST, Login

REFUSED = KubectlError("login", "kubectl is not logged in to prod")


class Told:
    """A clock that a test moves."""

    time = 1000.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def passes(login: Login) -> bool:
    try:
        login.check()
    except KubectlError:
        return False
    return True


@pytest.fixture
def lost() -> tuple[Login, Told]:
    clock = Told()
    login = Login(clock)
    for _ in range(10):
        login.refused(REFUSED)
        clock.time += LONGEST
        assert passes(login)
    login.refused(REFUSED)
    return login, clock


def test_one_request_is_a_try(lost: tuple[Login, Told]) -> None:
    login, clock = lost
    assert not passes(login)
    clock.time += LONGEST
    assert [passes(login), passes(login)] == [True, False]


def test_a_person_has_it_tried_at_once_and_soon_again(lost: tuple[Login, Told]) -> None:
    login, clock = lost
    login.try_now()
    assert [passes(login), passes(login)] == [True, False]
    login.refused(REFUSED)
    assert not passes(login)
    clock.time += 2.0 * SHORTEST
    assert passes(login)


def test_a_try_of_the_old_login_is_not_the_one_that_is_wanted(lost: tuple[Login, Told]) -> None:
    login, clock = lost
    clock.time += LONGEST
    assert passes(login)
    login.try_now()
    login.refused(REFUSED)
    assert [passes(login), passes(login)] == [True, False]
    assert login.accepted()
    assert passes(login)
