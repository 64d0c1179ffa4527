"""/jars: what was uploaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.demo.noise import identity
from flinktop.demo.replies.jobmanager import ADDRESS

if TYPE_CHECKING:
    from flinktop.demo.replies.answer import Asked
    from flinktop.demo.world import Moment

_JARS = (
    ("fraud-scoring-4.2.1.jar", "com.example.fraud.ScoringJob", 9.2),
    ("inventory-sync-1.18.0.jar", "com.example.inventory.SyncJob", 0.19),
    ("clickstream-7.0.3.jar", "com.example.clicks.SessionsJob", 1.7),
)
"""Name, class with a main(), days since the upload."""


def jars(moment: Moment, _asked: Asked) -> dict[str, Any]:
    """/jars."""
    files = []
    for name, entry, days in _JARS:
        mixed = identity("jar", moment.world.seed, name)
        uuid = "-".join((mixed[:8], mixed[8:12], mixed[12:16], mixed[16:20], mixed[20:32]))
        files.append(
            {
                "id": f"{uuid}_{name}",
                "name": name,
                "uploaded": moment.stamp(-days * 86_400.0),
                "entry": [{"name": entry, "description": None}],
            }
        )
    return {"address": ADDRESS, "files": files}
