"""The environment of a command that nobody can talk to."""

import os
from typing import Final

_OURS: Final = "FLINKTOP_"


def of_command() -> dict[str, str]:
    """Nothing of flinktop's own, and nothing that asks a person."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    kept.pop("SSH_ASKPASS", None)
    return {**kept, "SSH_ASKPASS_REQUIRE": "never"}
