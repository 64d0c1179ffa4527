"""Reads the config file: TOML with named clusters; every error has file, line and the allowed values."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from flinktop import allowed
from flinktop.allowed import NotAllowed, SettingsError
from flinktop.flink.connection import Connection, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.alert_rules import AlertRule, Notify
    from flinktop.column_names import ChosenColumns
    from flinktop.finding_rules import FindingRule
    from flinktop.groups import Group
    from flinktop.kubernetes_config import KubernetesEntry
    from flinktop.own_keys import OwnKeys

MOST_BYTES: Final = 1_000_000
TOP_KEYS: Final = (
    "default", "theme", "ascii", "mouse", "refresh", "read_only", "expect", "findings", "alerts", "notify",
    "journal", "columns", "commands", "links", "opener", "clusters", "kubernetes", "groups",
)  # fmt: skip
CLUSTER_KEYS: Final = (
    "url", "user", "password_file", "password_command", "password_env", "token_file", "token_command",
    "token_env", "headers", "header_file", "ca", "cert", "key", "insecure", "tunnel", "read_only",
    "protected", "refresh", "color", "expect",
)  # fmt: skip
JOURNAL_KEYS: Final = ("days", "megabytes")
RULE_KEYS: Final = ("clusters", "jobs", "kind", "severity", "off", "limit")
ALERT_KEYS: Final = ("clusters", "jobs", "kind", "severity", "for", "between", "off")
COLUMNS_KEYS: Final = ("show",)
NAMED: Final = ("clusters", "kubernetes")
LISTS: Final = ("findings", "alerts", "groups", "commands", "links", "logins")
"""Keys whose tables are written in two brackets."""
OWN_KEYS: Final = frozenset(("commands", "links", "opener"))
NOTIFY_KEYS: Final = ("bell", "desktop", "title", "command", "repeat")

READ_ONLY_BY_DEFAULT: Final = "default"  # `read_only` that FLINKTOP_READ_ONLY=no overrides, unlike true
_NOT_TEXT: Final = {
    **dict.fromkeys(
        ("ascii", "mouse", "insecure", "protected", "off", "bell", "title", "reads", "allow_managed"),
        "true or false",
    ),
    "read_only": f'true, false or "{READ_ONLY_BY_DEFAULT}"',
    "refresh": allowed.SECONDS,
    "limit": "a number",
    "days": allowed.DAYS,
    "megabytes": allowed.MEGABYTES,
    "namespaces": 'a list of texts: ["payments", "search"], or "*" for all',
    **dict.fromkeys(("expect", "clusters", "jobs"), 'a list of texts: ["orders", "billing-*"]'),
    **dict.fromkeys(("for", "repeat"), 'a duration in quotes, such as "30s", "5m" or "2h"'),
    "command": 'a list of texts, program and arguments: ["notify", "--title", "flinktop"]',
    "run": 'a list of texts, program and arguments: ["kubectl", "logs", "-f", "{taskmanager}"]',
    "opener": 'a list of texts, program and arguments: ["xdg-open", "{url}"]',
    "tunnel": (
        'a list of texts, program and arguments: ["ssh", "-N", "-L", "{port}:jobmanager:8081", "bastion"]'
    ),
}
"""The type of a key's value, for messages; other keys are text."""
_KINDS: Final[dict[type, str]] = {str: "text", dict: "table", list: "list"}
ReadOnly = bool | Literal["default"]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Cluster:
    """One `[clusters.NAME]` in the file; None is a missing key."""

    name: str
    connection: Connection  # its read_only is not decided yet
    read_only: ReadOnly | None = None
    refresh: float | None = None
    colour: str | None = None
    protected: bool | None = None
    expect: tuple[str, ...] | None = None  # names of jobs that should run, or patterns


@dataclass(frozen=True, slots=True)
class JournalBounds:
    """`[journal]`: for how long events are kept, and how much of the disk they may take."""

    days: float = 90.0
    megabytes: int = 64


