"""All acts by their names, and how one is written down and read again."""

from typing import Any

import msgspec

from flinktop.engine.acts.act import Act
from flinktop.engine.acts.application import CancelApplication
from flinktop.engine.acts.cancel import Cancel
from flinktop.engine.acts.checkpoint import Checkpoint
from flinktop.engine.acts.dataset import DeleteDataset
from flinktop.engine.acts.dispose import Dispose
from flinktop.engine.acts.jar_files import DeleteJar, UploadJar
from flinktop.engine.acts.profile import Profile
from flinktop.engine.acts.rescale import Rescale
from flinktop.engine.acts.run_jar import RunJar
from flinktop.engine.acts.savepoint import Savepoint, SavepointAndCancel
from flinktop.engine.acts.shutdown import Shutdown
from flinktop.engine.acts.stop import Stop
from flinktop.engine.acts.submit_graph import SubmitGraph

ON_A_JOB = (Stop, Savepoint, SavepointAndCancel, Checkpoint, Rescale, Cancel)
"""In the order of a menu: stop with savepoint first, cancel last."""
ON_A_CLUSTER = (
    UploadJar,
    RunJar,
    DeleteJar,
    SubmitGraph,
    Dispose,
    DeleteDataset,
    CancelApplication,
    Shutdown,
)
ON_A_MACHINE = (Profile,)
KINDS: dict[str, type[Act]] = {act.kind: act for act in (*ON_A_JOB, *ON_A_CLUSTER, *ON_A_MACHINE)}


def as_json(act: Act) -> str:
    """The act as it is kept, without what looks like a secret."""
    return msgspec.json.encode(act.without_secrets()).decode()


def from_json(kind: str, text: str) -> Act | None:
    """The act that was kept; None when a newer flinktop wrote it."""
    made: Any = KINDS.get(kind)
    if made is None:
        return None
    try:
        act: Act = msgspec.json.decode(text, type=made)
    except msgspec.DecodeError:
        return None
    return act
