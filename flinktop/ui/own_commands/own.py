"""The commands and links of the config file: which are offered here, and what happens when one is used."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from textual import events
from textual.app import SuspendNotSupported

from flinktop.facts.culprits import checkpoint_of
from flinktop.facts.own_values import checkpoint_values, found_on, own_values
from flinktop.flink.secrets import environment
from flinktop.flink.text import clean
from flinktop.judgement.finding_links import finding_links, is_for
from flinktop.own_commands.child import NotStarted, ended_words
from flinktop.own_commands.foreground import run_in_foreground, wait_for_enter
from flinktop.own_commands.runs import MOST_AT_ONCE, Run, Runs
from flinktop.own_keys import OwnCommand, OwnKeys, OwnLink
from flinktop.templates import NotFilled
from flinktop.ui.command import Command
from flinktop.ui.leaving import RESET
from flinktop.ui.own_commands.offer import Offer
from flinktop.ui.places import OutputPlace, OwnConfirmPlace, OwnLinkPlace
from flinktop.ui.screens.cluster_screen import ClusterScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from textual.screen import Screen

    from flinktop.engine.host import Port
    from flinktop.facts.culprits import FoundRow
    from flinktop.judgement.finding_links import FoundLink
    from flinktop.settings import Profile
    from flinktop.ui.live_app import LiveApp
    from flinktop.ui.own_commands.entries import OwnEntry, StopEntry

SPECIFIC: Final = ("subtask", "vertex", "checkpoint", "taskmanager", "jobmanager", "job", "cluster")
"""What is selected, the most specific first: of two entries with one key the first is used."""
READ_ONLY: Final = 'the cluster is opened read-only, and this has no "reads = true" in the config'
SIMULATED: Final = 'the cluster is simulated, and this has no "reads = true" in the config'
_RESET: Final = RESET.replace("\x1b[?1049l", "")
"""What undoes the modes that a command has left. Leaving the other screen would move the cursor back to where
flinktop was started, and flinktop's own screen comes next anyway."""
HOW_WORDS: Final = {
    "terminal": "in the terminal",
    "quiet": "output in a pager",
    "background": "in the background",
}
INTERRUPTED: Final = (-2, 130)
"""Exit codes of what ctrl+c has ended."""
LONG: Final = 20.0  # seconds that the notification of a failure is shown
USUAL: Final = 8.0