USUAL_JOURNAL: Final = JournalBounds()


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """The content of the config file; None is a missing key."""

    clusters: tuple[Cluster, ...] = ()
    default: str | None = None
    theme: str | None = None
    ascii: bool | None = None
    mouse: bool | None = None
    refresh: float | None = None
    read_only: ReadOnly | None = None
    expect: tuple[str, ...] | None = None  # for clusters that have none of their own
    findings: "tuple[FindingRule, ...]" = ()  # in the order of the file: the last that matches decides
    journal: JournalBounds = USUAL_JOURNAL
    alerts: "tuple[AlertRule, ...]" = ()  # likewise
    notify: "Notify | None" = None
    columns: "Mapping[str, ChosenColumns]" = field(default_factory=dict)  # by table
    groups: "tuple[Group, ...]" = ()  # in the order of the file: the last that matches decides
    own: "OwnKeys | None" = None  # commands and links of one's own
    kubernetes: "tuple[KubernetesEntry, ...]" = ()  # where clusters are searched


def read_config(path: Path) -> ConfigFile:
    """Read and check a config file. Raises OSError if it can't be read, SettingsError if it is invalid."""
    with path.open("rb") as file:
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise SettingsError(f"{path} is larger than {MOST_BYTES:,} bytes: not a flinktop config file")
    # Most users have no such file: TOML is imported only if needed.
    import tomllib  # noqa: PLC0415

    from flinktop.toml_places import mistake  # noqa: PLC0415

    try:
        # Some editors put a byte order mark in front, which TOML does not know.
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{path}, line {line}: not UTF-8 text, as TOML must be") from None
    try:
        values = tomllib.loads(text)
    except ValueError as error:  # also from int() for thousands of digits
        raise SettingsError(f"{path}{mistake(text, error, _wanted)}") from None
    except RecursionError:
        raise SettingsError(f"{path}: brackets nested deeper than any setting needs") from None
    return _config(_Section(path, text, (), values))


def _config(top: "_Section") -> ConfigFile:
    top.refuse_unknown(TOP_KEYS)
    clusters = top.section("clusters")
    config = ConfigFile(
        clusters=tuple(_cluster(clusters, name) for name in clusters.values) if clusters else (),
        default=top.text("default"),
        theme=top.checked("theme", top.text("theme"), lambda text: allowed.one_of(text, allowed.THEMES)),
        ascii=top.truth("ascii"),
        mouse=top.truth("mouse"),
        refresh=top.seconds(),
        read_only=top.read_only(),
        expect=top.texts("expect"),
        findings=tuple(_rule(at) for at in top.tables("findings")),
        journal=_journal(top.section("journal")),
        alerts=tuple(_alert_rule(at) for at in top.tables("alerts")),
        notify=_notify(top.section("notify")),
        columns=_columns(top.section("columns")),
        groups=tuple(_group(at) for at in top.tables("groups")),
        own=_own_keys(top),
        kubernetes=_kubernetes(top),
    )
    if any(cluster.connection.tunnel for cluster in config.clusters):
        from flinktop import tunnel_config  # noqa: PLC0415

        if wrong := tunnel_config.misleading_url((one.name, one.connection) for one in config.clusters):
            at, sentence = wrong
            raise _Section(top.file, top.source, ("clusters", at), {}).wrong("url", sentence)
    names = [cluster.name for cluster in config.clusters]
    if config.default is not None and config.default not in names:
        have = (
            f"the clusters here are {', '.join(names)}" if names else "there is no [clusters.…] in this file"
        )
        shown = allowed.shown(config.default)
        near = allowed.near(config.default, names)
        raise top.wrong("default", f"default names no cluster: '{shown}'{near} ({have})")
    return config


