"""What the programs that flinktop starts inherit."""

import os

_OURS = "FLINKTOP_"


def environment() -> dict[str, str]:
    """The environment without what is meant for flinktop alone, its password and token among it."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
