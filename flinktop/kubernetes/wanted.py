"""What a person wants to be searched."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

EVERY: Final = "*"
"""The namespace that stands for all of them."""


class Wanted(Struct, frozen=True, kw_only=True):
    """One context, and what of it."""

    context: str | None = None  # None: kubectl's current one
    namespaces: tuple[str, ...] = ()  # (): that of the context; EVERY: all
    selector: str = ""  # of labels, as kubectl takes it
    reach: Literal["proxy", "port-forward"] | None = None  # None: the service proxy, else port-forward
    kubectl: str = "kubectl"
