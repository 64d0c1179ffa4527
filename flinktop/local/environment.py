"""The environment of the processes that `flinktop local` starts: a short list of variables.

Users' shells are full of secrets (FLINKTOP_TOKEN, cloud keys, vault tokens), and of settings for another
Flink or Java. A list of what to leave out would never be complete.
"""

import os
from collections.abc import Mapping

_NEEDED = ("HOME", "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "TMPDIR", "TZ", "TZDIR", "USER")
_LOCALE = "LC_"
_PYTHON = "PYTHON"


def inherited(*, python: bool = False) -> Mapping[str, str]:
    """Variables that a child inherits; if it is `python`, also the PYTHON… variables."""
    prefixes = (_LOCALE, _PYTHON) if python else (_LOCALE,)
    return {name: value for name, value in os.environ.items() if name in _NEEDED or name.startswith(prefixes)}