def _cluster(clusters: "_Section", name: str) -> Cluster:
    try:
        allowed.cluster_name(name)
    except NotAllowed as error:
        raise clusters.wrong(name, str(error)) from None
    at = clusters.section(name)
    if at is None:
        raise clusters.wrong(name, f"{name} must be a table: [clusters.{name}]")
    at.refuse_unknown(CLUSTER_KEYS)
    url = at.checked("url", at.text("url"), allowed.address, ":")
    if url is None:
        raise clusters.wrong(name, f'[clusters.{name}] needs a url, such as url = "http://localhost:8081"')
    return Cluster(
        name=name,
        connection=replace(at.connection(url), tunnel=_tunnel(at)),
        read_only=at.read_only(),
        refresh=at.seconds(),
        colour=at.checked("color", at.text("color"), allowed.colour),
        protected=at.truth("protected"),
        expect=at.texts("expect"),
    )


def _group(at: "_Section") -> "Group":
    # Few config files have groups: nothing of them is imported for the others.
    from flinktop import groups  # noqa: PLC0415

    at.refuse_unknown(groups.KEYS)
    clusters, name = at.texts("clusters"), at.text("name")
    if clusters is None:
        raise at.wrong("", '[[groups]] needs clusters, names or patterns such as clusters = "prod-*"')
    if name is None:
        raise at.wrong("", '[[groups]] needs a name, such as name = "prod"')
    return groups.Group(
        clusters=clusters,
        name=at.checked("name", name, allowed.group_name) or "",
        colour=at.checked("color", at.text("color"), allowed.colour),
        read_only=at.read_only(),
        protected=at.truth("protected"),
        refresh=at.seconds(),
    )


def _tunnel(at: "_Section") -> tuple[str, ...]:
    if "tunnel" not in at.values:
        return ()
    # Few config files have such a key: nothing of it is imported for the others.
    from flinktop import tunnel_config  # noqa: PLC0415

    if isinstance(at.values["tunnel"], str):
        raise at.wrong("tunnel", f"tunnel must be {_NOT_TEXT['tunnel']}; no shell takes it apart")
    words = at.checked("tunnel", at.texts("tunnel", words=True), tunnel_config.command) or ()
    return (at.program(words[0], "tunnel"), *words[1:])


def _journal(at: "_Section | None") -> JournalBounds:
    if at is None:
        return USUAL_JOURNAL
    at.refuse_unknown(JOURNAL_KEYS)
    days = at.checked("days", at.number("days"), allowed.days)
    megabytes = at.checked("megabytes", at.number("megabytes"), allowed.megabytes)
    return JournalBounds(
        USUAL_JOURNAL.days if days is None else days,
        USUAL_JOURNAL.megabytes if megabytes is None else megabytes,
    )


def _columns(at: "_Section | None") -> "Mapping[str, ChosenColumns]":
    if at is None:
        return {}
    # As few config files as have such rules.
    from flinktop import column_names  # noqa: PLC0415

    found: dict[str, ChosenColumns] = {}
    for name in at.values:
        try:
            table = column_names.table_named(name)
        except NotAllowed as error:
            raise at.wrong(name, f"[columns]: {error}") from None
        of_table = at.section(name)
        if of_table is None or not of_table.values:
            usual = ", ".join(f'"{one}"' for one in table.usual)
            raise at.wrong(name, f"[columns.{name}] needs show; as usual: show = [{usual}]")
        of_table.refuse_unknown(COLUMNS_KEYS)
        show = of_table.checked("show", of_table.texts("show"), partial(column_names.chosen_columns, table))
        if show is not None:
            found[name] = show
    return found


def _kinds_and_jobs(at: "_Section") -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    # Few config files have such rules: nothing of them is imported for the others.
    from flinktop import finding_rules  # noqa: PLC0415

    kinds = at.texts("kind")
    for kind in kinds or ():
        at.checked("kind", kind, finding_rules.kind)
    jobs = at.texts("jobs")
    of_cluster = [one for one in kinds or () if one in finding_rules.OF_CLUSTER]
    if jobs is not None and of_cluster:
        raise at.wrong("jobs", f"{of_cluster[0]} is a finding of the cluster, not of jobs: leave jobs out")
    return kinds, jobs


