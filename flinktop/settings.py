"""Settings from config file, environment and flags, merged into frozen values.

Flags override the environment, the environment overrides the file, and within the file a cluster's own key
overrides the top level. The read-only guard can only be tightened: see `_read_only`.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlsplit

from platformdirs import PlatformDirs

from flinktop import allowed
from flinktop.addresses import CREDENTIALS_FOR, ShownJob, names, shown_job
from flinktop.allowed import THEMES, NotAllowed, SettingsError
from flinktop.config_file import (
    READ_ONLY_BY_DEFAULT,
    USUAL_JOURNAL,
    Cluster,
    ConfigFile,
    JournalBounds,
    ReadOnly,
    read_config,
)
from flinktop.flink.connection import Connection, Secret, normal_form

if TYPE_CHECKING:
    from flinktop.alert_rules import AlertRule, Notify
    from flinktop.column_names import ChosenColumns
    from flinktop.finding_rules import FindingRule
    from flinktop.groups import Group
    from flinktop.kubernetes_config import KubernetesEntry
    from flinktop.own_keys import OwnKeys

__all__ = [
    "THEMES",
    "Flags",
    "JournalBounds",
    "Paths",
    "Profile",
    "Settings",
    "SettingsError",
    "Sources",
    "each_once",
    "read_sources",
]

DEFAULT_TARGET: Final = "http://localhost:8081"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths of flinktop's files."""

    config: Path
    state: Path
    log: Path

    @property
    def operations(self) -> Path:
        """The ledger of operations."""
        return self.state / "operations.db"

    @property
    def journal(self) -> Path:
        """The journal of what happened on clusters."""
        return self.state / "journal.db"

    @property
    def failed_start(self) -> Path:
        """The directory with the logs of the last local Flink that did not start."""
        return self.state / "local-start"


