"""Who may import whom, where clocks are read and what a module may keep: one walk over the package's code."""

import ast
import functools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import flinktop

PACKAGE = Path(flinktop.__file__).parent

# The modules at the top of the package that are no room of their own.
SETTINGS = (
    "settings",
    "config_file",
    "toml_places",
    "allowed",
    "ascii_terminal",
    "addresses",
    "finding_rules",
    "alert_rules",
    "groups",
    "own_keys",
    "taken_keys",
    "templates",
    "tunnel_config",
    "kubernetes_config",
    "internal_error",
    "open_files",
    "column_names",
)
ANY = "any"

# Room: the rooms it may import.
ROOMS: dict[str, tuple[str, ...]] = {
    "cli": (ANY,),
    "__main__": ("cli",),
    # The names of commands and their options; what they do is imported by cli.
    "command_line": ("demo", "headless", *SETTINGS),
    # What completes them is made of the parser.
    "completion": ("command_line", "demo", "headless", *SETTINGS),
    **dict.fromkeys(SETTINGS, (*SETTINGS, "flink")),
    "log": (*SETTINGS, "model"),
    "internal_error": (*SETTINGS, "flink", "model"),
    "kubernetes_cli": (ANY,),
    # Of Kubernetes what is to be searched, and how labels are selected.
    "kubernetes_config": (*SETTINGS, "flink", "kubernetes"),
    # Of judgement how names and patterns are matched.
    "groups": (*SETTINGS, "flink", "judgement"),
    "flink": (),
    "model": ("flink",),
    "recording": ("flink",),
    "demo": ("flink",),
    # A program of its own and what talks to it: nothing of Flink, nothing of a terminal.
    "tunnel": (),
    # Over kubectl, which is one more program that is kept.
    "kubernetes": ("tunnel", "flink", "model"),
    "local": ("flink",),
    # A table and how it is matched: text in, values out.
    "known": ("flink",),
    # What one look tells, in; findings, out. What is to be remembered is handed in and out.
    "judgement": ("known", "model", "flink"),
    "engine": ("judgement", "known", "model", "flink", "recording", "tunnel", "kubernetes"),
    # Of the engine the values that it keeps, and how its series and operations are named.
    "facts": ("engine", "judgement", "model", "flink"),
    "headless": ("facts", "engine", "judgement", "known", "kubernetes", "model", "flink", *SETTINGS),
    # Of the commands what `status` prints and how it looks at a cluster: the monitor writes the same.
    "bundle": ("headless", "engine", "judgement", "known", "model", "flink", *SETTINGS),
    # Programs of one's own: started, followed and ended.
    "own_commands": ("flink",),
    "ui": (
        "bundle",
        "facts",
        "engine",
        "judgement",
        "known",
        "kubernetes",
        "model",
        "flink",
        "own_commands",
        *SETTINGS,
    ),
}
# The parts that speak HTTP, and so the only code that knows the library.
HTTP = (
    "flink.http",
    "flink.wire",
    "flink.network",
    "flink.tunnelled",
    "kubernetes.wire",
    "kubernetes.reach",
)
# What screens know of the engine by name: values, the Port and the Fleet. Its parts are not theirs to hold.
DOORS = ("engine.engine", "engine.host", "engine.fleet", "engine.kubernetes_search")
PARTS = ("Engine", "Poller", "Store", "SeriesStore", "Sweep")

LIBRARIES: dict[str, tuple[str, ...]] = {
    "httpx": (
        "flink.wire",
        "flink.network",
        "flink.tunnelled",
        "kubernetes.wire",
        "kubernetes.reach",
        "recording.transport",
        "demo.transport",
    ),
    # Its Struct is how a frozen value is written: a class of it is made in a fiftieth of a dataclass's time.
    "msgspec": (
        "flink",
        "kubernetes",
        "recording",
        "demo",
        "headless",
        "engine",
        "facts",
        "bundle",
        "judgement",
        "known",
        "model",
        "ui",
    ),
    "textual": ("ui",),
    "rich": ("ui",),
    "plotext": ("ui.widgets.chart",),
    "platformdirs": ("settings",),
    "shtab": ("completion",),
}
# An engine and a command are given their transport, whose type is the library's: for types alone.
TYPES_ONLY: dict[str, tuple[str, ...]] = {
    "httpx": (
        "bundle",
        "engine",
        "flink.http",
        "headless",
        "kubernetes.api",
        "kubernetes.is_flink",
        "ui.app",
        "ui.fleet_app",
    )
}
# Judgement takes arguments and gives values.
WORLDLY = ("asyncio", "os", "pathlib", "random", "select", "socket", "subprocess", "sys", "threading", "time")

