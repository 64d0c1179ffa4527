import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest

import flinktop
from flinktop import cli
from flinktop.cli import main
from flinktop.command_line import UsageError, options_of, parser_of_all, read_args
from flinktop.engine.acts.run_jar import RunJar
from flinktop.headless.args import ACTS, ActArgs, ColumnsArgs, CompletionArgs
from flinktop.headless.cluster_args import Address, ClustersArgs, WatchArgs
from flinktop.headless.journal_args import JournalArgs
from flinktop.headless.status_args import StatusArgs
from flinktop.local.samples import STEADY
from flinktop.local.session import LocalError, LocalFlink
from flinktop.settings import Flags, Profile, Settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home and environment, so that no test sees the files of whoever runs it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TERM", "xterm")
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "NO_COLOR", "FLINKTOP_TARGET", "FLINKTOP_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers = list(root.handlers)
    yield
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()


@pytest.fixture
def fleets(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Settings, tuple[Profile, ...]]]:
    """A terminal in front of a monitor of several clusters that only notes what it was opened with."""
    calls: list[tuple[Settings, tuple[Profile, ...]]] = []

    def run_fleet(settings: Settings, profiles: tuple[Profile, ...]) -> int:
        calls.append((settings, profiles))
        return 0

    monkeypatch.setattr(cli, "_at_a_terminal", lambda: True)
    monkeypatch.setattr("flinktop.log.open_log", lambda _paths, *, debug: "no log" if debug else None)
    monkeypatch.setitem(sys.modules, "flinktop.ui.fleet_app", SimpleNamespace(run_fleet=run_fleet))
    return calls


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Settings, Profile]]:
    """A terminal in front of a monitor that only notes what it was opened with."""
    calls: list[tuple[Settings, Profile]] = []

    def run(settings: Settings, profile: Profile, runs: Mapping[str, RunJar] | None = None) -> int:
        assert (profile.name == "local") == bool(runs), "it is known how the samples were run"
        calls.append((settings, profile))
        return 0

    monkeypatch.setattr(cli, "_at_a_terminal", lambda: True)
    monkeypatch.setattr("flinktop.log.open_log", lambda _paths, *, debug: "no log" if debug else None)
    monkeypatch.setitem(sys.modules, "flinktop.ui.app", SimpleNamespace(run=run))
    return calls


@pytest.mark.parametrize(
    ("line", "command", "target", "flags"),
    [
        ("", "open", None, Flags()),
        ("http://h:8081", "open", "http://h:8081", Flags()),
        ("open http://h:8081", "open", "http://h:8081", Flags()),
        ("--refresh 5 http://h:8081", "open", "http://h:8081", Flags(refresh="5")),
        ("--refresh=5 http://h:8081", "open", "http://h:8081", Flags(refresh="5")),
        ("http://h:8081 --refresh 5", "open", "http://h:8081", Flags(refresh="5")),
        ("--refresh 5 open --ascii prod --mouse", "open", "prod", Flags(refresh="5", ascii=True, mouse=True)),
        ("--refresh 5", "open", None, Flags(refresh="5")),
        ("--user local prod", "open", "prod", Flags(user="local")),
        ("--read-only local --theme light", "local", None, Flags(read_only=True, theme="light")),
        ("--header A:1 prod --header B:2", "open", "prod", Flags(header=("A:1", "B:2"))),
        ("--debug --no-color -- prod", "open", "prod", Flags(debug=True, no_color=True)),
        (
            "p --user u --password-file f --header-file h --ca a --cert c --key k --insecure",
            "open",
            "p",
            Flags(user="u", password_file="f", header_file="h", ca="a", cert="c", key="k", insecure=True),
        ),
        ("p --token-file t", "open", "p", Flags(token_file="t")),
        ("--wall", "open", None, Flags(wall=True)),
        ("prod --wall", "open", "prod", Flags(wall=True)),
        ("--wall demo calm", "demo", "calm", Flags(wall=True)),
        ("local --wall --ascii", "local", None, Flags(wall=True, ascii=True)),
        ("p --token-command t", "open", "p", Flags(token_command="t")),
    ],
)
def test_options_stand_before_and_after(line: str, command: str, target: str | None, flags: Flags) -> None:
    assert read_args(line.split()) == (command, target, flags, None)


