"""`[[groups]]` of the config file: what holds for all clusters whose name matches.

A cluster's own key beats a group's; of several groups the last that matches and has the key decides. Only
`read_only` is different: it is as strict as the strictest says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from flinktop.allowed import listed
from flinktop.judgement.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

KEYS: Final = ("clusters", "name", "color", "read_only", "protected", "refresh")
ReadOnly = bool | Literal["default"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Group:
    """One `[[groups]]`, or what several say together; None is a missing key."""

    clusters: tuple[str, ...] = ()  # names or patterns of names
    name: str = ""
    colour: str | None = None
    read_only: ReadOnly | None = None
    protected: bool | None = None
    refresh: float | None = None  # s

    @property
    def sentence(self) -> str:
        """What it says, as a line for people."""
        says = [
            "read-only" if self.read_only is True else "",
            "read-only by default" if self.read_only not in (True, False, None) else "",
            {True: "protected", False: "not protected", None: ""}[self.protected],
            f"color {self.colour}" if self.colour else "",
            f"every {self.refresh:g} s" if self.refresh is not None else "",
        ]
        rest = ", ".join(filter(None, says))
        return f"{self.name}: {listed(self.clusters)}{f': {rest}' if rest else ''}"


def group_of(cluster: str, groups: Iterable[Group]) -> Group:
    """What the groups say of a cluster, with the name of the last that it is in; "" for none."""
    found = [one for one in groups if matches(cluster, one.clusters)]

    def last(of: Callable[[Group], T | None]) -> T | None:
        return next((value for one in reversed(found) if (value := of(one)) is not None), None)

    return Group(
        name=found[-1].name if found else "",
        colour=last(lambda one: one.colour),
        read_only=strictest(one.read_only for one in found),
        protected=last(lambda one: one.protected),
        refresh=last(lambda one: one.refresh),
    )


def strictest(marks: Iterable[ReadOnly | None]) -> ReadOnly | None:
    """The strictest of several marks: true, else "default", else false; None if there is none."""
    found = list(marks)
    order: tuple[ReadOnly, ...] = (True, "default", False)
    return next((mark for mark in order if any(one is not None and one == mark for one in found)), None)
