"""How the cluster is configured, and the Java that runs its JobManager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.facts.unanswered import missing_words
from flinktop.flink.jobmanager import JOBMANAGER_CONFIG, JOBMANAGER_ENVIRONMENT
from flinktop.model import redaction
from flinktop.ui.live import RARELY
from flinktop.ui.panels.columns import text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.one_by_one import each_with_its

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobmanager import Environment, Setting
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Part

CONFIG, JVM, OPTION, CLASS_PATH, VARIABLE = "config", "JVM", "JVM option", "class path", "environment"
DIRECTORIES = ("PWD", "OLDPWD")
"""Variables that are no passwords, whatever they are called."""


class Item(Struct, frozen=True):
    """One thing that was set."""

    where: str
    """What kind of thing it is."""
    name: str
    value: str


def items(settings: Iterable[Setting], environment: Environment | None) -> list[Item]:
    """What `/jobmanager/config` and `/jobmanager/environment` (1.16+) tell, without secrets.

    Those that Flink itself knows by their names came as ******.
    """
    found = [_item(CONFIG, one) for one in sorted(settings, key=lambda one: one.key)]
    if environment is None:
        return found
    jvm = environment.jvm
    found += [Item(JVM, "version", jvm.version), Item(JVM, "architecture", jvm.arch)]
    found += [Item(OPTION, str(at), option) for at, option in enumerate(redaction.words(jvm.options), 1)]
    found += [Item(CLASS_PATH, str(at), entry) for at, entry in enumerate(environment.classpath, 1)]
    return found + [_item(VARIABLE, one) for one in environment.environment or ()]


def _item(where: str, one: Setting) -> Item:
    value = one.value or ""
    is_path = where == VARIABLE and one.key in DIRECTORIES
    return Item(where, one.key, value if is_path else redaction.setting(one.key, value))


class ClusterConfiguration(TablePanel[Item]):
    """Settings, JVM, its options, the class path; the filter finds by name, value and kind."""

    BOX = "Configuration"
    LOADING = "loading configuration…"
    MISSING = "configuration of a JobManager"
    EVERY = RARELY
    COLUMNS = (
        text(
            "where", "SCOPE", 11, lambda item: item.where, tone="muted", sort=lambda item: item.where, drop=1
        ),
        text(
            "setting",
            "SETTING",
            30,
            lambda item: item.name,
            tone="strong",
            sort=lambda item: item.name,
            flex=True,
        ),
        text("name", "VALUE", 20, lambda item: item.value, blank="", sort=lambda item: item.value, flex=True),
    )

    _made_of: object = None
    """The answers that the rows were made of: looking for secrets takes a while."""

    def source(self) -> Query[tuple[Setting, ...]]:
        return JOBMANAGER_CONFIG()

    def asks(self) -> Asks:
        lacks = self.missing or missing_words(self.port, JOBMANAGER_ENVIRONMENT, "an environment")
        return super().asks() | ({} if lacks else {JOBMANAGER_ENVIRONMENT(): RARELY})

    def key(self, row: Item) -> str:
        return f"{row.where} {row.name}"

    def value_here(self) -> str | None:
        """What the setting under the cursor is set to."""
        row = self.table.cursor_row
        return row.value if row is not None else None

    def rows(self) -> Sequence[Item] | None:
        told, known = self.port.value(JOBMANAGER_ENVIRONMENT()), self.answer
        if known is None or (known, told) == self._made_of:
            return None
        self._made_of = (known, told)
        made: dict[str, Callable[[], list[Item]]] = {
            CONFIG: lambda: items(known, None),
            JVM: lambda: items((), told),
        }
        return each_with_its(made, lambda kind: made[kind](), key=str)

    def words(self) -> Sequence[list[Part]]:
        absent = missing_words(self.port, JOBMANAGER_ENVIRONMENT, "the JVM's options and the class path")
        return [[(absent, "muted")]] if absent and self.answer is not None else []