FORBIDDEN_WORDS = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"}

WALL_CLOCK = {"time", "time_ns", "now", "utcnow", "today"}
STOPWATCH = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"}
# Measures how long an answer took; the processes of a local Flink and of tunnels have deadlines of their own.
STOPWATCH_ROOMS = ("engine.clock", *HTTP, "local", "tunnel")

MUTABLE_CALLS = {
    "Counter", "Lock", "OrderedDict", "Queue", "RLock", "Event", "SimpleQueue", "ThreadPoolExecutor",
    "WeakKeyDictionary", "WeakValueDictionary", "bytearray", "defaultdict", "deque", "dict", "list", "set",
}  # fmt: skip
MUTATORS = {
    "add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popleft", "popitem",
    "remove", "setdefault", "sort", "update",
}  # fmt: skip


@dataclass(frozen=True)
class Module:
    """One file of the package: its name below flinktop ("ui.widgets.chart") and its code."""

    name: str
    code: str

    @functools.cached_property
    def tree(self) -> ast.Module:
        """Read when a rule is held against it: every process of a test run collects all of them."""
        return ast.parse(self.code)

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Edge:
    """One import: the whole name of what is imported, and whether for the type checker alone."""

    line: int
    to: str
    types_only: bool


def modules() -> dict[str, Module]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = Module(name, path.read_text(encoding="utf-8"))
    return found


HOUSE = modules()


@pytest.fixture(scope="module", autouse=True)
def _trees_are_released() -> Iterator[None]:
    """Six hundred thousand objects: each later search for garbage would take a second."""
    yield
    for module in HOUSE.values():
        module.__dict__.pop("tree", None)


def edges(module: Module) -> Iterator[Edge]:
    """Every import of a module, those inside of functions and of TYPE_CHECKING too."""
    guarded = {
        id(inner)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for child in node.body
        for inner in ast.walk(child)
    }
    for node in ast.walk(module.tree):
        types_only = id(node) in guarded
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Edge(node.lineno, alias.name, types_only)
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                parent = ["flinktop", *module.name.split(".")][: -node.level]
                origin = ".".join([*parent, *filter(None, [node.module])])
            for alias in node.names:
                yield Edge(node.lineno, f"{origin}.{alias.name}", types_only)