class OwnCommands:
    """The commands and links of one app."""

    def __init__(self, app: LiveApp, own: OwnKeys) -> None:
        self._app = app
        self._own = own
        self.runs = Runs(self._ended_on_thread)

    @property
    def running(self) -> tuple[str, ...]:
        """The names of the commands that run."""
        return tuple(one.name for one in self.runs.running)

    # What there is here

    def offers(self, screen: Screen[Any]) -> tuple[Offer, ...]:
        """The commands and links about what is selected on a screen, in the order of the config file."""
        if not isinstance(screen, ClusterScreen) or not screen.alive:
            return ()
        if (cluster := screen.own_cluster()) is None:
            return ()
        port, profile = cluster
        selected = screen.selected()
        things = [thing for thing in SPECIFIC if thing in selected or thing == "cluster"]
        found: list[Offer] = []
        for one in self._own.everything:
            thing = next((thing for thing in things if thing in one.on), None)
            if thing is not None and is_for(one.clusters, profile.name):
                found.append(Offer(one, thing, selected, port, profile))
        return tuple(found)

    def commands_here(self, screen: Screen[Any]) -> tuple[Command, ...]:
        """Those with a key that can be used here, for the footer and the help."""
        return tuple(
            Command(
                id="own",
                keys=(one.own.key,),
                label=clean(one.own.name),
                help=f"{clean(one.own.name)} ({one.thing}): {clean(self.help_of(one))}",
                group="own",
            )
            for one in self.offers(screen)
            if one.own.key and self._forbidden(one) is None
        )

    def entries(self, screen: ClusterScreen) -> tuple[OwnEntry | StopEntry, ...]:
        """For the menu and the palette: what is offered here, then what can be ended."""
        from flinktop.ui.own_commands.entries import OwnEntry, StopEntry  # noqa: PLC0415 -- for a menu alone

        offered = [OwnEntry(self, one) for one in self.offers(screen)]
        offered = [
            one
            for one in offered
            if not one.offer.profile.connection.read_only or self._forbidden(one.offer) is None
        ]
        return (*offered, *(StopEntry(run) for run in self.runs.in_background))

    @staticmethod
    def help_of(offer: Offer) -> str:
        """What it does, in a line: of a command its program only, the other words may be secrets."""
        own = offer.own
        if isinstance(own, OwnLink):
            return f"your link: {own.url.text}"
        return f"your command, {HOW_WORDS[own.how]}: {own.program}"

    def links_of(self, port: Port, profile: Profile, row: FoundRow) -> tuple[FoundLink, ...]:
        """The links that belong to a finding on a cluster."""
        on = found_on(port, profile.name, row.job)
        number = checkpoint_of(port, row)
        more = checkpoint_values(port, row.job, number) if number is not None else {}
        return tuple(finding_links(self._own.links, row.finding, on, more))

    def values(self, offer: Offer) -> dict[str, str]:
        """What is known of what is selected."""
        return own_values(offer.port, offer.selected, offer.profile.name)

    def reason(self, offer: Offer) -> str | None:
        """Why it can't be used now; None when it can."""
        if (why := self._forbidden(offer)) is not None:
            return why
        try:
            self.filled(offer)
        except NotFilled as error:
            return str(error)
        return None

    def filled(self, offer: Offer) -> tuple[str, ...]:
        """The words of a command, or the address of a link. Raises NotFilled."""
        values, own = self.values(offer), offer.own
        return own.words(values) if isinstance(own, OwnCommand) else (own.address(values),)

    @staticmethod
    def _forbidden(offer: Offer) -> str | None:
        """Why it is not allowed on this cluster at all."""
        own, profile = offer.own, offer.profile
        if isinstance(own, OwnLink) or own.reads:
            return None
        if profile.demo:
            return SIMULATED
        return READ_ONLY if profile.connection.read_only else None

    # Using one

    def press(self, character: str, key: str, screen: ClusterScreen) -> bool:
        """Use what has this key here, the most specific first; returns whether there was one."""
        found = [one for one in self.offers(screen) if one.own.key and one.own.key in (character, key)]
        if not found:
            return False
        self.use(min(found, key=lambda one: SPECIFIC.index(one.thing)))
        return True

    def use(self, offer: Offer) -> None:
        """Run a command or open a link, or say why that is not possible."""
        if (why := self.reason(offer)) is not None:
            self.complain(f"{offer.own.name}: {why}.")
            return
        words = self.filled(offer)
        own = offer.own
        if isinstance(own, OwnLink):
            self._link(own, words[0])
        elif offer.profile.protected and not own.reads:
            from flinktop.ui.screens.own_confirm import Question  # noqa: PLC0415 -- few clusters are

            run = partial(self._run, own, words, offer)
            self._open(offer)
            self._app.go(OwnConfirmPlace(Question(own.name, words, offer.profile.name, run)))
        else:
            self._run(own, words, offer)

    def _open(self, offer: Offer) -> None:
        """Open the cluster, if that was chosen among several."""
        if not self._app.is_open:
            self._app.open_cluster(offer.profile.name)

    def complain(self, sentence: str) -> None:
        self._app.notify(clean(sentence), severity="warning", timeout=USUAL, markup=False)

    def _environment(self, offer: Offer) -> dict[str, str]:
        """Flinktop's own environment without logins, and with what is known of what is selected."""
        settings = self._app.settings
        connections = [offer.profile.connection, *(one.connection for one in settings.profiles)]
        secrets = {
            secret.source
            for one in connections
            for secret in (one.password, one.token)
            if secret is not None and secret.kind == "environment"
        }
        kept = {name: value for name, value in environment().items() if name not in secrets}
        known = self.values(offer) | {"config": str(settings.paths.config)}
        own = {f"FLINKTOP_{name.upper()}": value for name, value in known.items() if "\0" not in value}
        return kept | own

    def _run(self, own: OwnCommand, words: tuple[str, ...], offer: Offer) -> None:
        environ = self._environment(offer)
        if own.how == "terminal":
            self._in_terminal(own.name, words, environ)
            return
        background = own.how == "background"
        if background and len(running := self.runs.in_background) >= MOST_AT_ONCE:
            names = ", ".join(one.name for one in running)
            self.complain(
                f"{own.name}: {len(running)} commands run in the background already ({names}): "
                "wait for one, or end it in the menu of actions (a)."
            )
            return
        run = Run(own.name, words, background=background, began=self._app.clock.now())
        self.runs.start(run, environ)
        if background:
            self._app.notify(f"{clean(own.name)} runs in the background.", markup=False)
        else:
            self._open(offer)
            self._app.go(OutputPlace(run))

    def _in_terminal(self, name: str, words: tuple[str, ...], environ: Mapping[str, str]) -> None:
        name = clean(name)
        code, why = 0, ""
        try:
            with self._app.suspend():
                try:
                    code = run_in_foreground(words, environ, self._app.is_leaving, _RESET)
                except NotStarted as error:
                    why = str(error)
                else:
                    if code and code not in INTERRUPTED and not self._app.is_leaving():
                        ended = f"flinktop: {name} {ended_words(code)}. Press enter to go back."
                        wait_for_enter(ended, self._app.is_leaving)
        except SuspendNotSupported:
            why = f"{name} can't be run here: this terminal can't be handed over."
        why = why or (f"{name} {ended_words(code)}." if code else "")
        if why:
            self._app.notify(why, severity="warning", timeout=LONG, markup=False)

    def _link(self, own: OwnLink, url: str) -> None:
        if not self._own.opener:
            self._app.go(OwnLinkPlace(clean(own.name), url))
            return
        self.open_address(own.name, url)

    def open_address(self, name: str, url: str) -> None:
        """Open an address with the opener of the config, which outlives flinktop, as a browser does."""
        from flinktop.own_commands.opener import open_address  # noqa: PLC0415 -- links are for few

        words = tuple(word.filled({"url": url}) for word in self._own.opener)
        failed = partial(self._on_app, self.complain)
        open_address(words, environment(), failed)
        self._app.notify(f"{clean(name)}: {url}", title="Opening", markup=False)

    # Ends

    def _ended_on_thread(self, run: Run) -> None:
        self._on_app(self._ended, run)

    def _on_app(self, call: Callable[..., None], *arguments: object) -> None:
        """Have the app call this, from any thread; nothing once it has ended."""
        self._app.post_message(events.Callback(callback=partial(call, *arguments)))

    def _ended(self, run: Run) -> None:
        """Notify of the end of a command in the background; what is read is on its own screen."""
        if not run.background:
            return
        last = run.output.last_line
        self._app.notify(
            "\n".join(filter(None, (run.sentence, last))),
            severity="error" if run.failed else "information",
            timeout=LONG if run.failed else USUAL,
            markup=False,
        )

    def close(self) -> None:
        """Kill all that runs; for any thread."""
        self.runs.close()
