"""All acts by name, and their JSON form in the ledger."""

from typing import Any

import msgspec

from flinktop.engine.acts.act import Act
from flinktop.engine.acts.cluster_acts import CancelApplication, DeleteDataset, Dispose, Shutdown
from flinktop.engine.acts.jar_files import DeleteJar, UploadJar
from flinktop.engine.acts.job_acts import Cancel, Checkpoint, Savepoint, SavepointAndCancel, Stop
from flinktop.engine.acts.profile import Profile
from flinktop.engine.acts.rescale import Rescale
from flinktop.engine.acts.run_jar import RunJar, SubmitGraph

ACTS: tuple[type[Act], ...] = (
    Stop,
    Savepoint,
    SavepointAndCancel,
    Checkpoint,
    Rescale,
    Cancel,
    UploadJar,
    RunJar,
    DeleteJar,
    SubmitGraph,
    Dispose,
    DeleteDataset,
    CancelApplication,
    Shutdown,
    Profile,
)
KINDS: dict[str, type[Act]] = {act.kind: act for act in ACTS}


def as_json(act: Act) -> str:
    """The act as JSON, without what looks like a secret."""
    return msgspec.json.encode(act.without_secrets()).decode()


def from_json(kind: str, text: str) -> Act | None:
    """The act from JSON; None if only a newer flinktop can read it."""
    made: Any = KINDS.get(kind)
    if made is None:
        return None
    try:
        act: Act = msgspec.json.decode(text, type=made)
    except msgspec.DecodeError:
        return None
    return act