@dataclass(frozen=True, slots=True)
class Profile:
    """The settings to open one cluster with."""

    name: str
    connection: Connection
    refresh: float | None  # seconds; None: the interval of the cluster's Web UI
    colour: str | None  # a name of allowed.COLOURS, or #rrggbb
    demo: bool = False  # the simulated cluster
    protected: bool = False  # a name must be typed before every act
    ends_with_us: bool = False  # started by `flinktop local`: deleted when flinktop ends
    shows: ShownJob | None = None  # the job to open, if the address is that of a job's page
    expect: tuple[str, ...] = ()  # names of jobs that should run, or patterns
    group: str = ""  # the name of its group in the config
    allow_managed: bool = False  # acts that the Flink Kubernetes operator would undo are not refused
    label: str = ""  # the name in tables, where it can be shorter

    @property
    def lets_everybody_in(self) -> bool:
        """Whether any user of this machine can run code on a Flink that flinktop has started."""
        return self.ends_with_us and self.connection.cert is None

    notes: tuple[str, ...] = ()  # messages to show once


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the whole program."""

    profiles: tuple[Profile, ...]
    default: str | None
    theme: str
    ascii: bool
    no_color: bool
    mouse: bool
    debug: bool
    paths: Paths
    notes: tuple[str, ...]  # messages to show once
    findings: "tuple[FindingRule, ...]" = ()  # the last that matches decides
    journal: JournalBounds = USUAL_JOURNAL
    alerts: "tuple[AlertRule, ...]" = ()  # likewise
    notify: "Notify | None" = None  # how flinktop calls; None: as usual
    columns: "Mapping[str, ChosenColumns]" = field(default_factory=dict)  # by table; the others as usual
    groups: "tuple[Group, ...]" = ()  # the last that matches decides
    wall: bool = False  # whether the monitor opens with the wall
    own: "OwnKeys | None" = None  # commands and links of one's own


@dataclass(frozen=True, slots=True)
class Flags:
    """The options of the command line, unchecked; None, False and () are options not given."""

    config: str | None = None
    refresh: str | None = None
    theme: str | None = None
    read_only: bool = False
    ascii: bool = False
    no_color: bool = False
    mouse: bool = False
    debug: bool = False
    wall: bool = False  # the monitor opens with the wall
    user: str | None = None
    password_file: str | None = None
    token_file: str | None = None
    token_command: str | None = None
    header: tuple[str, ...] = ()
    header_file: str | None = None
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    insecure: bool = False
    flink: str | None = None  # the release that the demo simulates
    no_tls: bool = False  # of the Flink that `flinktop local` starts


@dataclass(frozen=True, slots=True)
class Sources:
    """The three sources of settings, read and checked."""

    file: ConfigFile
    paths: Paths
    notes: tuple[str, ...]
    flags: Flags
    environ: Mapping[str, str]

    @property
    def settings(self) -> Settings:
        """Settings of the whole program. Raises SettingsError if an option or a variable is invalid."""
        theme = self._given("theme", lambda text: allowed.one_of(text, THEMES))
        return Settings(
            profiles=tuple(self._profile(cluster) for cluster in self.file.clusters),
            default=self.file.default,
            theme=theme or self.file.theme or "dark",
            ascii=bool(self.ascii_chosen),
            no_color=self.flags.no_color or bool(self.environ.get("NO_COLOR")),
            mouse=self.flags.mouse or self.file.mouse or False,
            debug=self.flags.debug,
            paths=self.paths,
            notes=self.notes,
            findings=self.file.findings,
            journal=self.file.journal,
            alerts=self.file.alerts,
            notify=self.file.notify,
            columns=self.file.columns,
            groups=self.file.groups,
            wall=self.flags.wall,
            own=self.file.own,
        )

    @property
    def ascii_chosen(self) -> bool | None:
        """Whether to draw ASCII only; None if not set."""
        return _first(self._given("ascii", allowed.truth), self.file.ascii)

    def profile(self, target: str | None = None) -> Profile:
        """The cluster to open, by its address or its name in the config.

        Without a target it is FLINKTOP_TARGET, else the config's default, else http://localhost:8081. An
        address of a cluster in the config, however it is spelled, means that cluster, with its login and
        guards.
        Raises SettingsError for an unknown name, an invalid address or contradicting options.
        """
        where = ""
        if target is None and (target := self.environ.get("FLINKTOP_TARGET")):
            where = "FLINKTOP_TARGET: "
        try:
            target = target or self.file.default or DEFAULT_TARGET
            cluster = self._cluster(target)
        except NotAllowed as error:
            raise SettingsError(f"{where}{error}") from None
        profile = self._profile(cluster)
        is_for_it = self._environment_is_for(cluster.connection.url)
        connection = _with_login(profile.connection, self.flags, self.environ, is_for_it=is_for_it)
        connection = _with_wire_options(connection, self.flags)
        notes = (
            *profile.notes,
            *_notes_on_login(connection, self.environ, is_for_it=is_for_it),
            *notes_on_files(connection),
        )
        return replace(profile, connection=connection, notes=notes, shows=shown_job(target))

    def url_of(self, target: str) -> str | None:
        """The address of a cluster by its name in the config or its address; None for an unknown name.

        Raises SettingsError for an invalid address.
        """
        known = target in {cluster.name for cluster in self.file.clusters}
        if not known and not allowed.is_address(target):
            return None
        try:
            return self._cluster(target).connection.url
        except NotAllowed as error:
            raise SettingsError(str(error)) from None

    def local(self, url: str, cert: Path | None = None, key: Path | None = None) -> Profile:
        """The cluster that `flinktop local` started; it has no login, even if the environment has one.

        Its certificate is also the only trusted CA; without one any user of this machine has access.
        """
        connection = Connection(url, ca=cert, cert=cert, key=key)
        return replace(self._profile(Cluster("local", connection)), ends_with_us=True, expect=())

    def demo(self) -> Profile:
        """The simulated cluster. Nothing is sent to its address."""
        profile = self._profile(Cluster("demo", Connection("http://demo:8081")))
        return replace(profile, demo=True, expect=())

    def found(
        self, entry: "KubernetesEntry", name: str, url: str, *, context: str, label: str = ""
    ) -> Profile:
        """A cluster that was found in Kubernetes: `name` is its namespace and name there.

        `url` says which cluster it is; it is no address to connect to. `label` is its name in tables.
        """
        from flinktop.kubernetes_config import connection, guarded  # noqa: PLC0415 -- loaded already

        reached = connection(entry, context, name, url, self.file.kubernetes)
        entry = guarded(entry, context, name.partition("/")[0], self.file.kubernetes)
        cluster = Cluster(
            name=entry.cluster(name),
            connection=reached,
            read_only=entry.read_only,
            refresh=entry.refresh,
            colour=entry.colour,
            protected=entry.protected,
            expect=(),
        )
        return replace(self._profile(cluster), allow_managed=entry.allow_managed, label=label)

    def _cluster(self, target: str) -> Cluster:
        by_name = {cluster.name: cluster for cluster in self.file.clusters}
        if target in by_name:
            return by_name[target]
        if not allowed.is_address(target):
            near = allowed.near(target, (*by_name, *allowed.COMMANDS))
            have = (
                f"clusters in the config: {', '.join(by_name)}" if by_name else "the config names no clusters"
            )
            raise NotAllowed(
                f"unknown command or cluster '{allowed.shown(target)}'{near} "
                f"({have}; a host is written host:port)"
            )
        url = allowed.address(target)
        parts = urlsplit(url)
        return self._at(url) or Cluster(f"{parts.netloc}{parts.path}", Connection(url))

    def _environment_is_for(self, url: str) -> bool:
        """Whether FLINKTOP_TOKEN, _USER and _PASSWORD may be sent to an address.

        They are for the hosts in FLINKTOP_CREDENTIALS_FOR, without it for the cluster that is opened if no
        target is given.
        """
        if hosts := self.environ.get(CREDENTIALS_FOR):
            try:
                return names(hosts, url)
            except NotAllowed as error:
                raise SettingsError(f"{CREDENTIALS_FOR} {error}") from None
        try:
            own = self._cluster(self.environ.get("FLINKTOP_TARGET") or self.file.default or DEFAULT_TARGET)
        except NotAllowed:
            return False
        return normal_form(own.connection.url) == normal_form(url)

    def _at(self, url: str) -> Cluster | None:
        """The cluster in the config with this address: by its spelling, else by its normal form.

        Of several the first, with the strictest guards of all: the address does not tell which one is meant.
        """
        clusters = self.file.clusters
        same = [cluster for cluster in clusters if cluster.connection.url == url]
        meant = normal_form(url)
        same = same or [one for one in clusters if normal_form(one.connection.url) == meant]
        if not same:
            return None
        marks = [self._configured_read_only(cluster) for cluster in same]
        strictest = next((mark for mark in (True, READ_ONLY_BY_DEFAULT) if mark in marks), marks[0])
        protected = any(self._protected(cluster) for cluster in same)
        return replace(same[0], read_only=strictest, protected=protected)

    def _profile(self, cluster: Cluster) -> Profile:
        """A cluster's profile, with the settings for all clusters."""
        refresh = self._given("refresh", allowed.seconds_text)
        group = self._group(cluster)
        colour = group.colour if group is not None else None
        return Profile(
            name=cluster.name,
            connection=replace(cluster.connection, read_only=self._read_only(cluster)),
            refresh=_first(refresh, cluster.refresh, group.refresh if group else None, self.file.refresh),
            colour=_first(cluster.colour, colour),
            protected=self._protected(cluster),
            notes=self._ignored(cluster),
            expect=_first(cluster.expect, self.file.expect) or (),
            group=group.name if group is not None else "",
        )

    def _group(self, cluster: Cluster) -> "Group | None":
        """What the groups of the config say of a cluster; None, and nothing imported, if there are none."""
        if not self.file.groups:
            return None
        from flinktop.groups import group_of  # noqa: PLC0415

        return group_of(cluster.name, self.file.groups)

    def _protected(self, cluster: Cluster) -> bool:
        group = self._group(cluster)
        return bool(_first(cluster.protected, group.protected if group is not None else None))

    def _configured_read_only(self, cluster: Cluster) -> ReadOnly | None:
        """What the config says: the cluster's own key or the top level, or a group that is stricter."""
        own: ReadOnly | None = _first(cluster.read_only, self.file.read_only)
        group = self._group(cluster)
        if group is None:
            return own
        from flinktop.groups import strictest  # noqa: PLC0415

        return strictest((own, group.read_only))

    def _read_only(self, cluster: Cluster) -> bool:
        """Whether a cluster is read-only; the environment can only override `read_only = "default"`."""
        given = self._given("read_only", allowed.truth)
        configured = self._configured_read_only(cluster)
        return bool(given) or configured is True or (configured == READ_ONLY_BY_DEFAULT and given is None)

    def _ignored(self, cluster: Cluster) -> tuple[str, ...]:
        """A note if FLINKTOP_READ_ONLY=no is ignored."""
        if not self._read_only(cluster) or self._given("read_only", allowed.truth) is not False:
            return ()
        note = (
            f"FLINKTOP_READ_ONLY=no is ignored: {cluster.name} is read-only by the config file, where "
            f'read_only = "{READ_ONLY_BY_DEFAULT}" would leave it to the environment'
        )
        return (note,)

    def _given(self, name: str, check: Callable[[str], T]) -> T | None:
        """The checked value of flag or environment; None if neither is set. A flag without value is "yes"."""
        flag, variable = f"--{name.replace('_', '-')}", f"FLINKTOP_{name.upper()}"
        given = getattr(self.flags, name)
        text = "yes" if given is True else given or self.environ.get(variable)
        where = flag if given else variable
        try:
            return check(text) if text else None
        except NotAllowed as error:
            raise SettingsError(f"{where} {error}") from None


