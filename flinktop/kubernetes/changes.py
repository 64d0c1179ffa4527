"""What has changed between the clusters that somebody knows and those that are found now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.kubernetes.discovery import Found
    from flinktop.kubernetes.site import SiteNews


class Gone(Struct, frozen=True):
    """A cluster that is no longer found."""

    found: Found  # as it was known
    deleted: Found | None = None  # with when it was deleted; None: it can't be seen any more


class Changes(Struct, frozen=True):
    """In the order in which they are to be taken: what comes may have the name of what has gone."""

    gone: tuple[Gone, ...] = ()
    new: tuple[Found, ...] = ()
    changed: tuple[Found, ...] = ()  # of which Kubernetes knows something else


def changes(known: Mapping[str, Found], site: SiteNews) -> Changes:
    """The changes from what is known, by name. Nothing has gone before everything was listed.

    A cluster that is reached elsewhere now is another one, though its name is the same.
    """
    found = {one.name: one for one in site.found}
    deleted = {one.name: one for one in site.deleted}
    gone = [
        Gone(one, deleted.get(name))
        for name, one in known.items()
        if (name not in found and site.complete) or (name in found and found[name].url != one.url)
    ]
    left = known.keys() - {one.found.name for one in gone}
    return Changes(
        gone=tuple(gone),
        new=tuple(one for name, one in found.items() if name not in left),
        changed=tuple(one for name, one in found.items() if name in left and known[name] is not one),
    )
