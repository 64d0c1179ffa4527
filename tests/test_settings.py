from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop import allowed
from flinktop.addresses import ShownJob
from flinktop.alert_rules import AlertRule, Notify
from flinktop.allowed import duration, duration_text
from flinktop.finding_rules import FindingRule
from flinktop.flink.connection import Connection, Secret
from flinktop.flink.login import credentials
from flinktop.settings import Flags, JournalBounds, Profile, Settings, SettingsError, Sources, read_sources

FULL = """\
default = "prod"
theme = "light"
refresh = 10
read_only = false

[clusters.prod]
url = "https://flink.example:8443/base/"
user = "ops"
password_file = "secret/prod"
ca = "ca.pem"
headers = { X-Team = "data" }
read_only = true
refresh = 2.5
color = "red"

[clusters.dev]
url = "http://localhost:8081"
token_command = "vault read flink"
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, so that no test sees the files of whoever runs it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "flinktop.toml"
    path.write_text(FULL)
    (tmp_path / "ca.pem").write_text("")
    return path


def sources(config: Path | str, environ: Mapping[str, str] | None = None, **flags: str | bool) -> Sources:
    return read_sources(Flags(config=str(config), **flags), environ or {})  # type: ignore[arg-type] # names of any option


def settings(config: Path, environ: Mapping[str, str] | None = None, **flags: str | bool) -> Settings:
    return sources(config, environ, **flags).settings


def profile(
    config: Path, target: str | None, environ: Mapping[str, str] | None = None, **flags: str | bool
) -> Profile:
    return sources(config, environ, **flags).profile(target)


def refusal(tmp_path: Path, text: str) -> str:
    """What is said about a config file with this text, without the file's name."""
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        _ = sources(path).settings
    said = str(caught.value)
    assert said.startswith(str(path))
    assert "\n" not in said
    return said.removeprefix(str(path)).lstrip(", :")


def test_a_cluster_is_opened_as_the_file_says(config: Path, tmp_path: Path) -> None:
    assert profile(config, "prod") == Profile(
        name="prod",
        connection=Connection(
            url="https://flink.example:8443/base",
            user="ops",
            password=Secret("file", str(tmp_path / "secret/prod")),
            headers=(("X-Team", "data"),),
            ca=tmp_path / "ca.pem",
            read_only=True,
        ),
        refresh=2.5,
        colour="red",
    )


def test_top_level_keys_are_the_default_for_clusters(config: Path) -> None:
    dev = profile(config, "dev")
    assert (dev.refresh, dev.connection.read_only, dev.colour) == (10.0, False, None)
    assert dev.connection.token == Secret("command", "vault read flink")


def test_settings_list_every_cluster_and_the_paths_of_files(config: Path, tmp_path: Path) -> None:
    read = settings(config)
    assert [profile.name for profile in read.profiles] == ["prod", "dev"]
    assert (read.default, read.theme, read.ascii, read.mouse, read.notes) == (
        "prod",
        "light",
        False,
        False,
        (),
    )
    assert read.paths.config == config
    assert read.paths.log == tmp_path / ".local/state/flinktop/flinktop.log"


@pytest.mark.parametrize(
    ("environ", "flags", "refresh", "theme"),
    [
        ({}, {}, 2.5, "light"),
        ({"FLINKTOP_REFRESH": "7", "FLINKTOP_THEME": "ansi-dark"}, {}, 7.0, "ansi-dark"),
        (
            {"FLINKTOP_REFRESH": "7", "FLINKTOP_THEME": "ansi-dark"},
            {"refresh": "1", "theme": "dark"},
            1.0,
            "dark",
        ),
        ({"FLINKTOP_REFRESH": "", "FLINKTOP_THEME": ""}, {}, 2.5, "light"),
    ],
)
def test_a_flag_beats_the_environment_beats_the_file(
    config: Path, environ: dict[str, str], flags: dict[str, str], refresh: float, theme: str
) -> None:
    assert profile(config, "prod", environ, **flags).refresh == refresh
    assert settings(config, environ, **flags).theme == theme
    assert settings(config, environ, **flags).profiles[0].refresh == refresh


def test_read_only_by_flag_environment_and_file(config: Path) -> None:
    assert profile(config, "dev", read_only=True).connection.read_only
    assert profile(config, "dev", {"FLINKTOP_READ_ONLY": "yes"}).connection.read_only
    assert profile(config, "prod", {"FLINKTOP_READ_ONLY": "0"}, read_only=True).connection.read_only
    assert sources(config, read_only=True).local("http://127.0.0.1:1").connection.read_only
    assert all(p.connection.read_only for p in settings(config, {"FLINKTOP_READ_ONLY": "1"}).profiles)


@pytest.mark.parametrize("cluster", ["", "read_only = false", 'read_only = "default"', "read_only = true"])
@pytest.mark.parametrize("top", ["", "read_only = false", 'read_only = "default"', "read_only = true"])
@pytest.mark.parametrize("given", ["", "no", "yes"])
def test_the_environment_only_tightens_a_guard_unless_the_file_allows_it(
    tmp_path: Path, top: str, cluster: str, given: str
) -> None:
    path = tmp_path / "guards.toml"
    path.write_text(f'{top}\n[clusters.a]\nurl = "http://h:1"\n{cluster}\n')
    configured = (cluster or top).removeprefix("read_only = ")
    opened = profile(path, "a", {"FLINKTOP_READ_ONLY": given})
    tightened = {"": configured not in ("", "false"), "no": configured == "true", "yes": True}
    assert opened.connection.read_only is tightened[given]
    ignored = [note for note in opened.notes if note.startswith("FLINKTOP_READ_ONLY=no is ignored: a is")]
    assert len(ignored) == (given == "no" and configured == "true")