def each_once(profiles: "Sequence[Profile]", done: str) -> "tuple[tuple[Profile, ...], tuple[str, ...]]":
    """Each cluster once, whatever names its address has, with the strictest guards of all; and notes on that.

    `done` is what is done with it under the first name, for the notes: "watched". Raises SettingsError if
    different clusters have one name.
    """
    found: dict[str, Profile] = {}
    notes: list[str] = []
    for profile in profiles:
        url = normal_form(profile.connection.url)
        same = found.setdefault(url, profile)
        if same is not profile:
            notes.append(f"{profile.name} and {same.name} are the same cluster: it is {done} as {same.name}")
            guarded = replace(
                same.connection, read_only=same.connection.read_only or profile.connection.read_only
            )
            protected = same.protected or profile.protected
            found[url] = replace(same, connection=guarded, protected=protected)
    named: dict[str, Profile] = {}
    for profile in found.values():
        other = named.setdefault(profile.name, profile)
        if other is not profile:
            raise SettingsError(
                f"two different clusters are named {profile.name}: {other.connection.url} and "
                f"{profile.connection.url}; give each a name of its own in the config file"
            )
    return tuple(found.values()), tuple(notes)


def usual_paths() -> Paths:
    """The default paths of files. Raises SettingsError for a user without a home directory."""
    places = PlatformDirs("flinktop", appauthor=False)
    try:
        state = places.user_state_path
        return Paths(places.user_config_path / "config.toml", state, state / "flinktop.log")
    except RuntimeError:
        # As in a container whose user is only a number, started without HOME.
        raise SettingsError(
            "this user has no home directory: set HOME, or XDG_CONFIG_HOME and XDG_STATE_HOME"
        ) from None


