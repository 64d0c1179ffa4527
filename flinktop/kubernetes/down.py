"""Why a kubectl that is supervised does not run, as an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.flink.text import clean
from flinktop.kubernetes.errors import KubectlError, shown
from flinktop.kubernetes.kubectl import missing
from flinktop.kubernetes.kubectl_text import explained

if TYPE_CHECKING:
    from flinktop.kubernetes.errors import Kind
    from flinktop.kubernetes.kubectl import Kubectl
    from flinktop.tunnel.state import Limits, State


def why_down(state: State, verb: str, kubectl: Kubectl, limits: Limits) -> KubectlError:
    """The error; `verb` is the command: proxy, port-forward."""
    what, words = f"kubectl {verb} ({kubectl.where})", shown(state.words)
    said = f": {words}" if words else ""
    if state.why == "missing":
        return KubectlError("missing", missing(clean(kubectl.program)))
    if state.why == "ended" and words:
        return explained(state.words, kubectl.where)
    kind: Kind = "failed"
    match state.why:
        case "unstartable":
            sentence = f"{clean(kubectl.program)} can't be started{said}"
        case "ended" if state.code is not None and state.code < 0:
            sentence = f"{what} was ended by signal {-state.code}, and is started again"
        case "late":
            kind, sentence = "late", f"{what} was not ready within {limits.start:g} s{said}"
        case "silent":
            kind, sentence = "unreachable", f"{what} let no answer through, and is started again{said}"
        case "taken":
            sentence = f"{what} found no free port on this machine{said}"
        case _:
            sentence = f"{what} has ended, and is started again{said}"
    return KubectlError(kind, sentence)
