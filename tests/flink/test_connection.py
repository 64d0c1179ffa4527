"""Addresses, secrets and the headers made of them; nothing ever shows a password."""

from pathlib import Path

import pytest

from flinktop.flink.connection import Connection, Secret, SecretError, base_url, is_loopback
from flinktop.flink.login import credentials
from flinktop.flink.network import proxy_for, without_credentials


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("localhost:8081", "http://localhost:8081"),
        ("http://flink/", "http://flink"),
        ("https://gate.example/flink/prod/", "https://gate.example/flink/prod"),
        ("http://flink:8081/#/overview", "http://flink:8081"),
        ("http://flink:8081/?x=y", "http://flink:8081"),
        (" http://[::1]:8081 ", "http://[::1]:8081"),
        ("http://u:p@flink:8081", "http://flink:8081"),
    ],
)
def test_base_addresses_as_people_paste_them(text: str, url: str) -> None:
    assert base_url(text) == url


@pytest.mark.parametrize(
    "text",
    ["", "http://", "ftp://flink", "http://flink:99999", "http://fl ink", "http://[::1", "http://a\x1bb"],
)
def test_an_invalid_address_is_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="the address"):
        base_url(text)


def test_credentials_in_a_url_are_moved_and_never_shown() -> None:
    connection = Connection("http://ann:s%40crt@flink:8081", headers=(("Cookie", "sid=s@crt"),))
    assert connection.url == "http://flink:8081"
    assert connection.user == "ann"
    assert connection.password is not None
    assert connection.password.read() == "s@crt"
    assert "crt" not in repr(connection)


def test_secrets_are_read_from_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("from file\n")
    monkeypatch.setenv("FLINK_TOKEN", "from environment")
    assert Secret("value", "x").read() == "x"
    assert Secret("file", str(tmp_path / "token")).read() == "from file"
    assert Secret("environment", "FLINK_TOKEN").read() == "from environment"
    assert Secret("command", "printf 'from %s' command").read() == "from command"


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        (Secret("file", "/no/such/file"), "/no/such/file: No such file"),
        (
            Secret("environment", "NO_SUCH_VARIABLE_HERE"),
            "'NO_SUCH_VARIABLE_HERE' for the password or token is empty",
        ),
        (Secret("command", "exit 3"), "failed with status 3"),
        (Secret("command", "true"), "is empty"),
        (Secret("command", "echo leaked >&2; exit 1"), "failed with status 1"),
        (Secret("command", r"printf 'a\nb'"), "more than one line"),
        (Secret("command", r"printf '\377'"), "cannot be run"),
        (Secret("value", ""), "is empty"),
    ],
)
def test_an_unreadable_secret_is_one_sentence(secret: Secret, said: str) -> None:
    with pytest.raises(SecretError, match=said) as caught:
        secret.read()
    assert "\n" not in str(caught.value)
    assert not str(caught.value).endswith("leaked")
    assert secret.source not in repr(secret) or not secret.source


def test_headers_of_each_kind(tmp_path: Path) -> None:
    (tmp_path / "headers").write_text("# of the gateway\nX-Team: streams\n\nCookie: a=b\n")
    basic = credentials(Connection("http://f", user="ann", password=Secret("value", "pw")))
    assert basic["Authorization"] == "Basic YW5uOnB3"
    bearer = credentials(Connection("http://f", user="ann", token=Secret("value", "t0k")))
    assert bearer["Authorization"] == "Bearer t0k"
    more = credentials(Connection("http://f", headers=(("X-A", "1"),), header_file=tmp_path / "headers"))
    assert (more["X-A"], more["X-Team"], more["Cookie"]) == ("1", "streams", "a=b")
    assert "Authorization" not in more


@pytest.mark.parametrize(
    ("text", "said"),
    [("no colon here\n", "line 1: not of the form"), ("A: b\n: c\n", "line 2"), ("A: é\n", "not allow")],
)
def test_an_odd_header_file_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "headers").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        credentials(Connection("http://f", header_file=tmp_path / "headers"))
    with pytest.raises(ValueError, match="cannot read the header file"):
        credentials(Connection("http://f", header_file=tmp_path / "nothing"))


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_the_environments_proxy(no_proxies: pytest.MonkeyPatch) -> None:
    assert proxy_for("http://flink:8081") is None
    no_proxies.setenv("HTTPS_PROXY", "http://proxy:3128")
    no_proxies.setenv("all_proxy", "other:1080")
    no_proxies.setenv("no_proxy", "inside.example,10.0.0.1")
    assert proxy_for("https://flink") == "http://proxy:3128"
    assert proxy_for("http://flink") == "http://other:1080"
    assert proxy_for("https://a.inside.example:8081") is None
    assert proxy_for("http://10.0.0.1:8081") is None


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]"]
)
def test_loopback_addresses_use_no_proxy(no_proxies: pytest.MonkeyPatch, host: str) -> None:
    no_proxies.setenv("http_proxy", "http://proxy:3128")
    assert proxy_for(f"http://{host}:8081") is None
    assert is_loopback(host.strip("[]"))
    assert not is_loopback("localhost.example")


def test_a_proxys_password_is_not_shown() -> None:
    assert without_credentials("http://u:secret@proxy:3128/x") == "http://proxy:3128"
    assert "secret" not in without_credentials("http://u:secret@proxy:port")
