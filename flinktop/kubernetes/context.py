"""Which context of kubectl's a search is in: by its name, and the namespace that kubectl would take."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.flink.text import clean
from flinktop.kubernetes.errors import KubectlError, shown

if TYPE_CHECKING:
    from flinktop.kubernetes.kubectl import Kubectl

IN_CLUSTER: Final = "in-cluster"
"""The name of the context of a flinktop that runs in a pod, with the login of its service account."""
DEFAULT: Final = "default"
_TEMPLATE: Final = '{.contexts[0].name}{"\\n"}{.contexts[0].context.namespace}'
_NONE: Final = "current-context must exist"
_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


class Context(Struct, frozen=True):
    """A context as kubectl has it."""

    name: str  # as kubectl knows it, not cleaned
    namespace: str  # the one that kubectl takes if none is named
    in_pod: bool = False  # kubectl has no such context: it uses the login of the pod


async def context_of(kubectl: Kubectl) -> Context:
    """The context of a kubectl: the one it was given, or the current one. Raises KubectlError."""
    try:
        output = await kubectl.run("config", "view", "--minify", f"--output=jsonpath={_TEMPLATE}")
    except KubectlError as error:
        if kubectl.context is None and error.kind not in ("missing", "late") and (found := _in_pod()):
            return found
        if kubectl.context is not None and error.kind != "missing":
            await _check_name(kubectl, kubectl.context)
        if _NONE not in str(error):
            raise
    else:
        name, _, namespace = output.decode(errors="replace").partition("\n")
        if name.strip():
            return Context(name, clean(namespace.strip()) or DEFAULT)
    raise KubectlError(
        "context", "kubectl has no current context: choose one (kubectl config use-context), or name it"
    )


async def _check_name(kubectl: Kubectl, name: str) -> None:
    """Raise KubectlError, with the names that there are, if there is no such context."""
    known = await kubectl.contexts()
    if name not in known:
        have = f"it has {shown(', '.join(known))}" if known else "it has none"
        raise KubectlError("context", f"kubectl has no context {shown(name)} ({have})")


def _in_pod() -> Context | None:
    """The context of a pod; None elsewhere. kubectl finds the same by itself."""
    if "KUBERNETES_SERVICE_HOST" not in os.environ:
        return None
    try:
        namespace = _ACCOUNT.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return Context(IN_CLUSTER, clean(namespace) or DEFAULT, in_pod=True)
