"""What of one's own is offered where, as screens, menu and palette see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.engine.host import Port
    from flinktop.own_keys import OwnCommand, OwnLink
    from flinktop.settings import Profile
    from flinktop.ui.command import Command


class Offer(Struct, frozen=True):
    """A command or link that is about something selected here."""

    own: OwnCommand | OwnLink
    thing: str
    """What it is about, of own_keys.ON."""
    selected: Mapping[str, str]
    port: Port
    profile: Profile


class Own(Protocol):
    """The commands and links of an app; `own.OwnCommands` is one."""

    @property
    def running(self) -> tuple[str, ...]: ...  # names of the commands that run
    def commands_here(self, screen: Any, /) -> tuple[Command, ...]: ...
    def entries(self, screen: Any, /) -> tuple[Any, ...]: ...  # rows of the menu of actions
    def press(self, character: str, key: str, screen: Any, /) -> bool: ...
    def links_of(
        self, port: Port, profile: Profile, row: Any, /
    ) -> tuple[Any, ...]: ...  # of a finding, as FoundLink
    def help_of(self, offer: Offer, /) -> str: ...
    def values(self, offer: Offer, /) -> dict[str, str]: ...
    def reason(self, offer: Offer, /) -> str | None: ...
    def filled(self, offer: Offer, /) -> tuple[str, ...]: ...
    def use(self, offer: Offer, /) -> None: ...
    def close(self) -> None: ...
