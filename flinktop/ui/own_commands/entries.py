"""Rows of the menu of actions for commands and links of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flinktop.engine.acts.form import Line
from flinktop.flink.text import clean
from flinktop.own_keys import OwnLink
from flinktop.templates import NotFilled
from flinktop.ui.screens.actions import Look

if TYPE_CHECKING:
    from flinktop.own_commands.runs import Run
    from flinktop.ui.live_app import LiveApp
    from flinktop.ui.own_commands.offer import Offer, Own


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """A command or link about what was selected when the menu was opened."""

    own: Own
    offer: Offer

    @property
    def title(self) -> str:
        return clean(self.offer.own.name)

    @property
    def key(self) -> str:
        return self.offer.own.key

    @property
    def on(self) -> str:
        """What it is about; foreign text."""
        values = self.own.values(self.offer)
        thing = self.offer.thing
        named = {"job": "job_name", "vertex": "vertex_name"}.get(thing, thing)
        return f"{thing} {values.get(named) or self.offer.selected.get(thing, '')}".strip()

    @property
    def job_id(self) -> str | None:
        return self.offer.selected.get("job")

    def look(self, app: LiveApp) -> Look:  # noqa: ARG002 -- as other rows of the menu
        """What it does now, or why it can't be used."""
        reason = self.own.reason(self.offer)
        words = clean(self.own.help_of(self.offer))
        is_link = isinstance(self.offer.own, OwnLink)
        lines = [Line("about", self.on), *([] if is_link else [Line("what", words)])]
        if reason is not None:
            return Look(reason, words, (Line("not now", reason, "warn"), *lines))
        try:
            filled = self.own.filled(self.offer)
        except NotFilled:
            filled = ()
        label = "address" if is_link else "runs"
        return Look(None, words, (*lines, Line(label, clean(shown_words(filled)))))

    @property
    def address(self) -> str | None:
        """What a link leads to; None for a command, and for a link whose values are not known."""
        if not isinstance(self.offer.own, OwnLink):
            return None
        return self.offer.own.address_if_known(self.own.values(self.offer))

    def open(self, app: LiveApp) -> None:
        """Close the menu, and use it."""
        app.close_dialogs()
        self.own.use(self.offer)


@dataclass(frozen=True, slots=True)
class StopEntry:
    """Ends a command that runs in the background."""

    run: Run

    @property
    def title(self) -> str:
        return f"End {clean(self.run.name)}"

    @property
    def key(self) -> str:
        return ""

    @property
    def on(self) -> str:
        return f"command {self.run.name}"

    @property
    def job_id(self) -> None:
        return None

    @property
    def address(self) -> None:
        return None

    def look(self, app: LiveApp) -> Look:
        """For how long it runs, or that it has ended."""
        reason = None if self.run.is_running else "it has ended"
        words = f"runs in the background for {round(app.clock.now() - self.run.began)} s"
        return Look(
            reason, words, (Line("command", clean(shown_words(self.run.words))), Line("state", words))
        )

    def open(self, app: LiveApp) -> None:
        app.close_dialogs()
        self.run.stop()


def shown_words(words: tuple[str, ...]) -> str:
    """Words as a person reads them: in quotes where they hold more than letters."""
    return " ".join(word if word and not set(word) - _PLAIN else repr(word) for word in words)


_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,?&#~$!*()[];")
