"""How the cluster is configured, and the Java that runs its JobManager."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinktop.facts.unanswered import missing_words
from flinktop.flink.jobmanager import JOBMANAGER_CONFIG, JOBMANAGER_ENVIRONMENT
from flinktop.model import redaction
from flinktop.ui.live import RARELY
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.widgets.one_by_one import each_with_its
from flinktop.ui.widgets.table import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flinktop.engine.store import Reading
    from flinktop.flink.jobmanager import Environment, Setting

CONFIG, JVM, OPTION, CLASS_PATH, VARIABLE = "config", "JVM", "JVM option", "class path", "environment"
DIRECTORIES = ("PWD", "OLDPWD")
"""Variables that are no passwords, whatever they are called."""


@dataclass(frozen=True, slots=True)
class Item:
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


class ClusterConfiguration(AnswerTable[Item]):
    """Settings, JVM, its options, the class path; the filter finds by name, value and kind."""

    BOX = "Configuration"
    ASKING = "loading configuration…"

    def columns(self) -> list[Column[Item]]:
        """Kind, name, value."""
        found: list[Column[Item]] = [
            Column(
                "where", "SCOPE", 11, lambda item: (item.where, "muted"), sort=lambda item: item.where, drop=1
            ),
            Column(
                "setting",
                "SETTING",
                30,
                lambda item: (item.name, "strong"),
                sort=lambda item: item.name,
                flex=True,
            ),
            Column(
                "name", "VALUE", 20, lambda item: (item.value, ""), sort=lambda item: item.value, flex=True
            ),
        ]
        return found

    def row_key(self, row: Item) -> str:
        """Names a row."""
        return f"{row.where} {row.name}"

    def on_mount(self) -> None:
        """They change with a restart at the most."""
        if absent := missing_words(self.port, JOBMANAGER_CONFIG, "configuration of a JobManager"):
            self.table.set_empty(absent)
        else:
            self.watch_query("configuration", JOBMANAGER_CONFIG(), self._told, every=RARELY)
            if not missing_words(self.port, JOBMANAGER_ENVIRONMENT, "an environment"):
                self.watch_query("environment", JOBMANAGER_ENVIRONMENT(), self._told, every=RARELY)
        super().on_mount()

    def value_here(self) -> str | None:
        """What the setting under the cursor is set to."""
        row = self.table.cursor_row
        return row.value if row is not None else None

    def _told(self, _reading: Reading[Any]) -> None:
        settings = self.port.reading(JOBMANAGER_CONFIG())
        environment = self.port.reading(JOBMANAGER_ENVIRONMENT())
        if settings is None or settings.value is None:
            self.explain(settings, "")
            return
        told = environment.value if environment is not None else None
        absent = missing_words(self.port, JOBMANAGER_ENVIRONMENT, "the JVM's options and the class path")
        self.set_words([[(absent, "muted")] if absent else []])
        known = settings.value
        made: dict[str, Callable[[], list[Item]]] = {
            CONFIG: lambda: items(known, None),
            JVM: lambda: items((), told),
        }
        self.table.set_rows(each_with_its(made, lambda kind: made[kind](), key=str))
