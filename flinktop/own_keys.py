"""`[[commands]]`, `[[links]]` and `opener` of the config file: commands and links of one's own.

What they are filled with is computed in `flinktop.facts.own_values`; a test holds the names together.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from flinktop import taken_keys
from flinktop.alert_rules import MOST_WORDS
from flinktop.allowed import NotAllowed, SettingsError, listed, near, one_of, shown
from flinktop.templates import NotFilled, Template, template

ON: Final = tuple(taken_keys.PLACES)
HOWS: Final = ("terminal", "quiet", "background")
COMMAND_KEYS: Final = ("key", "on", "name", "run", "how", "reads", "clusters")
LINK_KEYS: Final = ("key", "on", "name", "url", "clusters")
LONGEST_NAME: Final = 40
"""Letters of the name of a command or link."""

_OF_ALL: Final = ("cluster", "url", "release", "verdict", "since_ms", "now_ms")
_OF_JOBS: Final = (*_OF_ALL, "job", "job_name", "state")
_OF_VERTICES: Final = (*_OF_JOBS, "vertex", "vertex_name")
VALUES: Final = {
    "cluster": _OF_ALL,
    "job": _OF_JOBS,
    "vertex": _OF_VERTICES,
    "subtask": (*_OF_VERTICES, "subtask", "taskmanager", "host"),
    "taskmanager": (*_OF_ALL, "taskmanager", "host"),
    "checkpoint": (*_OF_JOBS, "checkpoint", "checkpoint_path"),
    "jobmanager": _OF_ALL,
}
"""The values that there are for each thing."""

_SHELLS: Final = frozenset(("sh", "bash", "zsh", "dash", "ksh", "ash", "fish", "csh", "tcsh", "busybox"))
_TO_SHELLS: Final = frozenset(
    ("ssh", "autossh", "mosh", "watch", "su", "runuser", "script", "tmux", "screen", "parallel", "eval")
)
"""Programs that put their words together and hand them to a shell, here or on another machine."""
_SCRIPT: Final = re.compile(r"-[a-zA-Z]*c")
_ADDRESS: Final = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)")
_REFUSED_SCHEMES: Final = ("javascript", "data", "vbscript")

T = TypeVar("T")
R = TypeVar("R")


class Section(Protocol):
    """A table of the config file, as config_file.py reads it."""

    @property
    def place(self) -> tuple[str, ...]: ...
    @property
    def values(self) -> dict[str, object]: ...
    def wrong(self, key: str, sentence: str) -> SettingsError: ...
    def refuse_unknown(self, keys: tuple[str, ...]) -> None: ...
    def tables(self, key: str) -> "tuple[Any, ...]": ...  # of Section
    def text(self, key: str) -> str | None: ...
    def texts(self, key: str, *, words: bool = ...) -> tuple[str, ...] | None: ...
    def truth(self, key: str) -> bool | None: ...
    def below(self, text: str, key: str) -> Path: ...
    def checked(self, key: str, value: T | None, check: Callable[[T], R]) -> R | None: ...


@dataclass(frozen=True, slots=True)
class OwnCommand:
    """One `[[commands]]`: a program that is run about the selected thing."""

    key: str
    on: tuple[str, ...]  # of ON
    name: str
    run: tuple[Template, ...]  # program and arguments
    how: str = "terminal"  # one of HOWS
    reads: bool = False  # whether it changes nothing
    clusters: tuple[str, ...] | None = None  # names or patterns of names; None: all

    @property
    def program(self) -> str:
        """Its first word; the others may be secrets."""
        return self.run[0].text

    @property
    def names(self) -> tuple[str, ...]:
        """The values that it needs, each once."""
        return tuple(dict.fromkeys(name for word in self.run for name in word.names))

    def words(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """Program and arguments, filled with these values. Raises NotFilled."""
        found: list[str] = []
        to_shell: str | None = None
        for word in self.run:
            if to_shell is not None:
                word.refuse_letters_of_shells(values, to_shell)
            # A `--` of the config, not one that is a value.
            dashes = any(one.parts == _DASHES for one in self.run[: len(found)])
            found.append(word.argument(values, behind_dashes=dashes))
            if not word.names and _program(word.text) in _TO_SHELLS:
                to_shell = _program(word.text)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class OwnLink:
    """One `[[links]]`: an address about the selected thing."""

    on: tuple[str, ...]
    name: str
    url: Template
    key: str = ""  # "": none
    clusters: tuple[str, ...] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The values that it needs."""
        return self.url.names

    def address(self, values: Mapping[str, str]) -> str:
        """Its address with these values. Raises NotFilled."""
        return self.url.address(values)

    def address_if_known(self, values: Mapping[str, str]) -> str | None:
        """Its address; None if a value is not known."""
        try:
            return self.address(values)
        except NotFilled:
            return None


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """What the config has of its own: commands, links, and what opens a link."""

    commands: tuple[OwnCommand, ...] = ()
    links: tuple[OwnLink, ...] = ()
    opener: tuple[Template, ...] = ()  # program and arguments, with {url}; empty: none

    @property
    def everything(self) -> tuple[OwnCommand | OwnLink, ...]:
        """Commands, then links, as they stand in the file."""
        return (*self.commands, *self.links)

    @property
    def sentence(self) -> str:
        """What there is, as a line for people."""
        counts = [_counted(len(self.commands), "command"), _counted(len(self.links), "link")]
        opened = f", opened by {shown(self.opener[0].text)}" if self.opener and self.links else ""
        return f"{' and '.join(filter(None, counts))}{opened}" if any(counts) else "an opener without links"


