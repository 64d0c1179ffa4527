"""Passwords and tokens, and their sources."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

COMMAND_SECONDS = 30.0  # how long a command may take to print a secret (it may have to ask a vault)
_PREFIX = "FLINKTOP_"


class SecretError(Exception):
    """A secret can't be read; the message never contains the secret."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A password or token by its source, read again on each `read`; its repr never shows a value."""

    kind: Literal["value", "file", "command", "environment"]
    source: str = field(repr=False)  # the value itself, a path, a shell command or a variable's name

    def read(self) -> str:
        """The stripped text; SecretError if there is none. May block (file, command)."""
        text = self._text().strip()
        if not text:
            raise SecretError(f"the {self.kind} {self._where()}for the password or token is empty")
        if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in text):  # noqa: PLR2004 - ASCII's borders
            raise SecretError(
                f"the {self.kind} {self._where()}gives more than one line; a secret is one line"
            )
        return text

    def _where(self) -> str:
        return "" if self.kind == "value" else f"{self.source!r} "

    def _text(self) -> str:
        match self.kind:
            case "value":
                return self.source
            case "environment":
                return os.environ.get(self.source, "")
            case "file":
                try:
                    return Path(self.source).expanduser().read_text(encoding="utf-8")
                except OSError as error:
                    raise SecretError(
                        f"cannot read the secret's file {self.source}: {error.strerror}"
                    ) from None
                except UnicodeDecodeError:
                    raise SecretError(f"the secret's file {self.source} is not text in UTF-8") from None
            case "command":
                return self._output()

    @property
    def _command(self) -> str:
        """The command's first word only: the others may contain a secret."""
        first = self.source.split(maxsplit=1)[0] if self.source.split() else ""
        return f"the secret's command {first!r}" if first and "=" not in first else "the secret's command"

    def _output(self) -> str:
        """The command's output; its error output is not shown, it may contain the secret."""
        try:
            done = subprocess.run(  # noqa: S602 - the user's own command line, from the user's own config
                self.source,
                shell=True,
                check=False,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=environment(),
                text=True,
                timeout=COMMAND_SECONDS,
            )
        except (OSError, UnicodeDecodeError) as error:
            raise SecretError(f"{self._command} cannot be run: {error}") from None
        except subprocess.TimeoutExpired:
            raise SecretError(f"{self._command} did not end within {COMMAND_SECONDS:.0f} s") from None
        if done.returncode:
            raise SecretError(f"{self._command} failed with status {done.returncode}")
        return done.stdout


def environment() -> dict[str, str]:
    """The environment without the variables for flinktop alone, such as its password and token."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_PREFIX)}