def test_ascii_colour_and_mouse(config: Path) -> None:
    assert settings(config, {"FLINKTOP_ASCII": "on"}).ascii
    assert settings(config, {"FLINKTOP_ASCII": "off"}, ascii=True).ascii
    assert settings(config, {"NO_COLOR": "1"}).no_color
    assert not settings(config, {"NO_COLOR": ""}).no_color
    assert settings(config, no_color=True).no_color
    assert settings(config, mouse=True).mouse


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        (
            {"FLINKTOP_THEME": "drak"},
            "FLINKTOP_THEME must be dark, light, ansi, ansi-dark or ansi-light, not 'drak'",
        ),
        (
            {"FLINKTOP_REFRESH": "fast"},
            "FLINKTOP_REFRESH must be a number of seconds from 0.5 to 3600, not 'fast'",
        ),
        ({"FLINKTOP_REFRESH": "nan"}, "FLINKTOP_REFRESH must be a number of seconds"),
        ({"FLINKTOP_REFRESH": "0.1"}, "FLINKTOP_REFRESH must be a number of seconds"),
        (
            {"FLINKTOP_READ_ONLY": "perhaps"},
            "FLINKTOP_READ_ONLY must be 1, true, yes, on, 0, false, no or off",
        ),
        ({"FLINKTOP_ASCII": "2"}, "FLINKTOP_ASCII must be 1,"),
    ],
)
def test_a_wrong_variable_is_named_with_what_is_allowed(
    config: Path, environ: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        _ = settings(config, environ)
    assert said in str(caught.value)


# Targets


@pytest.mark.parametrize(
    ("target", "name", "url"),
    [
        ("http://h:8081", "h:8081", "http://h:8081"),
        ("HTTP://H:8081/", "h:8081", "http://h:8081"),
        ("h:8081", "h:8081", "http://h:8081"),
        ("h:8081/proxy/app_1/", "h:8081/proxy/app_1", "http://h:8081/proxy/app_1"),
        ("https://h/base", "h/base", "https://h/base"),
        ("http://h:8081/#/job/running", "h:8081", "http://h:8081"),
        ("[fd00::1]:8081", "[fd00::1]:8081", "http://[fd00::1]:8081"),
        ("http://[fd00::1]:8081", "[fd00::1]:8081", "http://[fd00::1]:8081"),
    ],
)
def test_an_address_is_a_target(config: Path, target: str, name: str, url: str) -> None:
    opened = profile(config, target)
    assert (opened.name, opened.connection) == (name, Connection(url))


def test_an_address_of_a_jobs_page_opens_that_job(config: Path) -> None:
    job = "77777777777777777777777777777777"
    by_target = profile(config, f"http://h:8081/base/#/job/running/{job}/overview")
    assert (by_target.connection.url, by_target.shows) == ("http://h:8081/base", ShownJob(job))
    by_variable = profile(config, None, {"FLINKTOP_TARGET": f"h:1#/job/{job}/exceptions"})
    assert by_variable.shows == ShownJob(job, "exceptions")
    assert profile(config, "prod").shows is None
    assert profile(config, None).shows is None


def test_without_a_target_environment_then_default_then_localhost(config: Path, tmp_path: Path) -> None:
    assert profile(config, None, {"FLINKTOP_TARGET": "h:1"}).name == "h:1"
    assert profile(config, None).name == "prod"
    (tmp_path / "empty.toml").write_text("")
    assert profile(tmp_path / "empty.toml", None).connection.url == "http://localhost:8081"
    with pytest.raises(SettingsError, match=r"^FLINKTOP_TARGET: unknown command or cluster 'prd'"):
        profile(config, None, {"FLINKTOP_TARGET": "prd"})


def test_an_address_of_the_config_is_that_cluster(config: Path) -> None:
    assert profile(config, "https://flink.example:8443/base#/overview") == profile(config, "prod")


@pytest.mark.parametrize(
    "target",
    [
        "https://guarded.example:443/base",
        "https://guarded.example./base",
        "https://guarded.example//base/",
        "HTTPS://GUARDED.example/base",
        "https://guarded.example/x/../base",
    ],
)
def test_a_guard_does_not_depend_on_the_spelling_of_an_address(tmp_path: Path, target: str) -> None:
    path = tmp_path / "guards.toml"
    path.write_text(
        '[clusters.prod]\nurl = "https://guarded.example/base"\nread_only = true\nprotected = true\n'
    )
    opened = profile(path, target)
    assert opened == profile(path, "prod")
    assert (opened.connection.read_only, opened.protected) == (True, True)


def test_an_address_with_several_entries_has_the_guards_of_all(tmp_path: Path) -> None:
    path = tmp_path / "guards.toml"
    entry = '[clusters.{}]\nurl = "http://h:80"\n{}\n'
    marks = {"plain": "", "left": 'read_only = "default"', "kept": "read_only = true\nprotected = true"}
    path.write_text("".join(entry.format(*one) for one in marks.items()))
    opened = profile(path, "http://h", {"FLINKTOP_READ_ONLY": "no"})
    assert (opened.name, opened.connection.read_only, opened.protected) == ("plain", True, True)
    assert not profile(path, "plain").connection.read_only
    assert not profile(path, "left", {"FLINKTOP_READ_ONLY": "no"}).connection.read_only


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (
            "prdo",
            "unknown command or cluster 'prdo'; did you mean 'prod'? (clusters in the config: prod, dev;",
        ),
        ("clustrs", "did you mean 'clusters'?"),
        ("localhost", "a host is written host:port"),
        ("ftp://h:1", "starts with http:// or https://, not 'ftp://'"),
        ("http://", "needs a host"),
        ("http://h:0", "needs a host and a port from 1 to 65535"),
        ("http://h:70000", "can't be read"),
        ("http://[::1", "can't be read"),
        ("http://h:1/a b", "spaces"),
        ("h:1/\x1b[31m", "control characters"),
        ("\x1b[31mred", "unknown command or cluster '?[31mred'"),
        ("http://h:1/?token=hush", "must not have a query"),
    ],
)
def test_an_invalid_target_is_reported(config: Path, target: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        profile(config, target)
    assert said in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "target",
    ["http://bob:hush@h:1", "bob:hush@h:8081", "http://bob:hu/sh@h", "http://hush@h:1", "ftp://a:hush@h"],
)
def test_credentials_in_a_target_are_refused_and_not_repeated(config: Path, target: str) -> None:
    with pytest.raises(SettingsError, match="must not hold a user or a password") as caught:
        profile(config, target)
    assert "hu" not in str(caught.value)


