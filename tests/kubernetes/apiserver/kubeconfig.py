"""Files for `kubectl --kubeconfig`: which servers there are, and how one logs in to each."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Context:
    """A server, a login there and a namespace, under one name."""

    name: str
    url: str
    authority: Path
    login: dict[str, Any]
    namespace: str = ""


def write(path: Path, contexts: Sequence[Context], current: str | None = None) -> Path:
    """A kubeconfig with these contexts, the first one in use unless another is named; JSON is YAML, too."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "current-context": contexts[0].name if current is None else current,
        "clusters": [
            {
                "name": each.name,
                "cluster": {"server": each.url, "certificate-authority": str(each.authority)},
            }
            for each in contexts
        ],
        "users": [{"name": each.name, "user": each.login} for each in contexts],
        "contexts": [
            {
                "name": each.name,
                "context": {"cluster": each.name, "user": each.name}
                | ({"namespace": each.namespace} if each.namespace else {}),
            }
            for each in contexts
        ],
    }
    path.write_text(json.dumps(document, indent=1))
    path.chmod(0o600)
    return path


class Plugin:
    """An exec plugin: a program that kubectl runs to get a token."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        self._credential = directory / "credential.json"
        self._calls = directory / "calls"
        self._complaint = directory / "complaint"
        self._program = directory / "plugin"
        calls, complaint, credential = (
            shlex.quote(str(each)) for each in (self._calls, self._complaint, self._credential)
        )
        self._program.write_text(
            f"#!/bin/sh\necho called >>{calls}\n"
            f"if [ -s {complaint} ]; then cat {complaint} >&2; exit 1; fi\nexec cat {credential}\n"
        )
        self._program.chmod(0o755)

    def give(self, token: str) -> None:
        """The token that it prints from now on."""
        self._complaint.unlink(missing_ok=True)
        self._credential.write_text(
            json.dumps(
                {
                    "apiVersion": "client.authentication.k8s.io/v1",
                    "kind": "ExecCredential",
                    "status": {"token": token},
                }
            )
        )

    def fail(self, message: str) -> None:
        """From now on it fails with that message, as one whose login has expired."""
        self._complaint.write_text(message + "\n")

    @property
    def calls(self) -> int:
        """How often it was run."""
        return len(self._calls.read_text().splitlines()) if self._calls.exists() else 0

    def login(self) -> dict[str, Any]:
        return {
            "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": str(self._program),
                "args": [],
                "interactiveMode": "Never",
                "provideClusterInfo": False,
            }
        }