@pytest.mark.parametrize(
    ("line", "target", "flags", "act"),
    [
        ("savepoint orders", None, Flags(), ActArgs("savepoint", "orders")),
        (
            "--read-only savepoint --target prod orders --directory s3 --format native --cancel --yes --json",
            "prod",
            Flags(read_only=True),
            ActArgs("savepoint", "orders", yes=True, json=True, directory="s3", form="native", cancel=True),
        ),
        (
            "stop 1a --drain --no-wait --confirm orders --user u --password-file p",
            None,
            Flags(user="u", password_file="p"),
            ActArgs("stop", "1a", wait=False, confirm="orders", drain=True),
        ),
        ("--target prod cancel orders --wait", "prod", Flags(), ActArgs("cancel", "orders")),
        (
            "submit a.jar --class a.Main --parallelism 2 --conf a=b --conf c=d=e -- --in x --target y",
            None,
            Flags(),
            ActArgs(
                "submit",
                "a.jar",
                entry_class="a.Main",
                parallelism=2,
                settings=("a=b", "c=d=e"),
                arguments=("--in", "x", "--target", "y"),
            ),
        ),
        (
            "submit x.graph --job-graph --jar a --jar b --artifact n=f",
            None,
            Flags(),
            ActArgs("submit", "x.graph", job_graph=True, jars=("a", "b"), artifacts=("n=f",)),
        ),
        ("operations --json --config f", None, Flags(config="f"), ActArgs("operations", "", json=True)),
    ],
)
def test_arguments_of_acting_commands(line: str, target: str | None, flags: Flags, act: ActArgs) -> None:
    assert read_args(line.split()) == (act.command, target, flags, act)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--refesh 5 prod", "unknown option --refesh; did you mean '--refresh'?"),
        ("--ref 5", "unknown option --ref"),
        ("prod --bogus=hush", "unknown option --bogus"),
        ("--refresh", "argument --refresh: expected one argument"),
        ("prod status", "'status' is a command, not a cluster: it stands before its arguments"),
        ("prod --all", "--all and a TARGET cannot be used together: keep one"),
        ("prod dev --since 2h", "--since is for 'journal', not for 'open'"),
        ("clusters prod", "'clusters' takes no arguments: unexpected argument 'prod'"),
        (
            "prod --password hush",
            "secrets are not allowed on the command line: use --password-file or FLINKTOP_PASSWORD",
        ),
        ("--token=hush prod", "use --token-file or FLINKTOP_TOKEN"),
        ("--user bob clusters", "--user is for opening a cluster, not for 'clusters'"),
        ("--no-tls prod", "--no-tls is for 'local', not for 'open'"),
        ("local --insecure", "--insecure is for opening a cluster, not for 'local'"),
        ("status --wall", "--wall is for opening a cluster, not for 'status'"),
        ("-x", "unknown option -x"),
        ("savepoint orders --drain", "--drain is for 'stop', not for 'savepoint'"),
        ("stop orders --drian", "unknown option --drian; did you mean '--drain'?"),
        ("stop", "the following arguments are required: JOB"),
        ("stop a b", "only one JOB is allowed: unexpected argument 'b'"),
        ("submit a.jar b", "its program's arguments come after --: unexpected argument 'b'"),
        ("submit a.jar --claim-mode MINE", "invalid choice: 'MINE'"),
        ("submit a.jar --parallelism two", "'two' is not a parallelism"),
        ("status --all prod", "--all and a TARGET cannot be used together"),
        ("status --json --format text", "--json and --format text cannot be used together"),
        ("status --format xml", "invalid choice: 'xml'"),
        ("status --wait soon", "'soon' must be a number of seconds from 0 to 3600"),
        ("status --wait -1", "'-1' must be a number of seconds from 0 to 3600"),
        ("status --wait nan", "'nan' must be a number of seconds"),
        ("status --jsno prod", "unknown option --jsno; did you mean '--json' or"),
        ("status --job=", "--job must not be empty"),
        ("status --drain", "--drain is for 'stop', not for 'status'"),
        ("watch --all prod", "--all and a TARGET cannot be used together"),
        ("watch --prometheus", "expected one argument"),
        ("watch --prometheus :9250", "':9250' must be PORT or HOST:PORT, such as 9250,"),
        ("watch --prometheus 70000", "'70000' must be PORT or HOST:PORT"),
        ("watch --prometheus -1", "'-1' must be PORT or HOST:PORT"),
        ("watch --prometheus http://h:1", "'http://h:1' must be PORT or HOST:PORT"),
        ("watch --prometheus ::1:9250", "'::1:9250' must be PORT or HOST:PORT"),
        ("watch --ready-file=", "--ready-file must not be empty"),
        ("watch --wait 5", "--wait is for"),
        ("prod --ready-file f", "--ready-file is for 'watch', not for 'open'"),
        ("prod --explain", "--explain is for 'status', not for 'open'"),
        ("journal prod dev", "only one TARGET is allowed: unexpected argument 'dev'"),
        ("journal --since yesterday", "argument --since: 'yesterday' must be a time: 90s, 30m, 2h, 3d or 1w"),
        ("journal --since 2026-13-01", "'2026-13-01' must be a time"),
        ("journal --until 2h30m", "argument --until: '2h30m' must be a time"),
        ("journal --since -2h", "--since"),
        ("journal --kind failures", "invalid choice: 'failures'"),
        ("journal -n 0", "'0' must be a number of events from 1 to 1000000"),
        ("journal -n 5 --all", "not allowed with argument"),
        ("journal --job=", "--job must not be empty"),
        ("journal --user bob", "--user is for opening a cluster, not for 'journal'"),
        ("prod --since 2h", "--since is for 'journal', not for 'open'"),
        ("operations --yes", "--yes is for 'savepoint', 'stop', 'cancel' or 'submit', not for 'operations'"),
    ],
)
def test_unknown_arguments(line: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_args(line.split())
    assert said in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "flags", "args"),
    [
        ("status", Flags(), StatusArgs()),
        ("status prod --json dev", Flags(), StatusArgs(targets=("prod", "dev"), form="json")),
        ("status --explain prod prod", Flags(), StatusArgs(targets=("prod",), explain=True)),
        ("--config f status --all", Flags(config="f"), StatusArgs(every=True)),
        (
            "status --format prometheus --wait 0 --job billing-* --debug",
            Flags(debug=True),
            StatusArgs(form="prometheus", wait=0.0, job="billing-*"),
        ),
        ("status --format json --json --insecure", Flags(insecure=True), StatusArgs(form="json")),
    ],
)
def test_arguments_of_status(line: str, flags: Flags, args: StatusArgs) -> None:
    assert read_args(line.split()) == ("status", None, flags, args)