def _alert_rule(at: "_Section") -> "AlertRule":
    from flinktop import alert_rules  # noqa: PLC0415

    at.refuse_unknown(ALERT_KEYS)
    kinds, jobs = _kinds_and_jobs(at)
    rule = alert_rules.AlertRule(
        clusters=at.texts("clusters"),
        jobs=jobs,
        kinds=kinds,
        severity=at.checked("severity", at.text("severity"), alert_rules.severity),
        wait=at.duration("for", 0.0, alert_rules.LONGEST_WAIT),
        between=at.checked("between", at.text("between"), alert_rules.between),
        off=at.truth("off"),
    )
    if not at.values:
        raise at.wrong("", f"[[alerts]] needs a key: {allowed.listed(ALERT_KEYS)}")
    if rule.off and rule.wait is not None:
        raise at.wrong("off", "off and for cannot be used together: keep one")
    return rule


def _notify(at: "_Section | None") -> "Notify | None":
    if at is None:
        return None
    from flinktop import alert_rules  # noqa: PLC0415

    at.refuse_unknown(NOTIFY_KEYS)
    usual = alert_rules.Notify()
    bell, title = at.truth("bell"), at.truth("title")
    desktop = at.checked(
        "desktop", at.text("desktop"), lambda text: allowed.one_of(text, alert_rules.DESKTOPS)
    )
    command = at.checked("command", at.texts("command", words=True), alert_rules.command)
    if command:
        command = (at.program(command[0], "command"), *command[1:])
    repeat = at.duration("repeat", alert_rules.SHORTEST_REPEAT, alert_rules.LONGEST_REPEAT)
    if repeat is not None and not command:
        raise at.wrong("repeat", "repeat needs command beside it: it is the command that is started again")
    return alert_rules.Notify(
        bell=usual.bell if bell is None else bell,
        desktop=desktop or usual.desktop,
        title=usual.title if title is None else title,
        command=command or (),
        repeat=repeat,
    )


def _own_keys(top: "_Section") -> "OwnKeys | None":
    if not OWN_KEYS & top.values.keys():
        return None
    from flinktop import own_keys  # noqa: PLC0415 -- as above

    return own_keys.read(top)


def _kubernetes(top: "_Section") -> "tuple[KubernetesEntry, ...]":
    if "kubernetes" not in top.values:
        return ()
    from flinktop import kubernetes_config  # noqa: PLC0415 -- as above

    return kubernetes_config.read(top)


def _rule(at: "_Section") -> "FindingRule":
    # Few config files have such rules: nothing of them is imported for the others.
    from flinktop import finding_rules  # noqa: PLC0415

    at.refuse_unknown(RULE_KEYS)
    kinds, jobs = _kinds_and_jobs(at)
    rule = finding_rules.FindingRule(
        clusters=at.texts("clusters"),
        jobs=jobs,
        kinds=kinds,
        severity=at.checked("severity", at.text("severity"), finding_rules.severity),
        off=at.truth("off"),
        limit=at.checked("limit", at.number("limit"), lambda value: finding_rules.limit(value, kinds)),
    )
    if rule.severity is None and rule.off is None and rule.limit is None:
        raise at.wrong("", "[[findings]] needs severity, off or limit: what it says of the findings")
    if rule.off and (rule.severity or rule.limit is not None):
        other = "severity" if rule.severity else "limit"
        raise at.wrong("off", f"off and {other} cannot be used together: keep one")
    return rule