def read_sources(flags: Flags, environ: Mapping[str, str]) -> Sources:
    """Find and read the config file; it may be missing unless it was named.

    Raises SettingsError if it can't be read or is invalid: its guards (read_only, protected) must not be
    ignored silently.
    """
    named = flags.config or environ.get("FLINKTOP_CONFIG")
    where = "--config" if flags.config else "FLINKTOP_CONFIG"
    paths = usual_paths()
    path = _path(where, named) if named else paths.config
    paths = replace(paths, config=path)
    try:
        file = read_config(path)
        notes = (*_notes_on_config(path), *_notes_on_names(file))
        return Sources(file, paths, notes, flags, environ)
    except (FileNotFoundError, NotADirectoryError):
        if named:
            raise SettingsError(f"{where}: there is no config file {allowed.shown_path(path)}") from None
        return Sources(ConfigFile(), paths, (), flags, environ)
    except OSError as error:
        begin = f"{where}: " if named else ""
        reason = f"the config file {allowed.shown_path(path)} can't be read ({error.strerror})"
        else_ = "" if named else "; --config names another, /dev/null for none"
        raise SettingsError(f"{begin}{reason}{else_}") from None


def _notes_on_config(path: Path) -> tuple[str, ...]:
    """A note if other users can write the config file: its commands are run, and its guards trusted."""
    # Those without a config file do not need it.
    from flinktop.open_files import others_write  # noqa: PLC0415

    # The null device never has content.
    if str(path) == os.devnull or not others_write(path):
        return ()
    return (f"other users can write the config file {path}: chmod go-w it and its directory",)


