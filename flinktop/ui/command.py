"""A command: something a user can do with a key."""

from msgspec import Struct


class Command(Struct, frozen=True):
    """Something a user can do with a key."""

    id: str
    """Also the name of the action, unless `action` is set: `action_<id>` on a screen or on the app."""
    keys: tuple[str, ...]
    label: str
    """Its name in the footer and the palette, one or two words."""
    help: str
    group: str
    shown: bool = True
    """Whether the footer shows it."""
    priority: bool = False
    """Whether the key works even while text is typed."""
    app: bool = False
    """Whether the action belongs to the app, not to the screen."""
    action: str = ""
    """The action with its arguments, where it differs from the id."""
    short: str = ""
    """The name of a tab on a narrow terminal."""
    acts: bool = False
    """Whether it changes the cluster: removed on one that is opened read-only."""