_DASHES: Final = template("--").parts


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 else ''}" if number else ""


def read(top: Section) -> OwnKeys:
    """Read `[[commands]]`, `[[links]]` and `opener`. Raises SettingsError."""
    commands = tuple((at, _command(at)) for at in top.tables("commands"))
    links = tuple((at, _link(at)) for at in top.tables("links"))
    own = OwnKeys(tuple(one for _, one in commands), tuple(one for _, one in links), _opener(top))
    places = (*(at for at, _ in commands), *(at for at, _ in links))
    for number, (at, one) in enumerate(zip(places, own.everything, strict=True)):
        for other in own.everything[:number]:
            if one.key and one.key == other.key and (shared := _meet(one, other)) is not None:
                raise at.wrong(
                    "key",
                    f"key '{shown(one.key)}' is that of {other.name} on {shared} already: give one of them "
                    "another key, or clusters that differ",
                )
    return own


def _meet(one: OwnCommand | OwnLink, other: OwnCommand | OwnLink) -> str | None:
    """What two entries are both about, on one and the same cluster as far as their lists tell; or None."""
    apart = (
        one.clusters is not None
        and other.clusters is not None
        and set(one.clusters).isdisjoint(other.clusters)
    )
    return None if apart else next((thing for thing in one.on if thing in other.on), None)


def _command(at: Section) -> OwnCommand:
    at.refuse_unknown(COMMAND_KEYS)
    on, name = _on(at, "commands"), _name(at, "commands")
    key = _needed(at, "key", at.checked("key", at.text("key"), lambda text: taken_keys.key(text, on)))
    words = _needed(at, "run", at.texts("run", words=True) if at.values.get("run") else None)
    if isinstance(at.values["run"], str) or (len(words) == 1 and " " in words[0].strip()):
        raise at.wrong(
            "run",
            "run is started without a shell: write program and arguments as a list, such as "
            '["kubectl", "logs", "-f", "{taskmanager}"]',
        )
    return OwnCommand(
        key=key,
        on=on,
        name=name,
        run=_run(at, "run", words, lambda text: _of_things(text, on)),
        how=at.checked("how", at.text("how"), lambda text: one_of(text, HOWS)) or HOWS[0],
        reads=at.truth("reads") or False,
        clusters=at.texts("clusters"),
    )


def _link(at: Section) -> OwnLink:
    at.refuse_unknown(LINK_KEYS)
    on, name = _on(at, "links"), _name(at, "links")
    return OwnLink(
        on=on,
        name=name,
        url=_needed(at, "url", at.checked("url", at.text("url"), lambda text: _address(text, on))),
        key=at.checked("key", at.text("key"), lambda text: taken_keys.key(text, on)) or "",
        clusters=at.texts("clusters"),
    )


def _opener(top: Section) -> tuple[Template, ...]:
    words = top.texts("opener", words=True)
    if words is None:
        return ()
    if isinstance(top.values["opener"], str):
        raise top.wrong("opener", 'opener must be a list of texts: ["xdg-open", "{url}"]')
    run = _run(top, "opener", words, _of_opener)
    if not any(word.names for word in run):
        raise top.wrong("opener", 'opener needs "{url}" among its words: the address to open')
    return run


