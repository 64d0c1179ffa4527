"""What a command is: something a person can do by a key."""

from msgspec import Struct


class Command(Struct, frozen=True):
    """Something a person can do by a key."""

    id: str
    """Also the name of the action, unless it has another: `action_<id>` on a screen or on the app."""
    keys: tuple[str, ...]
    label: str
    """As the footer and the palette say it, in a word or two."""
    help: str
    group: str
    shown: bool = True
    """Whether the footer shows it."""
    priority: bool = False
    """Whether the key works even where text is typed."""
    app: bool = False
    """Whether the action is the app's, not the screen's."""
    action: str = ""
    """The action with its arguments, where the id is not its name."""
    short: str = ""
    """Of a tab: its name on a narrow terminal."""
    acts: bool = False
    """Whether it is there to do something to the cluster: gone on one that is opened read-only."""