@pytest.mark.parametrize(
    ("line", "target", "flags", "args"),
    [
        ("journal", None, Flags(), JournalArgs()),
        ("journal --since 2h prod", "prod", Flags(), JournalArgs("prod", since=7200.0)),
        ("journal prod --since 1.5d", "prod", Flags(), JournalArgs("prod", since=129_600.0)),
        (
            "--config f journal --since 2026-11-28T02:00 --until 2026-11-28T02:00:30+01:00",
            None,
            Flags(config="f"),
            JournalArgs(
                since=datetime(2026, 11, 28, 2),  # noqa: DTZ001 -- this machine's, as it was given
                until=datetime.fromisoformat("2026-11-28T02:00:30+01:00"),
            ),
        ),
        (
            "journal --kind failure --kind raised --kind failure --job b* --grep no --json --stack --details",
            None,
            Flags(),
            JournalArgs(
                kinds=("failure", "raised"), job="b*", grep="no", json=True, stack=True, details=True
            ),
        ),
        ("journal -n 5", None, Flags(), JournalArgs(lines=5)),
        ("journal --all", None, Flags(), JournalArgs(lines=None)),
    ],
)
def test_arguments_of_journal(line: str, target: str | None, flags: Flags, args: JournalArgs) -> None:
    assert read_args(line.split()) == ("journal", target, flags, args)


