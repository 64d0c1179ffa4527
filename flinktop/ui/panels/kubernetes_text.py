"""The last log of a pod, and what kubectl describes: read once, and again with r."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.engine.kubernetes_text import KubernetesText
from flinktop.flink.process import Process
from flinktop.flink.text import clean, clean_lines
from flinktop.model import format as fmt
from flinktop.ui.panels.log_view import EDGES, LogView, PagerPanel, within
from flinktop.ui.panels.parts import pair
from flinktop.ui.panels.table_panel import Words
from flinktop.ui.widgets.pager import Pager

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.kubernetes_text import Described, PodLog
    from flinktop.engine.transfers import Transfer
    from flinktop.flink.endpoint import Query
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.log_view import Fact


class PodLogView(LogView):
    """What a container wrote before it ended."""

    _has_list = False
    _listed = None

    def __init__(self, what: PodLog) -> None:
        super().__init__(Process(what.pod), Process(what.pod).log, name=what.pod)
        self._what = what
        self._read: KubernetesText | None = None
        self._seen: Transfer | None = None

    @property
    def _transfer(self) -> Transfer | None:
        return self._read.transfer if self._read is not None else None

    def asks(self) -> Asks:
        return {}

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:  # noqa: ARG002 -- of no query
        if self._transfer is not self._seen:
            self._seen = self._transfer
            self.update()

    def stop_watching(self) -> None:
        if self.watching and self._read is not None:
            self.port.end_beside(self._read)
        super().stop_watching()

    def _read_if_due(self) -> None:
        if self.watching and self._wanted:
            self._wanted = False
            self._read = KubernetesText(self._what)
            self.port.run_beside(self._read, self._read.run)
        self._show_words()

    def _nothing(self) -> str:
        transfer = self._transfer
        if transfer is None or transfer.state in ("waiting", "running"):
            return f"{clean(self._what.command)}\n\nreading…"
        if transfer.state == "failed":
            return f"{clean(self._what.command)}\n\n{clean_lines(transfer.reason)}"
        return self._nothing_in_it()

    def _nothing_in_it(self) -> str:
        return super()._nothing_in_it() if self._lines else "The container wrote nothing."


class DescribedView(PagerPanel):
    """What kubectl describes."""

    BOX = "Describe"

    def __init__(self, what: Described) -> None:
        super().__init__()
        self._what = what
        self._read: KubernetesText | None = None
        self._seen: Transfer | None = None

    def compose(self) -> ComposeResult:
        yield Words()
        yield Pager(empty="reading…", ascii=self.ascii)

    def start_watching(self) -> None:
        if not self.watching and self._read is None:
            self.read_again()
        super().start_watching()

    def stop_watching(self) -> None:
        if self.watching and self._read is not None:
            self.port.end_beside(self._read)
        super().stop_watching()

    def read_again(self) -> None:
        """Ask kubectl now."""
        if self._read is not None:
            self.port.end_beside(self._read)
        self._read = KubernetesText(self._what)
        self.port.run_beside(self._read, self._read.run)

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:  # noqa: ARG002 -- of no query
        if self._read is not None and self._read.transfer is not self._seen:
            self._seen = self._read.transfer
            self.update()

    def show(self) -> None:
        self.show_lines()
        read = self._read.transfer if self._read is not None else None
        facts: list[Fact] = [(0, [(clean(self._what.command), "strong")])]
        if read is not None and read.state == "running":
            facts.append((1, [("reading…", "info")]))
        elif read is not None and read.at is not None:
            facts.append((1, pair("read", f"{fmt.duration(self.port.now() - read.at)} ago")))
        if self._text:
            facts.append((0, pair("grep", self._text, "strong")))
        self.query_one(Words).set_lines([within(facts, self.content_size.width - EDGES)])

    def show_lines(self) -> None:
        read = self._read
        if read is None:
            return
        if read.transfer.state == "failed":
            self.pager.set_empty(clean(read.transfer.reason))
        text = [line for line in read.text if self._text.casefold() in line.casefold()]
        if read.text or read.transfer.state in ("done", "failed"):
            self.pager.set_lines([(line, _tone(line)) for line in text])


def _tone(line: str) -> str:
    """Warnings among the events of what is described."""
    return "warn" if line.lstrip().startswith("Warning ") else ""
