"""`[kubernetes.NAME]` of the config file: where Flink clusters are searched in Kubernetes."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeVar

from flinktop import allowed
from flinktop.allowed import NotAllowed, SettingsError
from flinktop.flink.connection import Connection

if TYPE_CHECKING:
    from flinktop.kubernetes.wanted import Wanted

KEYS: Final = (
    "context", "namespaces", "selector", "reach", "kubectl", "allow_managed", "read_only", "protected",
    "refresh", "color", "logins",
)  # fmt: skip
LOGIN_KEYS: Final = (
    "user", "password_file", "password_command", "password_env", "token_file", "token_command", "token_env",
    "headers", "header_file", "cert", "key",
)  # fmt: skip
"""As those of [clusters.NAME]. No authorities: a port-forward ends in the pod itself, whose certificate is
not checked."""
EVERY: Final = "*"
"""The namespace that stands for all of them."""
REACHES: Final = ("proxy", "port-forward")
KUBECTL: Final = "kubectl"
NO_ADDRESS: Final = "http://kubernetes"
"""Of a login, until it is that of a cluster."""
MOST_NAMESPACES: Final = 100
ReadOnly = bool | Literal["default"]
T = TypeVar("T")
R = TypeVar("R")
_NAMESPACE: Final = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)


class Section(Protocol):
    """A table of the config file, as config_file.py reads it."""

    @property
    def values(self) -> dict[str, object]: ...
    def wrong(self, key: str, sentence: str) -> SettingsError: ...
    def refuse_unknown(self, keys: tuple[str, ...]) -> None: ...
    def section(self, key: str) -> "Any": ...  # Section | None
    def tables(self, key: str) -> "tuple[Any, ...]": ...  # of Section
    def connection(self, url: str) -> Connection: ...
    def text(self, key: str) -> str | None: ...
    def texts(self, key: str, *, words: bool = ...) -> tuple[str, ...] | None: ...
    def truth(self, key: str) -> bool | None: ...
    def read_only(self) -> ReadOnly | None: ...
    def seconds(self) -> float | None: ...
    def program(self, text: str, key: str) -> str: ...
    def checked(self, key: str, value: T | None, check: Callable[[T], R]) -> R | None: ...


@dataclass(frozen=True, slots=True)
class ClusterLogin:
    """What is sent to the Flink of some clusters: their login, headers and client certificate."""

    connection: Connection  # its address is none
    clusters: tuple[str, ...] | None = None  # names or patterns of names; None: all of the entry


@dataclass(frozen=True, slots=True)
class KubernetesEntry:
    """One `[kubernetes.NAME]`, or what the command line says; None is a missing key."""

    name: str = ""  # "" if it is from the command line
    context: str | None = None  # None: kubectl's current one
    namespaces: tuple[str, ...] = ()  # (): that of the context; EVERY: all
    selector: str = ""  # of labels, as kubectl takes it
    reach: Literal["proxy", "port-forward"] | None = None
    kubectl: str = KUBECTL
    allow_managed: bool = False  # acts that the Flink Kubernetes operator would undo are not refused
    read_only: ReadOnly | None = None
    protected: bool | None = None
    refresh: float | None = None  # s
    colour: str | None = None
    logins: tuple[ClusterLogin, ...] = ()  # the last that matches decides

    @property
    def wanted(self) -> "Wanted":
        """What is to be searched."""
        from flinktop.kubernetes.wanted import Wanted  # noqa: PLC0415 -- where it is searched

        return Wanted(
            context=self.context,
            namespaces=self.namespaces,
            selector=self.selector,
            reach=self.reach,
            kubectl=self.kubectl,
        )

    def cluster(self, found: str) -> str:
        """The name of a cluster in flinktop, by its namespace and name in Kubernetes."""
        return f"{self.name}/{found}" if self.name else found

    def login(self, found: str) -> Connection | None:
        """The login of a cluster, by its namespace and name in Kubernetes; None if it has none."""
        if not self.logins:
            return None
        from flinktop.judgement.patterns import matches  # noqa: PLC0415 -- few have one

        name = self.cluster(found)
        matching = (
            one.connection
            for one in reversed(self.logins)
            if one.clusters is None or matches(name, one.clusters)
        )
        return next(matching, None)


def read(top: Section) -> tuple[KubernetesEntry, ...]:
    """Read all entries. Raises SettingsError."""
    entries = top.section("kubernetes")
    return tuple(_entry(entries, name) for name in entries.values) if entries is not None else ()


def _entry(entries: Section, name: str) -> KubernetesEntry:
    try:
        allowed.plain_name(name)
    except NotAllowed as error:
        raise entries.wrong(name, str(error)) from None
    at: Section | None = entries.section(name)
    if at is None:
        raise entries.wrong(name, f"{name} must be a table: [kubernetes.{name}]")
    at.refuse_unknown((*KEYS, *LOGIN_KEYS))
    kubectl = at.text("kubectl")
    way = at.checked("reach", at.text("reach"), reach)
    logins = _logins(at)
    if logins and way == "proxy":
        raise at.wrong("reach", 'reach = "proxy" can\'t carry a login: such clusters need a port-forward')
    return KubernetesEntry(
        name=name,
        context=at.text("context"),
        namespaces=at.checked("namespaces", at.texts("namespaces"), namespaces) or (),
        selector=at.checked("selector", at.text("selector"), selector) or "",
        reach=way,
        kubectl=at.program(kubectl, "kubectl") if kubectl is not None else KUBECTL,
        allow_managed=at.truth("allow_managed") or False,
        read_only=at.read_only(),
        protected=at.truth("protected"),
        refresh=at.seconds(),
        colour=at.checked("color", at.text("color"), allowed.colour),
        logins=logins,
    )


def _logins(at: Section) -> tuple[ClusterLogin, ...]:
    """The login of an entry, if it has one, and those of single clusters."""
    logins = [ClusterLogin(_login(at))] if any(key in at.values for key in LOGIN_KEYS) else []
    for one in at.tables("logins"):
        one.refuse_unknown(("clusters", *LOGIN_KEYS))
        clusters = one.texts("clusters")
        if clusters is None:
            raise one.wrong(
                "", 'logins need clusters, names or patterns such as clusters = "prod/payments/*"'
            )
        logins.append(ClusterLogin(_login(one), clusters))
    return tuple(logins)


def _login(at: Section) -> Connection:
    login = at.connection(NO_ADDRESS)
    if login.user is not None and login.password is None:
        raise at.wrong("user", "user needs password_file, password_command or password_env beside it")
    if login.password is not None and login.user is None:
        wrong = next(key for key in at.values if key.startswith("password_"))
        raise at.wrong(wrong, f"{wrong} needs user beside it")
    return login


def reach(text: str) -> Literal["proxy", "port-forward"]:
    """Check how clusters are reached."""
    return "proxy" if allowed.one_of(text, REACHES) == "proxy" else "port-forward"


def namespaces(names: Iterable[str]) -> tuple[str, ...]:
    """Check namespaces, each once; EVERY stands alone."""
    found = tuple(dict.fromkeys(names))
    wrong = next((one for one in found if one != EVERY and not _NAMESPACE.fullmatch(one)), None)
    if wrong is not None:
        raise NotAllowed(
            f"must be names of namespaces, or '{EVERY}' for all: small letters, digits and '-', "
            f"not '{allowed.shown(wrong)}'"
        )
    if EVERY in found and len(found) > 1:
        raise NotAllowed(f"must be '{EVERY}' alone, or names without it")
    if len(found) > MOST_NAMESPACES:
        raise NotAllowed(
            f"must be at most {MOST_NAMESPACES} names, not {len(found)}: '{EVERY}' stands for all"
        )
    return found


def selector(text: str) -> str:
    """Check a selector of labels, which is returned as it is."""
    from flinktop.kubernetes.selectors import SelectorError  # noqa: PLC0415 -- few have one
    from flinktop.kubernetes.selectors import selector as read_selector  # noqa: PLC0415

    try:
        read_selector(text)
    except SelectorError as error:
        raise NotAllowed(f"can't be used: {error}") from None
    return text


def connection(
    entry: KubernetesEntry, context: str, found: str, url: str, entries: Iterable[KubernetesEntry]
) -> Connection:
    """How to connect to a cluster that was found, by its namespace and name there: with its login.

    For an entry of the command line it is the first that the config has for that context and namespace.
    """
    same = () if entry.name else _same(context, found.partition("/")[0], entries)
    login = next(filter(None, (one.login(found) for one in (entry, *same))), None)
    return replace(login, url=url) if login is not None else Connection(url)


def _same(context: str, namespace: str, entries: Iterable[KubernetesEntry]) -> list[KubernetesEntry]:
    return [one for one in entries if one.context == context and _is_in(namespace, one)]


def guarded(
    entry: KubernetesEntry, context: str, namespace: str, entries: Iterable[KubernetesEntry]
) -> KubernetesEntry:
    """The entry for a cluster that was found, if it is of the command line: with the guards of the config.

    What the config says of that context and namespace holds, whatever way leads there; of several entries
    the strictest.
    """
    same = _same(context, namespace, entries)
    if entry.name or not same:
        return entry
    from flinktop.groups import strictest  # noqa: PLC0415 -- as above

    return replace(
        entry,
        read_only=strictest(one.read_only for one in same),
        protected=any(one.protected for one in same),
        allow_managed=all(one.allow_managed for one in same),
        refresh=next((one.refresh for one in same if one.refresh is not None), None),
        colour=next((one.colour for one in same if one.colour is not None), None),
    )


def _is_in(namespace: str, entry: KubernetesEntry) -> bool:
    """Whether a namespace is, or may be, one of an entry's."""
    return not entry.namespaces or EVERY in entry.namespaces or namespace in entry.namespaces


def named(names: Iterable[str], entries: tuple[KubernetesEntry, ...]) -> tuple[KubernetesEntry, ...]:
    """The entries of these names. Raises NotAllowed for a name that there is not."""
    by_name = {one.name: one for one in entries}
    found = []
    for name in dict.fromkeys(names):
        if name not in by_name:
            have = f"those in the config: {', '.join(by_name)}" if by_name else "the config has none"
            raise NotAllowed(
                f"there is no [kubernetes.{allowed.shown(name)}]{allowed.near(name, by_name)} ({have}; "
                "a context of kubectl's is named by --context)"
            )
        found.append(by_name[name])
    return tuple(found)