@pytest.mark.parametrize(
    ("line", "flags", "args"),
    [
        ("watch", Flags(), WatchArgs()),
        ("watch prod --json dev prod", Flags(), WatchArgs(targets=("prod", "dev"), json=True)),
        ("--config f watch --all --debug", Flags(config="f", debug=True), WatchArgs(every=True)),
        ("watch --prometheus 9250", Flags(), WatchArgs(prometheus=Address("127.0.0.1", 9250))),
        ("watch --prometheus 0.0.0.0:0", Flags(), WatchArgs(prometheus=Address("0.0.0.0", 0))),
        ("watch --prometheus [::]:1 h:1", Flags(), WatchArgs(("h:1",), prometheus=Address("::", 1))),
        (
            "watch --prometheus=localhost:1 --ready-file r",
            Flags(),
            WatchArgs(ready_file="r", prometheus=Address("localhost", 1)),
        ),
    ],
)
def test_arguments_of_watch(line: str, flags: Flags, args: WatchArgs) -> None:
    assert read_args(line.split()) == ("watch", None, flags, args)


@pytest.mark.parametrize(
    ("line", "command", "flags", "args"),
    [
        ("--config local clusters", "clusters", Flags(config="local"), ClustersArgs()),
        ("--ascii clusters --config f", "clusters", Flags(config="f", ascii=True), ClustersArgs()),
        ("clusters --no-ask --json", "clusters", Flags(), ClustersArgs(ask=False, json=True)),
        ("clusters --names", "clusters", Flags(), ClustersArgs(names=True)),
        ("columns", "columns", Flags(), ColumnsArgs()),
        ("columns jobs --json", "columns", Flags(), ColumnsArgs("jobs", json=True)),
        ("completion zsh", "completion", Flags(), CompletionArgs("zsh")),
    ],
)
def test_arguments_of_what_lists(line: str, command: str, flags: Flags, args: object) -> None:
    assert read_args(line.split()) == (command, None, flags, args)


def test_every_option_is_a_setting_and_every_setting_an_option() -> None:
    # What the commands for scripts take beside them is no setting.
    acting = {
        "",
        *ACTS,
        "operations",
        "status",
        "bundle",
        "explain",
        "journal",
        "watch",
        "clusters",
        "columns",
        "kubernetes",
    }
    words = {
        word for command, its in options_of(parser_of_all()).items() if command not in acting for word in its
    }
    options = {word.removeprefix("--").replace("-", "_") for word in words}
    # Which clusters are opened is no setting either.
    assert options - {"_h", "help", "all"} == set(Flags.__dataclass_fields__)


def test_a_mistake_is_one_sentence_and_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--refesh"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "flinktop: unknown option --refesh; did you mean '--refresh'? (flinktop --help lists what there is)\n"
    )


def test_an_unknown_target_names_similar_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["locl"]) == 2
    assert "unknown command or cluster 'locl'; did you mean 'local'?" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--version"], ["--ascii", "--version"]])