@pytest.mark.deep
@given(
    st.text(max_size=30)
    | st.from_regex(r"https?://[a-z\[\]:.@%0-9]{1,12}(:[0-9]{1,6})?(/[ -~]*)?", fullmatch=True)
)
def test_an_accepted_address_is_one_that_the_client_takes_unchanged(text: str) -> None:
    try:
        url = allowed.address(text)
    except allowed.NotAllowed:
        return
    assert Connection(url).url == url
    assert Connection(url).user is None
    assert allowed.address(url) == url


# Logins


def test_a_login_comes_from_the_first_source_that_has_one(config: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")
    (tmp_path / "password").write_text("p")
    variables = {"FLINKTOP_USER": "eve", "FLINKTOP_PASSWORD": "hush", "FLINKTOP_TARGET": "h:1"}
    by_variable = profile(config, None, variables).connection
    assert (by_variable.user, by_variable.password, by_variable.token) == (
        "eve",
        Secret("environment", "FLINKTOP_PASSWORD"),
        None,
    )
    by_flag = profile(config, "prod", variables, token_file=str(tmp_path / "token")).connection
    assert (by_flag.user, by_flag.password) == (None, None)
    assert by_flag.token == Secret("file", str(tmp_path / "token"))
    command = profile(config, "prod", token_command="print it").connection
    assert command.token == Secret("command", "print it")
    mixed = profile(config, "prod", {}, password_file=str(tmp_path / "password")).connection
    assert (mixed.user, mixed.password) == ("ops", Secret("file", str(tmp_path / "password")))
    assert profile(config, "h:1", {"FLINKTOP_TOKEN": "t", **FOR_H}).connection.token == TOKEN


TOKEN = Secret("environment", "FLINKTOP_TOKEN")
FOR_H = {"FLINKTOP_CREDENTIALS_FOR": "h"}


@pytest.mark.parametrize(
    ("target", "more", "sent"),
    [
        (None, {}, True),
        ("gate", {}, True),
        ("https://GATE.example.:443//flink/", {}, True),
        ("https://gate.example/other", {}, False),
        ("http://gate.example/flink", {}, False),
        ("h:1", {}, False),
        ("localhost:8081", {}, False),
        # FLINKTOP_TARGET takes the default's place.
        (None, {"FLINKTOP_TARGET": "h:1"}, True),
        ("h:1", {"FLINKTOP_TARGET": "h:1"}, True),
        ("gate", {"FLINKTOP_TARGET": "h:1"}, False),
        ("gate", {"FLINKTOP_TARGET": "prd"}, False),
        # And a host that is named beside them the place of both.
        ("h:1", FOR_H, True),
        ("https://H./x", FOR_H, True),
        (None, FOR_H, False),
        ("h.example:1", FOR_H, False),
        ("h:1", {"FLINKTOP_CREDENTIALS_FOR": "g.example, h:1"}, True),
        ("h:2", {"FLINKTOP_CREDENTIALS_FOR": "g.example, h:1"}, False),
        ("https://h", {"FLINKTOP_CREDENTIALS_FOR": "h:443"}, True),
        ("http://h", {"FLINKTOP_CREDENTIALS_FOR": "https://h"}, False),
        ("https://h/a", {"FLINKTOP_CREDENTIALS_FOR": "https://h/a"}, True),
        ("https://h/b", {"FLINKTOP_CREDENTIALS_FOR": "https://h/a"}, False),
        ("[::1]:8081", {"FLINKTOP_CREDENTIALS_FOR": "[::1]"}, True),
    ],
)
def test_the_login_of_the_environment_is_for_the_default_or_the_hosts_named_beside_it(
    tmp_path: Path, target: str | None, more: dict[str, str], *, sent: bool
) -> None:
    path = tmp_path / "gate.toml"
    path.write_text("default = 'gate'\n[clusters.gate]\nurl = 'https://gate.example/flink'\n")
    opened = profile(path, target, {"FLINKTOP_TOKEN": "hush", **more})
    assert opened.connection.token == (TOKEN if sent else None)
    told = " ".join(opened.notes)
    assert ("FLINKTOP_TOKEN is for another cluster and not sent to" in told) == (not sent)
    assert "hush" not in told


def test_without_a_config_the_login_of_the_environment_is_for_localhost(tmp_path: Path) -> None:
    (tmp_path / "empty.toml").write_text("")
    login = {"FLINKTOP_USER": "eve", "FLINKTOP_PASSWORD": "hush"}
    assert profile(tmp_path / "empty.toml", None, login).connection.user == "eve"
    assert profile(tmp_path / "empty.toml", "h:1", login).connection == Connection("http://h:1")


@pytest.mark.parametrize(
    "more", [{}, {"FLINKTOP_TARGET": "prod"}, {"FLINKTOP_CREDENTIALS_FOR": "flink.example"}]
)
def test_the_environment_never_replaces_a_clusters_own_login(
    config: Path, tmp_path: Path, more: dict[str, str]
) -> None:
    for variables in ({"FLINKTOP_TOKEN": "t"}, {"FLINKTOP_USER": "eve", "FLINKTOP_PASSWORD": "hush"}):
        connection = profile(config, "prod", {**variables, **more}).connection
        assert (connection.user, connection.token) == ("ops", None)
        assert connection.password == Secret("file", str(tmp_path / "secret/prod"))


def test_an_authorization_in_a_cluster_s_header_file_is_its_own_login(tmp_path: Path) -> None:
    path = tmp_path / "headers.toml"
    path.write_text("[clusters.a]\nurl = 'https://h'\nheader_file = 'headers'\n")
    (tmp_path / "headers").write_text("authorization: Bearer its own\n")
    environ = {"FLINKTOP_TARGET": "a", "FLINKTOP_USER": "eve", "FLINKTOP_PASSWORD": "hush"}
    sent = credentials(profile(path, "a", environ).connection)
    assert [value for name, value in sent.items() if name.lower() == "authorization"] == ["Bearer its own"]
    (tmp_path / "token").write_text("of the flag")
    sent = credentials(profile(path, "a", environ, token_file=str(tmp_path / "token")).connection)
    assert [value for name, value in sent.items() if name.lower() == "authorization"] == [
        "Bearer of the flag"
    ]


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        ("*", "FLINKTOP_CREDENTIALS_FOR must be hosts"),
        ("h:x", "FLINKTOP_CREDENTIALS_FOR must be hosts"),
        ("bob:hush@h", "FLINKTOP_CREDENTIALS_FOR must be hosts"),
        ("https://bob:hush@h", "FLINKTOP_CREDENTIALS_FOR an address must not hold a user or a password"),
        ("h:70000", "FLINKTOP_CREDENTIALS_FOR names a port beyond 65535"),
    ],
)
def test_an_invalid_host_for_the_login_of_the_environment_is_reported(
    config: Path, hosts: str, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        profile(config, "h:1", {"FLINKTOP_TOKEN": "hush", "FLINKTOP_CREDENTIALS_FOR": hosts})
    assert said in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_password_variable_alone_is_no_login_and_no_error(config: Path, tmp_path: Path) -> None:
    lone = {"FLINKTOP_PASSWORD": "hush"}
    assert profile(config, "h:1", lone).connection == Connection("http://h:1")
    assert profile(config, "h:1", lone).notes == ()
    assert profile(config, "h:1", {**lone, "FLINKTOP_TARGET": "h:1"}).connection == Connection("http://h:1")
    assert profile(config, "dev", lone).connection.token == Secret("command", "vault read flink")
    path = tmp_path / "user.toml"
    path.write_text("[clusters.a]\nurl = 'https://h'\nuser = 'ann'\n")
    completed = profile(path, "a", {**lone, **FOR_H}).connection
    assert completed.password == Secret("environment", "FLINKTOP_PASSWORD")
    with pytest.raises(SettingsError, match=r"'ann' has no password.*FLINKTOP_CREDENTIALS_FOR=h allows"):
        profile(path, "a", lone)


def test_an_unencrypted_login_is_reported(config: Path) -> None:
    for target, login, unencrypted in (
        ("http://h:1", {"FLINKTOP_TOKEN": "hush", **FOR_H}, True),
        ("https://h:1", {"FLINKTOP_TOKEN": "hush", **FOR_H}, False),
        ("http://127.0.0.1:1", {"FLINKTOP_TOKEN": "hush", "FLINKTOP_CREDENTIALS_FOR": "127.0.0.1"}, False),
        ("http://h:1", {}, False),
    ):
        opened = profile(config, target, login)
        assert opened.connection.login_unencrypted == unencrypted
        assert ("is not encrypted" in " ".join(opened.notes)) == unencrypted
    assert profile(config, "http://h:1", header_file=str(config)).connection.login_unencrypted


def test_a_local_flink_has_no_login(config: Path) -> None:
    environ = {"FLINKTOP_TOKEN": "hush", "FLINKTOP_REFRESH": "3"}
    opened = sources(config, environ).local("http://127.0.0.1:4711")
    assert (opened.name, opened.refresh) == ("local", 3.0)
    assert opened.connection == Connection("http://127.0.0.1:4711")


@pytest.mark.parametrize(
    ("flags", "environ", "said"),
    [
        ({"user": "bob"}, {}, "the user 'bob' has no password"),
        ({"password_file": "FILE"}, {}, "there is a password but no user"),
        ({"password_file": "/no/such"}, {}, "--password-file: /no/such is not there or can't be read"),
        (
            {"token_file": "FILE", "token_command": "x"},
            {},
            "--token-file and --token-command cannot be used together",
        ),
        (
            {"token_file": "FILE", "user": "bob"},
            {},
            "a token and --user or --password-file cannot be used together",
        ),
        (
            {},
            {"FLINKTOP_TOKEN": "t", "FLINKTOP_USER": "bob"},
            "FLINKTOP_TOKEN and FLINKTOP_USER cannot be used",
        ),
        ({"ca": "/no/such"}, {}, "--ca: /no/such is not there"),
        ({"cert": "/no/such"}, {}, "--cert: /no/such is not there"),
        ({"header_file": "/no/such"}, {}, "--header-file: /no/such is not there"),
        ({"key": "FILE"}, {}, "--key needs --cert"),
        (
            {"header": ("Authorization: hush",)},
            {},
            "--header: Authorization is a secret and does not belong here",
        ),
        ({"header": ("cookie: hush",)}, {}, "--header: cookie is a secret"),
        ({"header": ("nocolon hush",)}, {}, "--header: must look like 'Name: value'"),
        ({"header": ("X-A: a\r\nB: hush",)}, {}, "--header: the header X-A must be one line"),
        ({"header": ("X A: hush",)}, {}, "--header: 'X A' is not a valid header name"),
    ],
)
def test_conflicting_options(config: Path, flags: dict[str, str], environ: dict[str, str], said: str) -> None:
    given = {name: str(config) if value == "FILE" else value for name, value in flags.items()}
    with pytest.raises(SettingsError) as caught:
        profile(config, "h:1", environ, **given)
    assert said in str(caught.value)
    assert "hush" not in str(caught.value)


def test_headers_and_certificates_of_the_command_line_beat_the_file(config: Path, tmp_path: Path) -> None:
    for name in ("other.pem", "my.pem", "my.key", "headers"):
        (tmp_path / name).write_text("")
    connection = sources(config).profile("prod").connection
    assert connection.headers == (("X-Team", "data"),)
    flags = Flags(
        config=str(config),
        header=("x-team: ops", "X-Two: a: b"),
        header_file="~/headers",
        ca=str(tmp_path / "other.pem"),
        cert=str(tmp_path / "my.pem"),
        key=str(tmp_path / "my.key"),
        insecure=True,
    )
    connection = read_sources(flags, {}).profile("prod").connection
    assert connection.headers == (("x-team", "ops"), ("X-Two", "a: b"))
    assert (connection.ca, connection.cert) == (tmp_path / "other.pem", tmp_path / "my.pem")
    assert (connection.key, connection.header_file) == (tmp_path / "my.key", tmp_path / "headers")
    assert connection.insecure


# The file itself


def test_a_config_file_may_be_missing_unless_it_was_named(tmp_path: Path) -> None:
    assert read_sources(Flags(), {}).settings.notes == ()
    missing = tmp_path / "missing.toml"
    with pytest.raises(SettingsError, match=f"--config: there is no config file {missing}$"):
        sources(missing)
    with pytest.raises(SettingsError, match=f"FLINKTOP_CONFIG: there is no config file {missing}$"):
        read_sources(Flags(), {"FLINKTOP_CONFIG": str(missing)})
    # A directory of the path that is none: nothing can be there.
    with pytest.raises(SettingsError, match="there is no config file"):
        sources("/dev/null/config.toml")


def test_a_config_file_that_cannot_be_read_is_refused_for_it_may_guard_clusters(
    tmp_path: Path, home: Path
) -> None:
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(SettingsError, match=r"--config: .*folder.toml can't be read \(Is a directory\)$"):
        sources(tmp_path / "folder.toml")
    usual = home / ".config/flinktop/config.toml"
    usual.mkdir(parents=True)
    with pytest.raises(SettingsError, match=r"can't be read \(Is a directory\); --config names another"):
        read_sources(Flags(), {})
    assert sources("/dev/null").settings.notes == ()


def test_without_a_home_directory_there_is_no_config_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/dev/null")
    assert read_sources(Flags(), {}).settings.notes == ()


def test_the_file_is_found_where_the_platform_puts_it(home: Path) -> None:
    path = home / ".config/flinktop/config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(FULL.replace('ca = "ca.pem"', ""))
    assert read_sources(Flags(), {}).profile().name == "prod"


def test_an_editor_s_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "bom.toml"
    path.write_bytes(b"\xef\xbb\xbftheme = 'light'\r\n")
    assert settings(path).theme == "light"


CLUSTER = '[clusters.a]\nurl = "http://h:1"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("theme = hush", 'line 1: theme must be a text in quotes: theme = "..."'),
        ("\n[clusters.a]\nurl = http://hush:1", 'line 3: url must be a text in quotes: url = "..."'),
        ("[clusters.a]\nurl = 10.0.0.1:8081", 'line 2: url must be a text in quotes: url = "..."'),
        ("default = \u201chush\u201d", 'line 1: default must be a text in quotes: default = "..."'),
        ("clusters.a.url = hush  # 'x'", 'line 1: url must be a text in quotes: url = "..."'),
        (CLUSTER + "headers = {A='x', B = hush}", 'line 3: B must be a text in quotes: B = "..."'),
        ("url =\r\n", 'line 1: url has no value; it must be a text in quotes: url = "..."'),
        ("mouse = yes", "line 1: mouse must be true or false"),
        ("read_only = yes", 'line 1: read_only must be true, false or "default"'),
        ("refresh = 5s", "line 1: refresh must be a number of seconds from 0.5 to 3600"),
        ("theme = 'dark' hush", "line 1: Expected newline or end of document after a statement (column 16)"),
        ('theme = "dark\nx = 1', "line 1: theme: its closing quote is missing"),
        ("hush", "Expected '=' after a key"),
        ("Authorization: hush=", "line 1: Expected '=' after a key in a key/value pair"),
        ('theme = """dark', "(at end of document)"),
        ("x = 1\ntheem = 'dark'", "line 1: the top of the file has no key 'x'; its keys are default, theme,"),
        ("# one\n\ntheem = 'dark'", "line 3: the top of the file has no key 'theem'; did you mean 'theme'?"),
        (
            "theme = 'drak'",
            "line 1: theme must be dark, light, ansi, ansi-dark or ansi-light, not 'drak'; did you mean",
        ),
        ("theme = 1", "line 1: theme must be a text in quotes, not the number 1"),
        ("ascii = 'yes'", "line 1: ascii must be true or false, not a text"),
        ("read_only = 'yes'", 'line 1: read_only must be true, false or "default", not a text'),
        (CLUSTER + "read_only = 1", 'line 3: read_only must be true, false or "default", not the number 1'),
        ("mouse = 1", "line 1: mouse must be true or false, not the number 1"),
        ("refresh = '5'", "line 1: refresh must be a number of seconds from 0.5 to 3600, not a text"),
        ("refresh = true", "line 1: refresh must be a number of seconds from 0.5 to 3600, not true"),
        ("refresh = 0", "line 1: refresh must be a number of seconds from 0.5 to 3600, not 0"),
        ("refresh = nan", "line 1: refresh must be a number of seconds"),
        (f"refresh = {'9' * 400}", "line 1: refresh must be a number of seconds"),
        (f"refresh = {'9' * 5000}", "Exceeds the limit"),
        ("refresh = []", "not a list"),
        ("refresh = 1979-05-27", "not a date or time"),
        ("default = 'b'\n" + CLUSTER, "line 1: default names no cluster: 'b' (the clusters here are a)"),
        ("default = 'a'", "line 1: default names no cluster: 'a' (there is no [clusters.…] in this file)"),
        ("clusters = 1", "line 1: clusters must be a table, [clusters.NAME], not the number 1"),
        ("[[clusters]]\nurl='x'", "line 1: clusters must be a table"),
        ("clusters.a = 'http://h:1'", "line 1: a must be a table, [clusters.a], not a text"),
        ("\n[clusters.a]\n", "line 2: [clusters.a] needs a url"),
        ("[clusters.local]\nurl='http://h:1'", "line 1: 'local' is a command of flinktop"),
        ("[clusters.demo]\nurl='http://h:1'", "line 1: 'demo' is a command of flinktop"),
        ("[clusters.'a b']\nurl='http://h:1'", "line 1: a cluster's name must not be empty"),
        ("[clusters.'h:1']\nurl='http://h:1'", "line 1: a cluster's name must not be empty"),
        ("[clusters.'-x']\nurl='http://h:1'", "line 1: a cluster's name must not be empty"),
        ("[clusters.a]\nurl='h'", "line 2: url: an address is written http://host:port"),
        (
            "[clusters.a]\nurl='http://u:hush@h:1'",
            "line 2: url: an address must not hold a user or a password",
        ),
        (
            CLUSTER + "pasword_file='x'",
            "line 3: [clusters.a] has no key 'pasword_file'; did you mean 'password_file'",
        ),
        (
            CLUSTER + "password='hush'",
            "line 3: a password must not stand in the config file: write password_file,",
        ),
        (CLUSTER + "token='hush'", "line 3: a token must not stand in the config file: write token_file,"),
        ("password='hush'", "line 1: a password must not stand in the config file"),
        (CLUSTER + "user='u'\ntoken_env='T'", "line 3: user and a token cannot be used together"),
        (
            CLUSTER + "token_env='T'\npassword_env='P'",
            "line 4: password_env and a token cannot be used together",
        ),
        (
            CLUSTER + "token_env='T'\ntoken_file='P'",
            "line 3: token_file and token_env cannot be used together",
        ),
        (CLUSTER + "token_env=['hush']", "line 3: token_env must be a text in quotes, not a list"),
        (CLUSTER + "key='k'", "line 3: key needs cert beside it"),
        (CLUSTER + "ca=''", "line 3: ca must be one line of text, not empty"),
        (CLUSTER + "ca='~nobody-has-this-name/x'", "line 3: ca: there is no home directory for the '~'"),
        (
            CLUSTER + "color='rde'",
            "line 3: color must be red, yellow, green, cyan, blue, magenta, white or #rrggbb",
        ),
        (CLUSTER + "headers='x'", "line 3: headers must be a table, [clusters.a.headers], not a text"),
        (CLUSTER + "headers={X=1}", "line 3: the header X must be a text in quotes"),
        (
            CLUSTER + "[clusters.a.headers]\nX='1'\nCookie='hush'",
            "line 5: Cookie is a secret and does not belong here",
        ),
        (CLUSTER + 'user="a\\u0007"', "line 3: user must be one line of text"),
        ("expect = orders", 'line 1: expect must be a list of texts: ["orders", "billing-*"]'),
        ("expect = 1", 'line 1: expect must be a list of texts in quotes, ["a", "b-*"], not the number 1'),
        ("expect = ['a', 2]", "line 1: expect must be a list of texts in quotes"),
        (CLUSTER + "expect = ['']", "line 3: expect must hold texts of one line, not empty"),
        ("findings = 1", "line 1: findings must be a list of tables, [[findings]], not the number 1"),
        ("[findings]\noff = true", "line 1: findings must be a list of tables, [[findings]], not a table"),
        ("\n[[findings]]\nkind = 'skew'", "line 2: [[findings]] needs severity, off or limit"),
        ("[[findings]]\nof = true", "line 2: [[findings]] has no key 'of'; did you mean 'off'?"),
        ("[[findings]]\noff = 1", "line 2: off must be true or false, not the number 1"),
        ("[[findings]]\noff = yes", "line 2: off must be true or false"),
        (
            "[[findings]]\noff = true\n\n[[findings]]\noff = true\nkind = 'skwe'",
            "line 6: kind must be a kind of finding (cluster-lost, job-lost,",
        ),
        ("[[findings]]\noff = true\nkind = 'skwe'", "not 'skwe'; did you mean 'skew'?"),
        (
            "[[findings]]\nseverity = 'unknown'",
            "line 2: severity must be critical, warning or info, not 'unknown'",
        ),
        ("[[findings]]\nseverity = 'info'\noff = true", "line 3: off and severity cannot be used together"),
        ("[[findings]]\noff = true\njobs = []", "line 3: jobs must not be an empty list"),
        (
            "[[findings]]\nkind = 'memory'\njobs = ['a']\noff = true",
            "line 3: memory is a finding of the cluster, not of jobs: leave jobs out",
        ),
        (
            "[[findings]]\nlimit = 5",
            "line 2: limit needs one kind beside it that has a limit: checkpoint-overdue, memory or",
        ),
        ("[[findings]]\nkind = 'skew'\nlimit = 5", "line 3: limit needs one kind beside it"),
        (
            "[[findings]]\nkind = 'memory'\nlimit = 101",
            "line 3: limit of memory must be from 1 to 100 (per cent of the maximum heap), not 101",
        ),
        ("[[findings]]\nkind = 'memory'\nlimit = nan", "line 3: limit of memory must be from 1 to 100"),
        ("[[findings]]\nkind = 'memory'\nlimit = '9'", "line 3: limit must be a number, not a text"),
        ("journal = 1", "line 1: journal must be a table, [journal], not the number 1"),
        ("[journal]\nday = 1", "line 2: [journal] has no key 'day'; did you mean 'days'?"),
        ("[journal]\ndays = 0", "line 2: days must be a number of days from 1 to 3650, not 0"),
        ("[journal]\ndays = '9'", "line 2: days must be a number of days from 1 to 3650, not a text"),
        ("[journal]\ndays = nan", "line 2: days must be a number of days from 1 to 3650, not nan"),
        ("[journal]\ndays = 90d", "line 2: days must be a number of days from 1 to 3650"),
        (
            "[journal]\ndays = 9\nmegabytes = 4.5",
            "line 3: megabytes must be a whole number of megabytes from 4 to 4096, not 4.5",
        ),
        ("[journal]\nmegabytes = inf", "line 2: megabytes must be a whole number of megabytes from 4 to"),
        ("[journal]\nmegabytes = true", "line 2: megabytes must be a whole number of megabytes from 4 to"),
        ("findings = [{}]", "line 1: [[findings]] needs severity, off or limit"),
        ("alerts = 1", "line 1: alerts must be a list of tables, [[alerts]], not the number 1"),
        ("[[alerts]]\nof = true", "line 2: [[alerts]] has no key 'of'; did you mean 'off'?"),
        ("[[alerts]]", "line 1: [[alerts]] needs a key: clusters, jobs, kind, severity, for, between or off"),
        (
            "[[alerts]]\nseverity = 'info'",
            "line 2: severity must be critical or warning, not 'info': a finding of severity info never",
        ),
        ("[[alerts]]\nseverity = 'critcal'", "not 'critcal'; did you mean 'critical'?"),
        ("[[alerts]]\nkind = 'skwe'", "not 'skwe'; did you mean 'skew'?"),
        (
            "[[alerts]]\nkind = 'memory'\njobs = 'a'",
            "line 3: memory is a finding of the cluster, not of jobs: leave jobs out",
        ),
        (
            "[[alerts]]\nfor = '30'",
            'line 2: for must be a duration from 0s to 1d, such as "30s", "5m" or "2h", not \'30\'',
        ),
        ("[[alerts]]\nfor = '25h'", "line 2: for must be a duration from 0s to 1d, not '25h'"),
        ("[[alerts]]\nfor = 30", 'line 2: for must be a duration in quotes, such as "30s", "5m" or "2h"'),
        ("[[alerts]]\nfor = 30s", 'line 2: for must be a duration in quotes, such as "30s", "5m" or "2h"'),
        ("[[alerts]]\noff = true\nfor = '1m'", "line 2: off and for cannot be used together: keep one"),
        (
            "[[alerts]]\nbetween = '22-6'",
            "line 2: between must be two times of the day such as \"22:00-06:00\", not '22-6'",
        ),
        ("[[alerts]]\nbetween = '22:00-25:00'", "line 2: between must have times from 00:00 to 23:59"),
        ("[[alerts]]\nbetween = '22:61-23:00'", "line 2: between must have times from 00:00 to 23:59"),
        (
            "[[alerts]]\nbetween = '08:00-8:00'",
            "line 2: between begins and ends at 08:00: leave it out for the whole day",
        ),
        ("notify = 1", "line 1: notify must be a table, [notify], not the number 1"),
        ("[notify]\nbel = true", "line 2: [notify] has no key 'bel'; did you mean 'bell'?"),
        ("[notify]\nbell = 1", "line 2: bell must be true or false, not the number 1"),
        (
            "[notify]\ndesktop = 'osc8'",
            "line 2: desktop must be auto, osc9, osc777, osc99 or off, not 'osc8'; did you mean 'osc9' or",
        ),
        ("[notify]\ncommand = []", "line 2: command must not be an empty list: leave it out for none"),
        ("[notify]\ncommand = ['a', 1]", "line 2: command must be a list of texts in quotes"),
        (
            "[notify]\ncommand = 'notify --now'",
            "line 2: command is started without a shell: write program and",
        ),
        ("[notify]\ncommand = ['']", "line 2: command must hold texts of one line, not empty"),
        ('[notify]\ncommand = ["a", "\\u0000"]', "line 2: command must not hold NUL characters"),
        ("[notify]\nrepeat = '1m'", "line 2: repeat needs command beside it"),
        (
            "[notify]\ncommand = 'a'\nrepeat = '5s'",
            "line 3: repeat must be a duration from 10s to 7d, not '5s'",
        ),
        ("columns = ['state']", "line 1: columns must be a table, [columns], not a list"),
        (
            "[columns.job]\nshow = ['state']",
            "line 1: [columns]: there is no table 'job'; did you mean 'jobs'? (they are listed by: flinktop",
        ),
        ("[columns]\njobs = ['state']", "line 2: jobs must be a table, [columns.jobs], not a list"),
        (
            "[columns.jars]",
            'line 1: [columns.jars] needs show; as usual: show = ["jar", "classes", "uploaded"',
        ),
        ("[columns.jobs]\nshown = []", "line 2: [columns.jobs] has no key 'shown'; did you mean 'show'?"),
        ("[columns.jobs]\nshow = []", "line 2: show must not be an empty list: leave it out for the usual"),
        (
            "[columns.jobs]\nshow = [1]",
            'line 2: show must be a list of texts in quotes, ["state", "job"], not',
        ),
        (
            "[columns.jobs]\nshow = ['state', 'lagg']",
            "line 2: show must hold columns of the table jobs, not 'lagg'; did you mean 'lag'? (they are",
        ),
        # By its title.
        ("[columns.jobs]\nshow = 'BKPR%'", "not 'BKPR%'; did you mean 'backpressured'?"),
        ("[columns.jobs]\nshow = ['lag', 'job', 'lag']", "line 2: show must not hold 'lag' twice"),
        ("x = " + "[" * 5000 + "]" * 5000, "brackets nested deeper than any setting needs"),
        ("#" * 1_000_001, "is larger than 1,000,000 bytes"),
    ],
)
def test_an_error_is_reported_with_its_line_and_the_allowed_values(
    tmp_path: Path, text: str, said: str
) -> None:
    told = refusal(tmp_path, text)
    assert said in told
    assert "hush" not in told