@dataclass(frozen=True, slots=True)
class _Section:
    """One table of the file: reads values by type, and reports errors with their lines."""

    file: Path
    source: str
    place: tuple[str, ...]
    values: dict[str, object]

    def wrong(self, key: str, sentence: str) -> SettingsError:
        from flinktop.toml_places import lines_of_keys  # noqa: PLC0415 -- for a mistake alone

        lines = lines_of_keys(self.source)
        line = lines.get((*self.place, key)) or lines.get(self.place) or lines.get(self.place[:1])
        return SettingsError(f"{self.file}{f', line {line}' if line else ''}: {sentence}")

    def refuse_unknown(self, keys: tuple[str, ...]) -> None:
        title = f"[{'.'.join(self.place)}]" if self.place else "the top of the file"
        if self.place and self.place[-1].isdecimal() and self.place[-2] in LISTS:
            title = f"[[{'.'.join(self.place[:-1])}]]"
        for key in (key for key in self.values if key not in keys):
            if key in ("password", "token"):
                raise self.wrong(
                    key,
                    f"a {key} must not stand in the config file: write {key}_file, {key}_command or "
                    f"{key}_env, which name the file, the command or the environment variable that holds it",
                )
            shown, near = allowed.shown(key), allowed.near(key, keys)
            raise self.wrong(key, f"{title} has no key '{shown}'{near}; its keys are {', '.join(keys)}")

    def section(self, key: str) -> "_Section | None":
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            title = ".".join((*self.place, key))
            raise self.wrong(
                key, f"{key} must be a table, [{title}{'.NAME' if key in NAMED else ''}], {_not(value)}"
            )
        return _Section(self.file, self.source, (*self.place, key), value)

    def tables(self, key: str) -> "tuple[_Section, ...]":
        """The tables of a list, [[KEY]]."""
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.wrong(key, f"{key} must be a list of tables, [[{key}]], {_not(value)}")
        return tuple(
            _Section(self.file, self.source, (*self.place, key, str(number)), one)
            for number, one in enumerate(value)
        )

    def texts(self, key: str, *, words: bool = False) -> tuple[str, ...] | None:
        """A list of texts; one text is a list of one. `words` of a command may hold any text."""
        value = self.values.get(key)
        if value is None:
            return None
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
            wrong = (
                next((one for one in texts if not isinstance(one, str)), None)
                if isinstance(texts, list)
                else value
            )
            example = '["state", "job"]' if key == "show" else '["a", "b-*"]'
            raise self.wrong(key, f"{key} must be a list of texts in quotes, {example}, {_not(wrong)}")
        if not texts and key != "expect":
            usual = {"show": "for the usual ones", "namespaces": "for that of the context"}
            else_ = "for none" if words else usual.get(key, "for all")
            raise self.wrong(key, f"{key} must not be an empty list: leave it out {else_}")
        if words and any("\0" in one for one in texts):
            raise self.wrong(key, f"{key} must not hold NUL characters")
        for one in texts if not words else texts[:1]:
            if not (one and one.isprintable()):
                raise self.wrong(
                    key, f"{key} must hold texts of one line, not empty and without control characters"
                )
        return tuple(texts)

    def number(self, key: str) -> float | None:
        value = self.values.get(key)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        raise self.wrong(key, f"{key} must be {_NOT_TEXT[key]}, {_not(value)}")

    def text(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is not None and not isinstance(value, str):
            raise self.wrong(key, f"{key} must be a text in quotes, {_not(value)}")
        if value is not None and not (value and value.isprintable()):
            raise self.wrong(key, f"{key} must be one line of text, not empty and without control characters")
        return value

    def truth(self, key: str) -> bool | None:
        value = self.values.get(key)
        if value is None or isinstance(value, bool):
            return value
        raise self.wrong(key, f"{key} must be {_NOT_TEXT[key]}, {_not(value)}")

    def read_only(self) -> ReadOnly | None:
        by_default = self.values.get("read_only") == READ_ONLY_BY_DEFAULT
        return READ_ONLY_BY_DEFAULT if by_default else self.truth("read_only")

    def seconds(self) -> float | None:
        value = self.values.get("refresh")
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return self.checked("refresh", value, allowed.seconds)
        raise self.wrong("refresh", f"refresh must be {allowed.SECONDS}, {_not(value)}")

    def duration(self, key: str, least: float, most: float) -> float | None:
        """A duration such as "30s", from `least` to `most` (s), in seconds."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, str):
            raise self.wrong(key, f"{key} must be {_NOT_TEXT[key]}, {_not(value)}")
        return self.checked(key, self.text(key), lambda text: allowed.duration(text, least, most))

    def checked(self, key: str, value: T | None, check: Callable[[T], R], after: str = "") -> R | None:
        """A value after a check; `after` is put between key and message in an error."""
        try:
            return None if value is None else check(value)
        except NotAllowed as error:
            raise self.wrong(key, f"{key}{after} {error}") from None

    def path(self, key: str) -> Path | None:
        """A path; relative ones are relative to the config file's directory."""
        text = self.text(key)
        return None if text is None else self.below(text, key)

    def below(self, text: str, key: str) -> Path:
        """The path that a text of a key names."""
        try:
            return self.file.parent / Path(text).expanduser()
        except RuntimeError:
            raise self.wrong(key, f"{key}: there is no home directory for the '~' in it") from None

    def program(self, text: str, key: str) -> str:
        """A program: one of the PATH, or a path as that of `path`."""
        return str(self.below(text, key)) if text.startswith("~") or "/" in text else text

    def secret(self, key: str) -> Secret | None:
        """KEY_file, KEY_command or KEY_env; at most one of them."""
        kinds = [f"{key}_{kind}" for kind in ("file", "command", "env") if f"{key}_{kind}" in self.values]
        if len(kinds) > 1:
            raise self.wrong(kinds[1], f"{' and '.join(kinds)} cannot be used together: keep one")
        if (file := self.path(f"{key}_file")) is not None:
            return Secret("file", str(file))
        if (command := self.text(f"{key}_command")) is not None:
            return Secret("command", command)
        variable = self.text(f"{key}_env")
        return Secret("environment", variable) if variable is not None else None

    def connection(self, url: str) -> Connection:
        """How to connect to an address: login, headers and TLS settings that this table has keys for."""
        password, token = self.secret("password"), self.secret("token")
        if token and (password or "user" in self.values):
            other = (
                "user" if "user" in self.values else next(k for k in self.values if k.startswith("password_"))
            )
            raise self.wrong(
                other, f"{other} and a token cannot be used together: a request can carry one of them"
            )
        if "key" in self.values and "cert" not in self.values:
            raise self.wrong("key", "key needs cert beside it, the certificate that it belongs to")
        return Connection(
            url=url,
            user=self.text("user"),
            password=password,
            token=token,
            headers=self.headers(),
            header_file=self.path("header_file"),
            ca=self.path("ca"),
            cert=self.path("cert"),
            key=self.path("key"),
            insecure=self.truth("insecure") or False,
        )

    def headers(self) -> tuple[tuple[str, str], ...]:
        at = self.section("headers")
        if at is None:
            return ()
        found = []
        for name, value in at.values.items():
            if not isinstance(value, str):
                raise at.wrong(
                    name, f"the header {allowed.shown(name)} must be a text in quotes, {_not(value)}"
                )
            try:
                found.append(allowed.header(name, value))
            except NotAllowed as error:
                raise at.wrong(name, str(error)) from None
        return tuple(found)


def _wanted(key: str) -> str:
    """The required type of a key's value, for a value without quotes."""
    return _NOT_TEXT.get(key, f'a text in quotes: {key} = "..."')


def _not(value: object) -> str:
    """A description of a wrong value; a text is not repeated, as it may be a secret at the wrong key."""
    if isinstance(value, bool):
        return f"not {'true' if value else 'false'}"
    if isinstance(value, int | float):
        return f"not the number {value}"
    return f"not a {_KINDS.get(type(value), 'date or time')}"
