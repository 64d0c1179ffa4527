"""A login that the server has refused is not sent again; one that has changed is."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from flinktop.flink.connection import Connection, Secret
from flinktop.flink.errors import FlinkError, LoginRefused, Unauthorized, Unreachable
from flinktop.flink.http import Http
from flinktop.flink.jobs import JOBS
from flinktop.flink.login import COMMAND_SECONDS, Login

PASSWORD = Secret("value", "hush")


class Gate:
    """A server that lets some logins in, its clients, and their clock."""

    def __init__(self, *good: str, **connection: object) -> None:
        self.good = list(good)
        self.answers: dict[str, int | Exception] = {}
        """By path, what a login that is good gets instead of a document."""
        self.sent: list[str] = []
        self.now = 100.0
        self._connection = Connection("http://flink:8081", **connection)  # type: ignore[arg-type]  # of many types
        self.login = Login(self._connection, lambda: self.now)
        self.http = self.client()

    def client(self) -> Http:
        """One of several clients that share a login."""
        return Http(self._connection, transport=httpx.MockTransport(self._take), login=self.login)

    def _take(self, request: httpx.Request) -> httpx.Response:
        login = request.headers.get("authorization", request.headers.get("x-key", ""))
        self.sent.append(login)
        if login not in self.good:
            return httpx.Response(401, text="who are you")
        answer = self.answers.get(request.url.path, 200)
        if isinstance(answer, Exception):
            raise answer
        body = {"jobs": []} if answer == 200 else {"errors": ["no"]}
        return httpx.Response(answer, json=body)


async def refusal(http: Http) -> LoginRefused:
    with pytest.raises(LoginRefused) as caught:
        await http.get(JOBS())
    return caught.value


def token_of(path: Path) -> Secret:
    return Secret("file", str(path))


def counted(path: Path, *, fails: bool = False) -> Secret:
    """A command that prints how often it has run, and fails then if it is to."""
    return Secret("command", f"echo x >> {path}; wc -l < {path}{'; exit 3' if fails else ''}")


async def test_after_a_401_nothing_more_is_sent_with_the_same_login() -> None:
    gate = Gate(user="ann", password=PASSWORD)
    first = await refusal(gate.http)
    assert first.sent
    for _ in range(5):
        again = await refusal(gate.http)
        assert (again.status, again.sent) == (401, False)
        assert str(again) == str(first)
        gate.now += 3600
    assert len(gate.sent) == 1
    assert "who are you" in first.reason
    assert "the same login is not retried" in first.reason
    assert "hush" not in str(first)


async def test_a_refusal_holds_for_all_clients_of_a_cluster() -> None:
    gate = Gate(user="ann", password=PASSWORD)
    await refusal(gate.http)
    acts = gate.client()
    with pytest.raises(LoginRefused) as caught:
        await acts.send("POST", "jobs/x/savepoints", json={})
    assert not caught.value.sent, "an act that was held back was never sent"
    with pytest.raises(LoginRefused):
        async for _ in acts.stream("jobmanager/log", most=100):
            pass
    assert len(gate.sent) == 1


async def test_a_401_to_a_file_holds_the_login_back_too() -> None:
    gate = Gate(user="ann", password=PASSWORD)
    with pytest.raises(LoginRefused):
        async for _ in gate.http.stream("jobmanager/log", most=100):
            pass
    await refusal(gate.http)
    assert len(gate.sent) == 1


@pytest.mark.parametrize("kind", ["token", "password", "header"])
async def test_a_login_that_has_changed_is_sent_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "secret"
    options, login = {
        "token": ({"token": token_of(path)}, "Bearer {}"),
        "password": ({"user": "a", "password": token_of(path)}, "Basic {}"),
        "header": ({"header_file": path}, "{}"),
    }[kind]
    line = "X-Key: {}\n" if kind == "header" else "{}"
    # "a:old" and "a:new" in base 64.
    old, new = ("YTpvbGQ=", "YTpuZXc=") if kind == "password" else ("old", "new")
    gate = Gate(login.format(new), **options)  # type: ignore[arg-type]  # of many types
    path.write_text(line.format("old"))
    await refusal(gate.http)
    await refusal(gate.http)
    path.write_text(line.format("new"))
    await gate.http.get(JOBS())
    await gate.http.get(JOBS())
    assert gate.sent == [login.format(old), login.format(new), login.format(new)]


async def test_a_token_that_was_rotated_meanwhile_is_sent_in_the_same_request(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    gate = Gate("Bearer old", token=token_of(path))
    await gate.http.get(JOBS())
    path.write_text("new")
    gate.good = ["Bearer new"]
    await gate.http.get(JOBS())
    assert gate.sent == ["Bearer old", "Bearer old", "Bearer new"]


async def test_an_act_is_not_sent_again_with_the_new_token_but_the_next_one_has_it(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    gate = Gate("Bearer old", token=token_of(path))
    await gate.http.get(JOBS())
    path.write_text("new")
    gate.good = ["Bearer new"]
    with pytest.raises(Unauthorized):
        await gate.http.send("POST", "jobs/x/savepoints", json={})
    assert gate.sent == ["Bearer old", "Bearer old"]
    await gate.http.send("POST", "jobs/x/savepoints", json={})
    assert gate.sent[2:] == ["Bearer new"]


async def test_a_person_s_wish_sends_the_same_login_once() -> None:
    gate = Gate(user="ann", password=PASSWORD)
    await refusal(gate.http)
    gate.login.try_again()
    assert (await refusal(gate.http)).sent
    await refusal(gate.http)
    assert len(gate.sent) == 2


async def test_when_it_is_good_after_all_everything_goes_on() -> None:
    gate = Gate(user="ann", password=PASSWORD)
    await refusal(gate.http)
    gate.good.append(gate.sent[0])
    await refusal(gate.http)
    gate.login.try_again()
    await gate.http.get(JOBS())
    await gate.client().get(JOBS())
    assert len(gate.sent) == 3


async def test_an_answer_of_flink_s_own_shows_too_that_the_login_is_good() -> None:
    gate = Gate(user="ann", password=PASSWORD)
    await refusal(gate.http)
    gate.good.append(gate.sent[0])
    gate.answers["/jobs"] = 404
    gate.login.try_again()
    for _ in range(2):
        with pytest.raises(FlinkError, match="no"):
            await gate.http.get(JOBS())
    assert len(gate.sent) == 3


async def test_a_try_over_a_connection_that_was_closed_meanwhile_is_still_that_one_try() -> None:
    gate = Gate(user="ann", password=PASSWORD)
    await refusal(gate.http)
    gate.good.append(gate.sent[0])
    gate.answers["/jobs"] = httpx.ReadError("closed")
    gate.login.try_again()
    with pytest.raises(Unreachable):
        await gate.http.get(JOBS())
    assert len(gate.sent) == 3
    await refusal(gate.http)
    assert len(gate.sent) == 3


async def test_a_wish_that_comes_before_any_refusal_is_not_kept_for_later() -> None:
    gate = Gate(user="ann", password=PASSWORD)
    gate.login.try_again()
    await refusal(gate.http)
    await refusal(gate.http)
    assert len(gate.sent) == 1


async def test_a_command_is_run_once_a_minute_at_the_most(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    gate = Gate(token=counted(runs))
    for _ in range(40):
        with pytest.raises(Unauthorized):
            await gate.http.get(JOBS())
        gate.login.try_again()
        gate.now += 7.5
    # Five minutes.
    assert len(runs.read_text().split()) == 5
    assert gate.sent[0] == "Bearer 1"
    assert gate.sent[-1] == "Bearer 5"


async def test_a_command_that_fails_is_run_once_a_minute_at_the_most(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    gate = Gate(token=counted(runs, fails=True))
    for _ in range(5):
        with pytest.raises(Unreachable, match="failed with status 3; it is run again after a minute"):
            await gate.http.get(JOBS())
        gate.login.try_again()
    assert len(runs.read_text().split()) == 1
    gate.now += COMMAND_SECONDS
    with pytest.raises(Unreachable):
        await gate.client().get(JOBS())
    assert len(runs.read_text().split()) == 2
    assert gate.sent == []


async def test_a_secret_that_cannot_be_read_any_more_is_not_one_that_differs(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    gate = Gate(token=token_of(path))
    await refusal(gate.http)
    path.unlink()
    with pytest.raises(Unreachable, match="cannot read the secret's file"):
        await gate.http.get(JOBS())
    path.write_text("old")
    await refusal(gate.http)
    assert gate.sent == ["Bearer old"]


async def test_a_403_is_no_failed_login() -> None:
    gate = Gate("Bearer hush", token=PASSWORD)
    gate.answers["/jobs"] = 403
    for _ in range(3):
        with pytest.raises(Unauthorized):
            await gate.http.get(JOBS())
    assert len(gate.sent) == 3


async def test_without_a_login_a_401_does_not_stop_requests() -> None:
    gate = Gate(headers=(("X-Team", "streams"),))
    for _ in range(3):
        with pytest.raises(Unauthorized) as caught:
            await gate.http.get(JOBS())
        assert not isinstance(caught.value, LoginRefused)
    assert len(gate.sent) == 3


@pytest.mark.parametrize(
    ("options", "repeats"),
    [
        ({"user": "ann", "password": Secret("value", "swordfish")}, "no swordfish for ann"),
        ({"user": "ann", "password": Secret("value", "swordfish")}, "you sent Basic YW5uOnN3b3JkZmlzaA=="),
        ({"token": Secret("value", "swordfish")}, "you sent Bearer swordfish"),
        ({"token": Secret("value", "swordfish")}, "<html><title>swordfish?</title>"),
        ({"header_file": "HEADERS"}, "you sent Cookie: sid=swordfish; x=y"),
        ({"header_file": "HEADERS"}, "unknown session swordfish"),
        ({"header_file": "HEADERS"}, "unknown key swordfish-2"),
    ],
)
@pytest.mark.parametrize("status", [401, 403, 500, 302])
async def test_a_secret_in_an_answer_is_hidden_in_messages(
    tmp_path: Path, options: dict[str, object], repeats: str, status: int
) -> None:
    (tmp_path / "headers").write_text("Cookie: sid=swordfish; x=y\nX-Key: swordfish-2\n")
    given = {name: tmp_path / "headers" if value == "HEADERS" else value for name, value in options.items()}

    headers = {"location": f"https://sso.example/{repeats.rsplit(maxsplit=1)[-1]}"} if status == 302 else {}
    connection = Connection("http://flink:8081", **given)  # type: ignore[arg-type]  # of many types

    def http() -> Http:
        answer = httpx.Response(status, text=repeats, headers=headers)
        return Http(connection, transport=httpx.MockTransport(lambda _request: answer))

    with pytest.raises(FlinkError) as caught:
        await http().get(JOBS())
    with pytest.raises(FlinkError) as of_a_file:
        async for _ in http().stream("jobmanager/log", most=9):
            pass
    for error in (caught.value, of_a_file.value):
        assert "swordfish" not in f"{error} {error!r}"
        assert "YW5uOnN3b3JkZmlzaA" not in f"{error} {error!r}"


def test_a_secrets_command_inherits_no_flinktop_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLINKTOP_PASSWORD", "hush")
    monkeypatch.setenv("FLINKTOP_TOKEN", "hush")
    monkeypatch.setenv("VAULT_ADDR", "kept")
    assert Secret("command", "env | grep -c -e FLINKTOP -e hush; true").read() == "0"
    assert Secret("command", "echo $VAULT_ADDR").read() == "kept"