JUDGED = """\
expect = ["orders"]

[[findings]]
jobs = "test-*"
off = true

[[findings]]
clusters = ["a", "b"]
kind = "memory"
limit = 95

[clusters.a]
url = "http://h:1"

[clusters.b]
url = "http://h:2"
expect = ["billing-*", "orders [v1]"]

[clusters.c]
url = "http://h:3"
expect = []
"""


def test_expected_jobs_and_rules_about_findings(tmp_path: Path) -> None:
    path = tmp_path / "judged.toml"
    path.write_text(JUDGED)
    read = settings(path)
    assert [one.expect for one in read.profiles] == [("orders",), ("billing-*", "orders [v1]"), ()]
    assert profile(path, "http://other:1").expect == ("orders",)
    assert sources(path).demo().expect == sources(path).local("http://127.0.0.1:1").expect == ()
    assert read.findings == (
        FindingRule(jobs=("test-*",), off=True),
        FindingRule(clusters=("a", "b"), kinds=("memory",), limit=95.0),
    )
    assert [rule.sentence for rule in read.findings] == [
        "all findings of test-*: off",
        "memory on a or b: limit 95 per cent of the maximum heap",
    ]


ALERTS = """\
[[alerts]]
clusters = "prod-*"
jobs = ["billing-*", "orders"]
kind = "restart-loop"
severity = "critical"
for = "1m30s"
between = "22:00-06:00"

[[alerts]]
jobs = "test-*"
off = true

[notify]
bell = false
desktop = "osc99"
title = false
command = ["bin/notify", "--title", "two words", ""]
repeat = "1m"
"""