def _notes_on_names(file: ConfigFile) -> tuple[str, ...]:
    """Notes about clusters with the name of a command that came later."""
    names = (cluster.name for cluster in file.clusters)
    return tuple(
        f"the cluster '{name}' has the name of a command: `flinktop open {name}` opens it"
        for name in names
        if name in allowed.LATER_COMMANDS
    )


def notes_on_files(connection: Connection) -> tuple[str, ...]:
    """Notes about files with secrets that other users can read."""
    named = (
        ("password", _file_of(connection.password)),
        ("token", _file_of(connection.token)),
        ("headers", connection.header_file),
        ("key", connection.key),
    )
    files = [(name, path) for name, path in named if path is not None]
    if not files:
        return ()
    from flinktop.open_files import others_read  # noqa: PLC0415 -- few connections have any

    return tuple(
        f"other users can read the file with the {name}, {path}: chmod go-r it"
        for name, path in files
        if others_read(path)
    )


def _file_of(secret: Secret | None) -> Path | None:
    return Path(secret.source).expanduser() if secret is not None and secret.kind == "file" else None


@dataclass(frozen=True, slots=True)
class _Login:
    """The login from one of the three sources."""

    user: str | None = None
    password: Secret | None = None
    token: Secret | None = None


def _with_login(
    connection: Connection, flags: Flags, environ: Mapping[str, str], *, is_for_it: bool
) -> Connection:
    """The login of the first source that has a token or a user; the password may be from another source.

    The sources are the flags, then the config of this cluster, then the environment if `is_for_it`. A
    password in the environment alone is no login: it may be for another cluster.
    """
    environment = _login_of_environment(environ)
    places = (
        _login_of_flags(flags),
        _Login(connection.user, connection.password, connection.token),
        environment if is_for_it else _Login(),
    )
    first = next((place for place in places if place.token or place.user is not None), None)
    connection = replace(connection, login_yields=first is places[2])
    if first is not None and first.token:
        return replace(connection, user=None, password=None, token=first.token)
    password = _first(*(place.password for place in places))
    if first is None:
        if password and password != places[2].password:
            raise SettingsError(
                "there is a password but no user: give --user, FLINKTOP_USER or user in the config"
            )
        return replace(connection, password=None)
    if password is None:
        elsewhere = f"; {_not_sent(['FLINKTOP_PASSWORD'], connection.url)}" if environment.password else ""
        raise SettingsError(
            f"the user '{allowed.shown(first.user or '')}' has no password: give --password-file, "
            f"FLINKTOP_PASSWORD, or password_file, password_command or password_env in the config{elsewhere}"
        )
    return replace(connection, user=first.user, password=password, token=None)