def _on(at: Section, section: str) -> tuple[str, ...]:
    on = at.texts("on")
    if on is None:
        raise at.wrong("", f"[[{section}]] needs on: {listed(ON)}, or a list of them")
    for thing in on:
        at.checked("on", thing, lambda text: one_of(text, ON))
    return tuple(dict.fromkeys(on))


def _name(at: Section, section: str) -> str:
    name = at.checked("name", at.text("name"), _short)
    if name is None:
        raise at.wrong("", f"[[{section}]] needs a name, as menu and palette show it")
    return name


def _short(text: str) -> str:
    if len(text) > LONGEST_NAME:
        raise NotAllowed(f"must be at most {LONGEST_NAME} letters long, not {len(text)}")
    return text


def _needed(at: Section, key: str, value: T | None) -> T:
    """A value that an entry must have."""
    if value is None:
        examples = {"key": 'key = "K"', "run": 'run = ["kubectl", "…"]', "url": 'url = "https://…"'}
        raise at.wrong("", f"[[{at.place[0]}]] needs {key}, such as {examples[key]}")
    return value


def _run(
    at: Section, key: str, words: tuple[str, ...], check: Callable[[str], Template]
) -> tuple[Template, ...]:
    """A program and its arguments."""
    if len(words) > MOST_WORDS:
        raise at.wrong(key, f"{key} must have at most {MOST_WORDS} words, not {len(words)}")
    program = words[0]
    if "{" in program:
        raise at.wrong(key, f"{key} must begin with a program: its first word can't hold values")
    if program.startswith("~") or "/" in program:
        program = str(at.below(program, key))
    arguments = (_needed(at, key, at.checked(key, word, check)) for word in words[1:])
    run = (_literal(program), *arguments)
    at.checked(key, run, _outside_of_scripts)
    return run


def _literal(text: str) -> Template:
    return template(text.replace("{", "{{").replace("}", "}}"))


def _of_things(text: str, on: tuple[str, ...]) -> Template:
    """A template with values that there are for each of these things."""
    found = template(text)
    for name in found.names:
        for thing in on:
            if name not in VALUES[thing]:
                values = VALUES[thing]
                raise NotAllowed(
                    f"holds {{{name}}}, which a {thing} does not have{near(name, values)} "
                    f"(values of a {thing}: {', '.join(values)}; a brace of its own is written {{{{ or }}}})"
                )
    return found


def _of_opener(text: str) -> Template:
    found = template(text)
    if wrong := [name for name in found.names if name != "url"]:
        raise NotAllowed(f"can hold {{url}} only, the address to open, not {{{wrong[0]}}}")
    return found


def _outside_of_scripts(run: tuple[Template, ...]) -> tuple[Template, ...]:
    """Refuse values in the script of a shell, where they would be code."""
    for place, word in enumerate(run):
        if _program(word.text) not in _SHELLS:
            continue
        for flag, script in zip(run[place + 1 :], run[place + 2 :], strict=False):
            if _SCRIPT.fullmatch(flag.text):
                if script.names:
                    name = script.names[0]
                    raise NotAllowed(
                        f"puts {{{name}}} into a script of {_program(word.text)}, where it would be code: "
                        f'write "$1" there, and after the script "{_program(word.text)}", "{{{name}}}"; '
                        f"or $FLINKTOP_{name.upper()}, which is in its environment"
                    )
                break
    return run


def _program(word: str) -> str:
    return word.rpartition("/")[2]


def _address(text: str, on: tuple[str, ...]) -> Template:
    """Check the address of a link."""
    found = _of_things(text, on)
    if found.parts[0].is_name and found.parts[0].text == "url":
        return found
    begin = _ADDRESS.match(found.parts[0].text) if not found.parts[0].is_name else None
    if begin is None:
        raise NotAllowed(
            f'must begin with https://, http:// or {{url}} (the cluster\'s address), not "{shown(text)}"'
        )
    if begin[1] in _REFUSED_SCHEMES:
        raise NotAllowed(f"must not begin with {begin[1]}://")
    if "@" in begin[2]:
        raise NotAllowed("must not hold a user or a password: links stand in alerts and bundles")
    return found