def test_entries_about_alerts_and_how_flinktop_calls(tmp_path: Path) -> None:
    path = tmp_path / "alerts.toml"
    path.write_text(ALERTS)
    read = settings(path)
    assert read.alerts == (
        AlertRule(
            clusters=("prod-*",),
            jobs=("billing-*", "orders"),
            kinds=("restart-loop",),
            severity="critical",
            wait=90.0,
            between=(22 * 60, 6 * 60),
        ),
        AlertRule(jobs=("test-*",), off=True),
    )
    assert [rule.sentence for rule in read.alerts] == [
        (
            "restart-loop of severity critical of billing-* or orders on prod-* between 22:00 and 06:00: "
            "calls after 1m30s more"
        ),
        "all findings of test-*: off",
    ]
    assert read.notify == Notify(
        bell=False,
        desktop="osc99",
        title=False,
        command=(f"{tmp_path}/bin/notify", "--title", "two words", ""),
        repeat=60.0,
    )


def test_without_entries_nothing_is_said_of_alerts(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    path.write_text(CLUSTER)
    assert (settings(path).alerts, settings(path).notify) == ((), None)
    path.write_text("[notify]")
    assert settings(path).notify == Notify()
    assert Notify().sentence == "bell, desktop notification (auto), title"
    off = Notify(bell=False, title=False, desktop="off")
    assert off.sentence == "nothing: alerts are listed only"


@pytest.mark.parametrize(
    ("word", "program"),
    [("notify", "notify"), ("~/bin/notify", "{home}/bin/notify"), ("/opt/notify", "/opt/notify")],
)
def test_a_command_is_found_by_its_name_or_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, program: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    path = tmp_path / "command.toml"
    path.write_text(f"[notify]\ncommand = '{word}'")
    notify = settings(path).notify
    assert notify is not None
    assert notify.command == (program.format(home=tmp_path / "home"),)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30.0),
        ("5m", 300.0),
        ("2h", 7200.0),
        ("1d", 86400.0),
        ("1h 30m", 5400.0),
        ("0.5s", 0.5),
        ("0s", 0.0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text, 0.0, 1e6) == seconds
    assert duration(duration_text(seconds), 0.0, 1e6) == seconds