def _notes_on_login(
    connection: Connection, environ: Mapping[str, str], *, is_for_it: bool
) -> tuple[str, ...]:
    """Notes about the login of a cluster, or about a missing one."""
    variables = [name for name in ("FLINKTOP_TOKEN", "FLINKTOP_USER") if environ.get(name)]
    if variables and not is_for_it and connection.token is None and connection.user is None:
        return (_not_sent(variables, connection.url),)
    if not connection.login_unencrypted:
        return ()
    who = "the password, token or headers sent to it can be read on the network"
    return (f"{connection.url} is not encrypted: {who}",)


def _not_sent(variables: Sequence[str], url: str) -> str:
    """A note that environment variables are not used for a cluster, and how to allow it."""
    are = f"{' and '.join(variables)} {'is' if len(variables) == 1 else 'are'}"
    assignment = f"{CREDENTIALS_FOR}={urlsplit(url).netloc}"
    return f"{are} for another cluster and not sent to {url}: {assignment} allows them for this one"


def _login_of_flags(flags: Flags) -> _Login:
    if flags.token_file and flags.token_command:
        raise SettingsError("--token-file and --token-command cannot be used together")
    token = Secret("command", flags.token_command) if flags.token_command else None
    if flags.token_file:
        token = Secret("file", str(_readable("--token-file", flags.token_file)))
    if token and (flags.user or flags.password_file):
        raise SettingsError(
            "a token and --user or --password-file cannot be used together: a request can carry one of them"
        )
    file = _readable("--password-file", flags.password_file) if flags.password_file else None
    return _Login(flags.user, Secret("file", str(file)) if file else None, token)


def _login_of_environment(environ: Mapping[str, str]) -> _Login:
    user = environ.get("FLINKTOP_USER") or None
    password = Secret("environment", "FLINKTOP_PASSWORD") if environ.get("FLINKTOP_PASSWORD") else None
    token = Secret("environment", "FLINKTOP_TOKEN") if environ.get("FLINKTOP_TOKEN") else None
    if token and user:
        raise SettingsError(
            "FLINKTOP_TOKEN and FLINKTOP_USER cannot be used together: a request can carry one of them"
        )
    return _Login(user, password, token)


def _with_wire_options(connection: Connection, flags: Flags) -> Connection:
    """Set headers, CA and client certificate: flags override the config. Raises for missing files."""
    headers = {name.lower(): (name, value) for name, value in connection.headers}
    for line in flags.header:
        try:
            name, value = allowed.header_line(line)
        except NotAllowed as error:
            raise SettingsError(f"--header: {error}") from None
        headers[name.lower()] = (name, value)
    if flags.key and not (flags.cert or connection.cert):
        raise SettingsError("--key needs --cert beside it, the certificate that it belongs to")
    own_key = None if flags.cert else connection.key
    return replace(
        connection,
        headers=tuple(headers.values()),
        header_file=_file("header_file", flags.header_file, connection.header_file),
        ca=_file("ca", flags.ca, connection.ca),
        cert=_file("cert", flags.cert, connection.cert),
        key=_file("key", flags.key, own_key),
        insecure=flags.insecure or connection.insecure,
    )


def _file(name: str, flag: str | None, configured: Path | None) -> Path | None:
    """The file from flag or config. Raises SettingsError if it can't be read."""
    if flag:
        return _readable(f"--{name.replace('_', '-')}", flag)
    return None if configured is None else _readable(f"{name} in the config", str(configured))


def _readable(where: str, text: str) -> Path:
    path = _path(where, text)
    if not os.access(path, os.R_OK):
        raise SettingsError(f"{where}: {allowed.shown_path(path)} is not there or can't be read")
    return path


def _path(where: str, text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise SettingsError(
            f"{where}: there is no home directory for the '~' in {allowed.shown(text)}"
        ) from None


def _first(*values: T | None) -> T | None:
    """The first value that is not None."""
    return next((value for value in values if value is not None), None)