def test_the_version(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 0
    assert capsys.readouterr().out == f"flinktop {flinktop.__version__}\n"


@pytest.mark.parametrize(
    ("words", "has"),
    [
        (["--help"], "list the configured clusters"),
        (["local", "-h"], "flinktop local"),
        (["open", "--help"], "TARGET"),
    ],
)
def test_help(words: list[str], has: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 0
    assert has in capsys.readouterr().out


def test_opening_a_cluster(opened: list[tuple[Settings, Profile]]) -> None:
    assert main(["--theme", "light", "h:8081/base", "--refresh", "5"]) == 0
    ((settings, profile),) = opened
    assert (settings.theme, settings.notes) == ("light", ())
    assert (profile.name, profile.connection.url, profile.refresh) == (
        "h:8081/base",
        "http://h:8081/base",
        5.0,
    )


def test_a_missing_log_is_a_note(opened: list[tuple[Settings, Profile]]) -> None:
    assert main(["h:8081", "--debug"]) == 0
    ((settings, _profile),) = opened
    assert settings.notes == ("no log",)


def test_a_local_flink(
    home: Path,
    opened: list[tuple[Settings, Profile]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    left = []

    @contextmanager
    def open_local(progress: Callable[[str], None], *, tls: bool, kept: Path) -> Iterator[LocalFlink]:
        progress("Starting Flink")
        assert kept == home / ".local/state/flinktop/local-start"
        if tls:
            yield LocalFlink("https://127.0.0.1:4711", Path("/d/c"), Path("/d/k"), "1_s.jar", {"abc": STEADY})
        else:
            yield LocalFlink("http://127.0.0.1:4711", None, None, "1_s.jar", {"abc": STEADY})
        left.append(len(opened))

    monkeypatch.setattr("flinktop.local.session.open_local", open_local)
    assert main(["local", "--read-only"]) == 0
    ((_settings, profile),) = opened
    connection = profile.connection
    assert (profile.name, connection.url) == ("local", "https://127.0.0.1:4711")
    assert (connection.ca, connection.cert, connection.key) == (Path("/d/c"), Path("/d/c"), Path("/d/k"))
    assert connection.read_only
    assert not profile.lets_everybody_in
    assert left == [1], "Flink is stopped after the monitor was left"
    options = "--target https://127.0.0.1:4711 --ca /d/c --cert /d/c --key /d/k"
    assert capsys.readouterr().out == (
        f"Starting Flink\nTo reach it from another terminal: {options}\nStopping Flink.\n"
    )

    assert main(["local", "--no-tls"]) == 0
    profile = opened[1][1]
    assert (profile.connection.url, profile.connection.ca) == ("http://127.0.0.1:4711", None)
    assert profile.lets_everybody_in
    assert capsys.readouterr().out == "Starting Flink\nStopping Flink.\n"


def test_the_samples_of_a_local_flink_can_be_run_again() -> None:
    flink = LocalFlink("http://127.0.0.1:4711", None, None, "1_samples.jar", {"abc": STEADY})
    run = cli._sample_runs(flink)["abc"]
    assert (run.jar, run.subject) == ("1_samples.jar", "samples.jar")
    assert run.options.arguments == STEADY.arguments
    assert run.options.configuration["pipeline.name"] == STEADY.name


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (LocalError("Install 'flinktop[local]'"), 2, "flinktop: Install 'flinktop[local]'\n"),
        (KeyboardInterrupt(), 130, "flinktop: stopped before Flink was up\n"),
    ],
)
def test_a_local_flink_that_does_not_come_up(  # noqa: PLR0917 -- three are pytest's fixtures
    opened: list[tuple[Settings, Profile]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    said: str,
) -> None:
    def open_local(_progress: Callable[[str], None], *, tls: bool, kept: Path) -> None:
        assert tls
        assert kept.name == "local-start"
        raise error

    monkeypatch.setattr("flinktop.local.session.open_local", open_local)
    assert main(["local"]) == code
    assert capsys.readouterr().err == said
    assert opened == []


@pytest.mark.parametrize("words", [["http://h:8081"], ["local"]])
def test_without_a_terminal(words: list[str], home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flinktop", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(home)},
        cwd=Path(flinktop.__file__).parent.parent,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "flinktop: the monitor needs a terminal: stdin or stdout is not a terminal\n"


def test_clusters_are_listed_without_credentials(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = home / "my.toml"
    config.write_text("""
default = "production"
[clusters.production]
url = "https://flink.example/base"
user = "hush"
password_command = "echo hush"
read_only = true
[clusters.dev]
url = "http://localhost:8081"
headers = { X-Key = "hush" }
""")
    assert main(["clusters", "--no-ask", "--config", str(config)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert (
        out
        == f"""\
NAME        URL                         LOGIN                 TLS
production  https://flink.example/base  basic from a command  verified  read-only, default
dev         http://localhost:8081       headers

config   {config}
state    {home}/.local/state/flinktop  (not there yet)
ledger   {home}/.local/state/flinktop/operations.db  (not there yet)
journal  {home}/.local/state/flinktop/journal.db  (not there yet; kept for 90 days, at most 64 MB)
log      {home}/.local/state/flinktop/flinktop.log  (not there yet)
"""
    )


def test_clusters_say_what_is_expected_and_which_rules_apply(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = home / "my.toml"
    config.write_text("""
[[findings]]
jobs = "test-*"
severity = "info"
[clusters.prod]
url = "http://h:1"
expect = ["orders", "billing-*"]
""")
    assert main(["clusters", "--no-ask", "--config", str(config)]) == 0
    assert (
        """
expects   orders, billing-* on prod
findings  all findings of test-*: severity info
          Names and patterns of jobs are not checked here: that takes the clusters.

config   """
        in capsys.readouterr().out
    )


def test_clusters_say_what_calls_and_which_entries_match_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = home / "my.toml"
    config.write_text("""
[[findings]]
clusters = ["prod", "pord"]
off = true
[[alerts]]
clusters = "test-*"
kind = "restart-loop"
severity = "critical"
for = "90s"
between = "22:00-06:00"
[[alerts]]
clusters = "prod"
off = true
[notify]
command = ["/opt/notify", "--key", "hush"]
repeat = "1m"
bell = false
[clusters.prod]
url = "http://h:1"
""")
    assert main(["clusters", "--no-ask", "--config", str(config)]) == 0
    out = capsys.readouterr().out
    assert (
        """
findings  all findings on prod or pord: off
          NO CLUSTER of the config is named 'pord'; did you mean 'prod'?
alerts    restart-loop of severity critical on test-* between 22:00 and 06:00: calls after 1m30s more
          NO CLUSTER of the config is named 'test-*'
alerts    all findings on prod: off
alerts    what no entry is about: critical findings call, warnings are listed
notify    desktop notification (auto), title, command /opt/notify, repeated every 1m

config  """
        in out
    )
    assert "hush" not in out


def test_clusters_without_a_config_say_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clusters"]) == 0
    out, err = capsys.readouterr()
    assert "[clusters.dev]\nurl = " in out
    assert err == ""


@pytest.mark.parametrize(
    "words", [[], ["http://h:1"], ["local"], ["demo"], ["clusters"], ["operations"], ["journal"]]
)
def test_nothing_is_opened_without_the_config_file_that_was_named(
    words: list[str], home: Path, opened: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    missing = f"{home}/missing.toml"
    assert main([*words, "--config", missing]) == 2
    assert capsys.readouterr() == ("", f"flinktop: --config: there is no config file {missing}\n")
    assert not opened


@pytest.mark.parametrize(
    ("terminal", "said", "ascii_only", "note"),
    [
        ("utf-8 xterm", "", False, ""),
        ("utf-8 linux", "", True, "ASCII only: the console (TERM=linux) lacks many characters;"),
        ("utf-8 linux", "no", False, ""),
        ("utf-8 linux", "yes", True, ""),
        ("iso-8859-15 xterm", "", True, "ASCII only: the terminal's encoding (iso-8859-15) has no line-"),
        ("ascii linux", "no", True, "ASCII only: the terminal's encoding (ascii) has no line-drawing"),
        # Lines and blocks, but no marks.
        ("cp437 xterm", "", True, "ASCII only: the terminal's encoding (cp437)"),
    ],
)
def test_a_limited_terminal_gets_ascii_with_a_reason(
    opened: list[tuple[Settings, Profile]],
    monkeypatch: pytest.MonkeyPatch,
    *,
    terminal: str,
    said: str,
    ascii_only: bool,
    note: str,
) -> None:
    encoding, term = terminal.split()
    monkeypatch.setattr(sys, "__stderr__", SimpleNamespace(encoding=encoding))
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("FLINKTOP_ASCII", said)
    assert main(["http://h:1"]) == 0
    ((settings, _),) = opened
    assert settings.ascii == ascii_only
    assert [one[: len(note)] for one in settings.notes] == ([note] if note else [])


def test_unencodable_output_is_escaped(home: Path) -> None:
    config = home / "my.toml"
    config.write_text('[clusters."caf\u00e9"]\nurl = "http://h:1"\n', encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "flinktop", "clusters", "--no-ask", "--config", str(config)],
        capture_output=True,
        check=False,
        env={"HOME": str(home), "PYTHONIOENCODING": "ascii"},
        cwd=Path(flinktop.__file__).parent.parent,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"caf\xe9  http://h:1" in done.stdout


@pytest.mark.parametrize(
    ("words", "breaks"),
    [
        (["operations"], "headless.output.print_operations"),
        (["clusters"], "cli._clusters"),
        (["cancel", "job", "--yes"], "headless.act.run_act"),
        (["local"], "local.session.open_local"),
        (["demo"], "demo.world.World"),
        (["h:8081"], "ui.app.run"),
        (["h:8081"], "settings.read_sources"),
        (["h:8081"], "cli.read_args"),
    ],
)
@pytest.mark.usefixtures("logging_as_before")
def test_an_internal_error_is_one_sentence_with_its_traceback_in_the_log(
    words: list[str],
    breaks: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken(*_given: object, **_named: object) -> NoReturn:
        hidden = "hush" + "-hush"
        raise RuntimeError(f"it broke after {len(hidden)}")

    monkeypatch.setattr(os, "isatty", lambda _descriptor: True)
    monkeypatch.setattr(f"flinktop.{breaks}", broken)
    assert main(words) == 1
    out, err = capsys.readouterr()
    log = home / ".local/state/flinktop/flinktop.log"
    assert out == ""
    assert err == (
        "flinktop has ended because of an internal error (RuntimeError: it broke after 9). "
        f"The details are in {log}.\n"
    )
    assert "Traceback (most recent call last)" in log.read_text()
    assert "hush-hush" not in log.read_text()


@pytest.mark.parametrize(
    ("words", "code", "unread"),
    [
        ("clusters", 141, {"stdout"}),
        ("--help", 141, {"stdout"}),
        ("clusters --help", 141, {"stdout"}),
        ("--version", 141, {"stdout", "stderr"}),
        ("clusters --config missing.toml", 2, {"stderr"}),
        ("--bad", 2, {"stdout", "stderr"}),
    ],
)
def test_a_broken_pipe_ends_it_silently(words: str, code: int, unread: set[str], home: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "flinktop", *words.split()],
        env={"HOME": str(home)},
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.DEVNULL,
        stdout=writer if "stdout" in unread else subprocess.PIPE,
        stderr=writer if "stderr" in unread else subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stdout or "", done.stderr or "") == (code, "", "")


def test_an_interrupt_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_given: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("flinktop.cli._clusters", interrupted)
    assert main(["clusters"]) == 130
    assert capsys.readouterr().err == "flinktop: interrupted\n"


# -- several clusters --------------------------------------------------------------------------------------

SEVERAL = """
[clusters.prod]
url = "http://prod:8081"
protected = true
[clusters.dev]
url = "http://dev:8081"
[clusters.production]
url = "http://PROD:8081/"
read_only = true
[clusters.journal]
url = "http://journal:8081"
"""


@pytest.fixture
def several(home: Path) -> str:
    path = home / "several.toml"
    path.write_text(SEVERAL)
    return f"--config {path}"


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("--all", ["prod", "dev", "journal"]),
        ("dev prod", ["dev", "prod"]),
        ("dev --refresh 5 prod dev", ["dev", "prod"]),
        ("open journal dev", ["journal", "dev"]),
        ("dev journal", ["dev", "journal"]),
        ("dev other:8081", ["dev", "other:8081"]),
    ],
)
def test_several_clusters_are_opened_together(
    line: str, names: list[str], several: str, fleets: list[tuple[Settings, tuple[Profile, ...]]]
) -> None:
    assert main(f"{line} {several}".split()) == 0
    ((_settings, profiles),) = fleets
    assert [one.name for one in profiles] == names


def test_two_names_of_one_cluster_are_one_with_the_guards_of_both(
    several: str, fleets: list[tuple[Settings, tuple[Profile, ...]]]
) -> None:
    assert main(f"--all {several}".split()) == 0
    ((settings, (prod, *_)),) = fleets
    assert (prod.name, prod.protected, prod.connection.read_only) == ("prod", True, True)
    assert "production and prod are the same cluster: it is shown as prod" in settings.notes


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dev prdo", "unknown command or cluster 'prdo'; did you mean 'prod'"),
        ("dev prod --user bob", "--user goes with one TARGET: a login must not be sent to other clusters"),
        ("--all --token-file f", "--token-file goes with one TARGET"),
        ("http://h:1 https://h:1", "two different clusters are named h:1: http://h:1 and https://h:1"),
    ],
)
def test_what_several_clusters_can_not_have(
    line: str, said: str, several: str, fleets: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(f"{line} {several}".split()) == 2
    assert said in capsys.readouterr().err
    assert not fleets


def test_all_of_none_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--all"]) == 2
    assert "--all: the config names no clusters" in capsys.readouterr().err


def test_one_cluster_is_opened_as_before(
    several: str, opened: list[tuple[Settings, Profile]], fleets: list[object]
) -> None:
    assert main(f"prod production {several}".split()) == 0
    assert [profile.name for _, profile in opened] == ["prod"]
    assert not fleets