def inside(name: str, places: tuple[str, ...]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


def broken_rule(module: Module, edge: Edge) -> str | None:
    """The rule that an import breaks, or None."""
    library, _, ours = edge.to.partition(".")
    if library == "flinktop":
        return broken_by_room(module, ours, types_only=edge.types_only)
    if library in sys.stdlib_module_names:
        if module.room in ("model", "facts") and library in WORLDLY:
            return f"{module.room} is pure judgement: arguments in, values out"
        return None
    allowed = LIBRARIES.get(library)
    if allowed is None:
        return f"{library} is no dependency of flinktop"
    if inside(module.name, allowed) or (edge.types_only and inside(module.name, TYPES_ONLY.get(library, ()))):
        return None
    return f"{library} is imported in {', '.join(allowed)} alone"


def broken_by_room(module: Module, to: str, *, types_only: bool) -> str | None:
    room = to.partition(".")[0]
    if room not in ROOMS:
        return (
            None if room in ("__version__", "") else f"{room} is no room of the house: give it its rules here"
        )
    if inside(module.name, ("ui.widgets",)):
        return None if inside(to, ("ui.widgets",)) else "widgets know nothing of Flink and of the other rooms"
    if room == module.room:
        return None
    may = ROOMS[module.room]
    if ANY not in may and room not in may:
        return f"{module.room} may import {', '.join(may) or 'nothing of ours'}"
    if module.room == "facts" and (inside(to, DOORS) or to.rpartition(".")[2] in PARTS):
        return "facts are asked of a Known, whoever holds the engine"
    return broken_by_deep(to, types_only=types_only) if module.room == "ui" else None


def broken_by_deep(to: str, *, types_only: bool) -> str | None:
    if inside(to, HTTP):
        return "ui sees endpoint values and types, never http"
    part = inside(to, ("engine.engine",)) or to.rpartition(".")[2] in PARTS
    if inside(to, ("engine",)) and part and not types_only:
        return "ui sees the engine's names and values, never its parts"
    return None


def forbidden_imports(module: Module) -> list[str]:
    return [
        f"flinktop/{module.name.replace('.', '/')}.py:{edge.line}: {module.name} -> {edge.to}: {rule}"
        for edge in edges(module)
        if (rule := broken_rule(module, edge))
    ]


def clock_reads(module: Module) -> list[str]:
    """Where a module reads a clock that is not its to read."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            owner, name = ast.unparse(node.value).rpartition(".")[2], node.attr
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            owner, name = "time", next((a.name for a in node.names if a.name in WALL_CLOCK | STOPWATCH), "")
        else:
            continue
        wall = name in WALL_CLOCK and owner in ("time", "datetime", "date")
        watch = name in STOPWATCH and owner == "time"
        if wall and module.name != "engine.clock":
            found.append(
                f"{module.name}:{node.lineno}: {owner}.{name}: engine.clock alone reads the time of day"
            )
        if watch and not inside(module.name, STOPWATCH_ROOMS):
            found.append(f"{module.name}:{node.lineno}: {owner}.{name}: a Clock is given to who needs one")
    return found


def kept_state(module: Module) -> list[str]:
    """What a module keeps that could change: no singletons, no caches, no registries."""
    found, constants = [], set()
    for node in module.tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        call = ast.unparse(node.value.func).rpartition(".")[2] if isinstance(node.value, ast.Call) else ""
        if isinstance(node.value, ast.Dict | ast.DictComp) and all(name.isupper() for name in names):
            # A table of constants, for Python has no frozen dict; nothing may write to it.
            constants.update(names)
        elif names != ["__all__"] and (
            call in MUTABLE_CALLS
            or isinstance(
                node.value, ast.List | ast.ListComp | ast.Set | ast.SetComp | ast.Dict | ast.DictComp
            )
        ):
            found.append(
                f"{module.name}:{node.lineno}: {', '.join(names)} can change: state lives in an object"
            )
    for inner in ast.walk(module.tree):
        if isinstance(inner, ast.Global):
            found.append(
                f"{module.name}:{inner.lineno}: global {', '.join(inner.names)}: state lives in an object"
            )
        if (name := written_to(inner)) in constants:
            found.append(
                f"{module.name}:{getattr(inner, 'lineno', 0)}: {name} is written to, but is a constant"
            )
    return found


def written_to(node: ast.AST) -> str:
    """The name whose content this piece of code changes."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        return ast.unparse(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
        return ast.unparse(node.func.value)
    return ""


def test_the_rules_of_the_house() -> None:
    rules = (forbidden_imports, clock_reads, kept_state)
    broken = [found for module in HOUSE.values() for rule in rules for found in rule(module)]
    assert not broken, "\n".join(broken)


def test_a_module_is_named_after_its_subject() -> None:
    """A thing has a subject."""
    words = {name: {word for part in name.split(".") for word in part.lower().split("_")} for name in HOUSE}
    assert not [name for name, its in words.items() if its & FORBIDDEN_WORDS]


def test_every_rule_is_about_code_that_exists() -> None:
    rooms = {module.room for module in HOUSE.values()}
    assert rooms <= {*ROOMS, ""}, "a new room needs its rules here"
    assert {"flink", "engine", "facts", "model", "ui", "local", "cli", *SETTINGS} <= rooms
    assert all(http in HOUSE for http in HTTP)


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("flink.jobs", "from flinktop.engine.store import Reading", "flink may import nothing of ours"),
        ("flink.jobs", "import httpx", "httpx is imported in flink.wire, "),
        (
            "flink.jobs",
            "def f():\n    import textual.app",
            "flink.jobs -> textual.app: textual is imported in ui alone",
        ),
        (
            "engine.store",
            "from ..ui.app import run",
            "engine may import judgement, known, model, flink, recording, tunnel",
        ),
        ("engine.store", "import httpx", "httpx is imported in"),
        (
            "engine.host",
            "from flinktop import cli",
            "engine may import judgement, known, model, flink, recording, tunnel",
        ),
        (
            "engine.host",
            "from flinktop.facts import known",
            "engine may import judgement, known, model, flink, recording, tunnel",
        ),
        ("facts.jobs", "from flinktop.engine.host import Port", "facts are asked of a Known"),
        ("facts.jobs", "from flinktop.engine.store import Store", "facts are asked of a Known"),
        (
            "facts.jobs",
            "from flinktop.ui.panels import plain",
            "facts may import engine, judgement, model, flink",
        ),
        ("facts.jobs", "import time", "facts is pure judgement"),
        ("model.rates", "import time", "model is pure judgement"),
        ("model.rates", "from os import path", "model is pure judgement"),
        ("ui.app", "from flinktop.flink import http", "ui sees endpoint values and types, never http"),
        ("ui.app", "from flinktop.flink.http import Http", "never http"),
        ("ui.app", "from flinktop.engine.engine import Engine", "never its parts"),
        ("ui.app", "from flinktop.engine.store import Store", "never its parts"),
        (
            "ui.app",
            "from flinktop.local.session import open_local",
            "ui may import bundle, facts, engine, judgement,",
        ),
        ("ui.app", "import flinktop.cli", "ui may import bundle, facts, engine, judgement,"),
        ("ui.widgets.table", "from flinktop.model import format", "widgets know nothing of Flink"),
        ("ui.widgets.table", "import plotext", "plotext is imported in ui.widgets.chart alone"),
        ("log", "import rich", "rich is imported in ui alone"),
        ("settings", "import yaml", "yaml is no dependency of flinktop"),
        ("local.session", "from flinktop.engine.host import Port", "local may import flink"),
        ("cli", "from flinktop.attic import Thing", "attic is no room of the house"),
        ("ui.app", "import time\ntime.time()", "time.time: engine.clock alone"),
        ("ui.app", "from time import monotonic", "time.monotonic: a Clock is given"),
        ("engine.poller", "import datetime\ndatetime.datetime.now()", "datetime.now: engine.clock alone"),
        ("model.format", "from datetime import date\ndate.today()", "date.today: engine.clock alone"),
        ("engine.store", "_seen = {}", "_seen can change"),
        ("engine.store", "SEEN: list[str] = []", "SEEN can change"),
        ("engine.store", "POOL = ThreadPoolExecutor(1)", "POOL can change"),
        ("engine.store", "_SEEN = {'a': 1}\ndef f():\n    _SEEN['b'] = 2", "_SEEN is written to"),
        ("engine.store", "_SEEN = {'a': 1}\n_SEEN.update(b=2)", "_SEEN is written to"),
        ("engine.store", "last = 0\ndef f():\n    global last\n    last = 1", "global last"),
    ],
)
def test_a_broken_rule_is_named(name: str, code: str, said: str) -> None:
    module = Module(name, code)
    (broken,) = [*forbidden_imports(module), *clock_reads(module), *kept_state(module)]
    assert said in broken


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ui.app", "from flinktop.settings import Settings"),
        ("ui.live", "from flinktop.engine.store import Reading"),
        ("engine.host", "if TYPE_CHECKING:\n    import httpx"),
        ("flink.wire", "import httpx, time\ntime.perf_counter()"),
        ("local.processes", "import time\ntime.monotonic()"),
        ("engine.store", "WORDS = {'a': 1}\n__all__ = ['WORDS']\nNAMES = frozenset({'a'})\nx = WORDS['a']"),
    ],
)
def test_what_the_rules_leave_free(name: str, code: str) -> None:
    module = Module(name, code)
    assert [*forbidden_imports(module), *clock_reads(module), *kept_state(module)] == []


def circles(imported: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of modules each of which is reached from every other of its group (Tarjan)."""
    found: list[list[str]] = []
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(name: str) -> None:
        number[name] = low[name] = len(number)
        stack.append(name)
        for other in sorted(imported[name]):
            if other not in number:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], number[other])
        if low[name] == number[name]:
            at = stack.index(name)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for name in imported:
        if name not in number:
            visit(name)
    return found


@pytest.mark.deep
def test_no_files_import_each_other_in_a_circle() -> None:
    """Counting imports for types alone and those inside functions."""
    imported: dict[str, set[str]] = {name: set() for name in HOUSE}
    for name, module in HOUSE.items():
        for edge in edges(module):
            to = edge.to.removeprefix("flinktop.")
            # What is imported may be a module, or a name in one.
            other = to if to in HOUSE else to.rpartition(".")[0]
            if edge.to.startswith("flinktop.") and other in HOUSE and other != name:
                imported[name].add(other)
    assert sum(map(len, imported.values())) > 1000, "no edges were found"
    assert not circles(imported)


def test_a_circle_is_found_and_named() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]
