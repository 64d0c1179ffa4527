"""The environment of the processes that `flinktop local` starts: the few variables that they need, by name.

Shells of people who run clusters are full of secrets (FLINKTOP_TOKEN, cloud keys, vault tokens), and of
settings that are meant for another Flink or Java. A list of what to leave out would never be complete.
"""

import os
from collections.abc import Mapping

_NEEDED = ("HOME", "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "TMPDIR", "TZ", "TZDIR", "USER")
_LOCALE = "LC_"
_PYTHON = "PYTHON"


def inherited(*, python: bool = False) -> Mapping[str, str]:
    """What a child takes over from this process; one that is `python` also its PYTHON… variables."""
    prefixes = (_LOCALE, _PYTHON) if python else (_LOCALE,)
    return {name: value for name, value in os.environ.items() if name in _NEEDED or name.startswith(prefixes)}