def test_another_encoding_is_reported_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b"theme = 'dark'\n# caf\xe9\n")
    with pytest.raises(SettingsError, match=r"latin.toml, line 2: not UTF-8 text"):
        sources(path)


def test_a_color_may_be_hexadecimal(tmp_path: Path) -> None:
    path = tmp_path / "hex.toml"
    path.write_text(CLUSTER + "color = '#FFaa00'")
    assert profile(path, "a").colour == "#ffaa00"


def test_files_that_others_may_read_or_write_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {name: tmp_path / name for name in ("token", "password", "headers", "key", "cert", "config.toml")}
    for file in files.values():
        file.write_text("x")
    files["config.toml"].write_text(
        f'[clusters.a]\nurl = "https://h:1"\nuser = "u"\npassword_file = "{files["password"]}"\n'
        f'header_file = "{files["headers"]}"\ncert = "{files["cert"]}"\nkey = "{files["key"]}"\n'
        f'[clusters.b]\nurl = "https://h:2"\ntoken_file = "{files["token"]}"\n'
    )
    opened = {files["password"], files["headers"], files["key"], files["token"], files["cert"]}
    monkeypatch.setattr("flinktop.open_files.others_read", opened.__contains__)
    monkeypatch.setattr("flinktop.open_files.others_write", files["config.toml"].__eq__)
    said = "other users can read the file with the {}, {}: chmod go-r it"
    assert set(profile(files["config.toml"], "a").notes) == {
        said.format(name, files[name]) for name in ("password", "headers", "key")
    }
    assert profile(files["config.toml"], "b").notes == (said.format("token", files["token"]),)
    (note,) = settings(files["config.toml"]).notes
    assert note.startswith(f"other users can write the config file {files['config.toml']}: chmod")
    opened.clear()
    assert profile(files["config.toml"], "a").notes == ()


