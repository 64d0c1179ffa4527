"""Where clusters are searched in Kubernetes, as config and command line say it, and their settings."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from flinktop.allowed import NotAllowed
from flinktop.cli import main
from flinktop.command_line import UsageError, read_args
from flinktop.config_file import read_config
from flinktop.flink.connection import Connection, Secret
from flinktop.headless.args import ActArgs, BundleArgs
from flinktop.headless.cluster_args import ClustersArgs, KubernetesArgs, WatchArgs
from flinktop.headless.status_args import StatusArgs
from flinktop.kubernetes.wanted import Wanted
from flinktop.kubernetes_config import KubernetesEntry
from flinktop.settings import Flags, Profile, SettingsError, Sources, read_sources

PROD = '[kubernetes.prod]\ncontext = "arn:aws:eks:eu-west-1:123:cluster/prod"\n'
URL = "http://orders-rest.payments.prod.kubernetes:8081"


def written(directory: Path, text: str) -> Path:
    path = directory / "config.toml"
    path.write_text(text)
    return path


def sources(
    directory: Path, text: str, flags: Flags | None = None, environ: Mapping[str, str] | None = None
) -> Sources:
    path = str(written(directory, text))
    return read_sources(flags or Flags(config=path), {"FLINKTOP_CONFIG": path, **(environ or {})})


def found(of: Sources, entry: KubernetesEntry, name: str = "payments/orders", context: str = "c") -> Profile:
    return of.found(entry, name, URL, context=context)


# -- the config --------------------------------------------------------------------------------------


def test_an_entry_with_every_key(tmp_path: Path) -> None:
    text = PROD + (
        'namespaces = ["payments", "search"]\nselector = "team=a,tier!=test"\nreach = "port-forward"\n'
        'kubectl = "./kubectl"\nallow_managed = true\nread_only = "default"\nprotected = true\n'
        'refresh = 10\ncolor = "red"\n'
    )
    (entry,) = read_config(written(tmp_path, text)).kubernetes
    assert entry == KubernetesEntry(
        name="prod",
        context="arn:aws:eks:eu-west-1:123:cluster/prod",
        namespaces=("payments", "search"),
        selector="team=a,tier!=test",
        reach="port-forward",
        kubectl=str(tmp_path / "kubectl"),
        allow_managed=True,
        read_only="default",
        protected=True,
        refresh=10.0,
        colour="red",
    )
    assert entry.wanted == Wanted(
        context=entry.context,
        namespaces=("payments", "search"),
        selector="team=a,tier!=test",
        reach="port-forward",
        kubectl=str(tmp_path / "kubectl"),
    )


def test_an_empty_entry_is_the_current_context_and_one_namespace_may_be_a_text(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, '[kubernetes.here]\n[kubernetes.all]\nnamespaces = "*"\n'))
    assert [(one.name, one.context, one.namespaces) for one in config.kubernetes] == [
        ("here", None, ()),
        ("all", None, ("*",)),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PROD + 'namespace = "a"', r"line 3: \[kubernetes.prod\] has no key 'namespace'.*'namespaces'"),
        (PROD + "namespaces = 3", "namespaces must be a list of texts.*not the number 3"),
        (PROD + "namespaces = []", "namespaces must not be an empty list: leave it out for that of the"),
        (PROD + 'namespaces = ["Upper"]', "namespaces must be names of namespaces.*not 'Upper'"),
        (PROD + 'namespaces = ["a", "*"]', "'\\*' alone, or names without it"),
        (PROD + f"namespaces = {[f'n{at}' for at in range(101)]}", "at most 100 names, not 101"),
        (PROD + 'selector = "a=b=c"', "selector can't be used: 'a=b=c' is not a requirement"),
        (PROD + 'reach = "tunnel"', "reach must be proxy or port-forward, not 'tunnel'"),
        (PROD + 'allow_managed = "yes"', "allow_managed must be true or false, not a text"),
        (PROD + "allow_managed = yes", "allow_managed.*true or false"),
        (PROD + "read_only = 1", "read_only must be true, false or"),
        (PROD + 'color = "reed"', "color must be .*did you mean 'red'"),
        (PROD + "refresh = 0", "refresh must be a number of seconds"),
        (PROD + 'ca = "a.pem"', "has no key 'ca'"),
        (PROD + 'user = "me"', "line 3: user needs password_file, password_command or password_env"),
        (PROD + 'password_env = "P"', "password_env needs user beside it"),
        (PROD + 'token_env = "T"\nuser = "me"', "user and a token cannot be used together"),
        (PROD + 'token_env = "T"\nreach = "proxy"', "line 4: reach = .proxy. can't carry a login"),
        (PROD + 'logins = "a"', "logins must be a list of tables"),
        (PROD + '[[kubernetes.prod.logins]]\ntoken_env = "T"', "line 3: logins need clusters"),
        (
            PROD + '[[kubernetes.prod.logins]]\nclusters = "a"\nusr = "T"',
            r"line 5: \[\[kubernetes.prod.logins\]\] has no key 'usr'; did you mean 'user'",
        ),
        (PROD + 'token = "x"', "a token must not stand in the config file"),
        ("[kubernetes]\nprod = 3", "prod must be a table, \\[kubernetes.prod\\]"),
        ("kubernetes = 3", "kubernetes must be a table, \\[kubernetes.NAME\\]"),
        ('[kubernetes."a b"]', "a name must not be empty, begin with '-' or hold spaces"),
        ('[kubernetes."a/b"]', "a name must not be empty"),
        ("[kubernets.prod]", "did you mean 'kubernetes'"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as error:
        read_config(written(tmp_path, text))
    assert "line" in str(error.value)


LOGINS = (
    '[kubernetes.prod]\ncontext = "prod"\ntoken_env = "ALL"\n'
    '[[kubernetes.prod.logins]]\nclusters = "prod/payments/*"\nuser = "me"\npassword_file = "p"\n'
    '[[kubernetes.prod.logins]]\nclusters = ["prod/*/odd"]\nheaders = {X-Team = "a"}\n'
)


def test_the_login_of_a_cluster_is_the_last_that_matches(tmp_path: Path) -> None:
    of = sources(tmp_path, LOGINS, environ={"FLINKTOP_TOKEN": "other", "FLINKTOP_TARGET": URL})
    (entry,) = of.file.kubernetes
    assert found(of, entry, "search/a").connection == Connection(URL, token=Secret("environment", "ALL"))
    assert found(of, entry).connection == Connection(
        URL, user="me", password=Secret("file", str(tmp_path / "p"))
    )
    assert found(of, entry, "payments/odd").connection == Connection(URL, headers=(("X-Team", "a"),))


def test_a_login_is_sent_to_clusters_of_its_context_alone(tmp_path: Path) -> None:
    of = sources(tmp_path, LOGINS)
    here, other = KubernetesArgs(context="prod"), KubernetesArgs(context="other")
    for names in ((), ("prod",)):
        (entry,) = replace(here, names=names).entries(of.file.kubernetes)
        assert found(of, entry, context="prod").connection.user == "me"
        (entry,) = replace(other, names=names).entries(of.file.kubernetes)
        assert found(of, entry, context="other").connection == Connection(URL)


def test_an_entry_may_bear_the_name_of_a_command_or_a_cluster(tmp_path: Path) -> None:
    text = '[clusters.prod]\nurl = "http://h:8081"\n[kubernetes.prod]\n[kubernetes.local]\n'
    assert [one.name for one in read_config(written(tmp_path, text)).kubernetes] == ["prod", "local"]


# -- the command line --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "args"),
    [
        ("kubernetes", KubernetesArgs()),
        ("kubernetes prod staging", KubernetesArgs(("prod", "staging"))),
        ("kubernetes --context c -n a --namespace b", KubernetesArgs((), "c", ("a", "b"))),
        ("kubernetes prod -A -l team=a", KubernetesArgs(("prod",), every_namespace=True, selector="team=a")),
        ("--context c kubernetes", KubernetesArgs((), "c")),
    ],
)
def test_the_command_and_its_options(line: str, args: KubernetesArgs) -> None:
    assert read_args(line.split()) == ("kubernetes", None, Flags(), args)


@pytest.mark.parametrize(
    ("line", "args"),
    [
        ("status --kubernetes", StatusArgs(kubernetes=KubernetesArgs())),
        ("status --json --kubernetes prod", StatusArgs(kubernetes=KubernetesArgs(("prod",)), form="json")),
        (
            "status --kubernetes --context c -A",
            StatusArgs(kubernetes=KubernetesArgs((), "c", every_namespace=True)),
        ),
        ("watch --kubernetes -n a", WatchArgs(kubernetes=KubernetesArgs((), None, ("a",)))),
        ("clusters --kubernetes --names", ClustersArgs(names=True, kubernetes=KubernetesArgs())),
        (
            "stop orders -n a --kubernetes",
            ActArgs("stop", "orders", kubernetes=KubernetesArgs((), None, ("a",))),
        ),
        ("bundle orders --kubernetes prod", BundleArgs("orders", kubernetes=KubernetesArgs(("prod",)))),
    ],
)
def test_other_commands_take_the_same(line: str, args: object) -> None:
    assert read_args(line.split())[3] == args


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("status --context c", "--context goes with --kubernetes"),
        ("watch -n a", "--namespace goes with --kubernetes"),
        ("cancel orders -n a", "--namespace goes with --kubernetes"),
        ("cancel --kubernetes prod orders", "required: JOB; it stands before --kubernetes"),
        ("clusters -A", "--all-namespaces goes with --kubernetes"),
        ("status --kubernetes --all", "--kubernetes and --all cannot be used together"),
        ("status prod --kubernetes", "--kubernetes and a TARGET cannot be used together"),
        ("kubernetes -A -n a", "--all-namespaces and --namespace cannot be used together"),
        ("kubernetes a b --context c", "--context goes with one NAME"),
        ("kubernetes --user me", "--user is for .*, not for 'kubernetes'"),
        ("open --context c", "--context is for .*'kubernetes'"),
        ("kubernetes --contxt c", "unknown option --contxt; did you mean '--context'"),
    ],
)
def test_what_does_not_go_together(line: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_args(line.split())


def test_an_option_beats_the_config() -> None:
    prod = KubernetesEntry(name="prod", context="p", namespaces=("a",), selector="x", protected=True)
    (entry,) = KubernetesArgs(("prod",), "other", ("b",), selector="y").entries((prod,))
    assert (entry.context, entry.namespaces, entry.selector, entry.protected) == ("other", ("b",), "y", True)
    assert KubernetesArgs(("prod",), every_namespace=True).entries((prod,))[0].namespaces == ("*",)
    assert KubernetesArgs().entries((prod,)) == (KubernetesEntry(),)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (KubernetesArgs(("prd",)), r"there is no \[kubernetes.prd\]; did you mean 'prod'\? .*prod"),
        (KubernetesArgs(namespaces=("A",)), "--namespace must be names of namespaces"),
        (KubernetesArgs(selector="a=b=c"), "--selector can't be used"),
    ],
)
def test_what_can_not_be_searched(args: KubernetesArgs, said: str) -> None:
    with pytest.raises(NotAllowed, match=said):
        args.entries((KubernetesEntry(name="prod"),))


def test_a_wrong_name_is_said_before_a_terminal_is_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(written(tmp_path, PROD))
    for command in ("kubernetes", "status --kubernetes", "watch --kubernetes", "clusters --kubernetes"):
        code = main(["--config", path, *command.split(), "prud"])
        assert code == (3 if "status" in command else 2)
        assert "there is no [kubernetes.prud]; did you mean 'prod'?" in capsys.readouterr().err


def test_a_login_of_the_command_line_is_for_no_cluster_found(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("status", "watch", "bundle job", "savepoint job"):
        assert main(["--config", "/dev/null", *command.split(), "--kubernetes", "--user", "me"]) in (2, 3)
        assert "--user is not for clusters found in Kubernetes" in capsys.readouterr().err


# -- the settings of what is found -------------------------------------------------------------------


def test_a_cluster_bears_the_name_of_its_entry_and_its_settings(tmp_path: Path) -> None:
    text = PROD + 'color = "red"\nprotected = true\nrefresh = 9\nread_only = true\nallow_managed = true\n'
    of = sources(tmp_path, text)
    profile = found(of, of.file.kubernetes[0])
    assert (profile.name, profile.connection.url) == ("prod/payments/orders", URL)
    assert (profile.colour, profile.protected, profile.refresh) == ("red", True, 9.0)
    assert (profile.connection.read_only, profile.allow_managed) == (True, True)
    plain = found(of, KubernetesEntry())
    assert (plain.name, plain.colour, plain.protected, plain.allow_managed) == (
        "payments/orders",
        None,
        False,
        False,
    )


def test_groups_apply_by_name_and_expected_jobs_of_all_clusters_do_not(tmp_path: Path) -> None:
    text = (
        'expect = ["orders"]\n[[groups]]\nclusters = "prod/*"\nname = "eks"\nread_only = true\n'
        '[[groups]]\nclusters = "*/payments/*"\nname = "money"\nprotected = true\n' + PROD
    )
    of = sources(tmp_path, text)
    profile = found(of, of.file.kubernetes[0])
    assert (profile.group, profile.protected, profile.connection.read_only) == ("money", True, True)
    assert profile.expect == ()


def test_read_only_by_flag_and_environment(tmp_path: Path) -> None:
    text = PROD + 'read_only = "default"\n'
    of = sources(tmp_path, text)
    assert found(of, of.file.kubernetes[0]).connection.read_only
    free = sources(tmp_path, text, environ={"FLINKTOP_READ_ONLY": "no"})
    assert not found(free, free.file.kubernetes[0]).connection.read_only
    flag = sources(tmp_path, PROD, Flags(config=str(tmp_path / "config.toml"), read_only=True))
    assert found(flag, KubernetesEntry()).connection.read_only


def test_the_guards_of_the_config_hold_for_a_context_that_is_named_on_the_command_line(
    tmp_path: Path,
) -> None:
    text = (
        '[kubernetes.a]\ncontext = "c"\nnamespaces = ["payments"]\nread_only = true\ncolor = "red"\n'
        '[kubernetes.b]\ncontext = "c"\nnamespaces = "*"\nprotected = true\nallow_managed = true\n'
        '[kubernetes.d]\ncontext = "d"\n'
    )
    of = sources(tmp_path, text)
    guarded = found(of, KubernetesEntry())
    assert (guarded.connection.read_only, guarded.protected, guarded.colour) == (True, True, "red")
    assert not guarded.allow_managed
    other = found(of, KubernetesEntry(), "search/index")
    assert (other.connection.read_only, other.protected, other.allow_managed) == (False, True, True)
    elsewhere = found(of, KubernetesEntry(), context="e")
    assert (elsewhere.connection.read_only, elsewhere.protected) == (False, False)
    # One that is named has its own.
    assert not found(of, of.file.kubernetes[2], context="c").protected


def test_names_and_labels_are_matched_whole() -> None:
    assert KubernetesEntry(name="prod").cluster("payments/orders") == "prod/payments/orders"
    assert re.fullmatch("[^/]+/[^/]+", KubernetesEntry().cluster("payments/orders"))