@pytest.mark.parametrize(
    ("text", "days", "megabytes"),
    [
        ("", 90.0, 64),
        ("[journal]", 90.0, 64),
        ("[journal]\ndays = 7.5", 7.5, 64),
        ("[journal]\ndays = 3650\nmegabytes = 4", 3650.0, 4),
        ("[journal]\nmegabytes = 1024.0", 90.0, 1024),
    ],
)
def test_bounds_of_the_journal(tmp_path: Path, text: str, days: float, megabytes: int) -> None:
    path = tmp_path / "journal.toml"
    path.write_text(text)
    assert settings(path).journal == JournalBounds(days, megabytes)


def test_a_cluster_that_had_its_name_before_the_command_came_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "old.toml"
    path.write_text("[clusters.journal]\nurl = 'http://h:1'\n")
    assert profile(path, "journal").connection.url == "http://h:1"
    assert settings(path).notes == (
        "the cluster 'journal' has the name of a command: `flinktop open journal` opens it",
    )


def test_the_address_of_a_target_needs_no_login(tmp_path: Path) -> None:
    path = tmp_path / "login.toml"
    path.write_text("[clusters.prod]\nurl = 'http://h:1'\nuser = 'bob'\n")
    read = sources(path)
    assert read.url_of("prod") == "http://h:1"
    assert read.url_of("127.0.0.1:8081/base/") == "http://127.0.0.1:8081/base"
    assert read.url_of("gone") is None
    with pytest.raises(SettingsError, match="must not hold a user"):
        read.url_of("http://u:p@h:1")


def test_columns_are_chosen_by_table(tmp_path: Path) -> None:
    path = tmp_path / "columns.toml"
    path.write_text("[columns]\njars = { show = ['jar'] }\n[columns.jobs]\nshow = ['state', 'job', 'lag']\n")
    assert settings(path).columns == {"jars": (("jar",), "jar"), "jobs": (("state", "job", "lag"), "job")}
