"""What acts are called where a person chooses and confirms them, and what comes of them in a few words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flinktop.engine.acts.application import CancelApplication
from flinktop.engine.acts.cancel import Cancel
from flinktop.engine.acts.checkpoint import Checkpoint
from flinktop.engine.acts.dataset import DeleteDataset
from flinktop.engine.acts.dispose import Dispose
from flinktop.engine.acts.jar_files import DeleteJar, UploadJar
from flinktop.engine.acts.rescale import Rescale
from flinktop.engine.acts.run_jar import RunJar
from flinktop.engine.acts.savepoint import Savepoint, SavepointAndCancel
from flinktop.engine.acts.shutdown import Shutdown
from flinktop.engine.acts.stop import Stop

if TYPE_CHECKING:
    from flinktop.engine.acts.act import Act


@dataclass(frozen=True, slots=True)
class ActName:
    """What an act is called on a button, and what comes of it."""

    label: str
    words: str


NAMES: dict[type[Act], ActName] = {
    Stop: ActName("Stop with savepoint", "ends FINISHED, can be run again from it"),
    Savepoint: ActName("Take savepoint", "the job keeps running"),
    SavepointAndCancel: ActName("Savepoint, then cancel", "ends CANCELED, sinks may write twice"),
    Checkpoint: ActName("Trigger checkpoint", "the job keeps running"),
    Rescale: ActName("Change parallelism", "restarts from its last checkpoint"),
    Cancel: ActName("Cancel the job", "ends at once, without a savepoint"),
    UploadJar: ActName("Upload jar", "stored on the JobManager until deleted"),
    RunJar: ActName("Run jar", "starts a job"),
    DeleteJar: ActName("Delete jar", "removed from the JobManager; jobs keep running"),
    Dispose: ActName("Delete savepoint", "its files are gone for good"),
    DeleteDataset: ActName("Delete dataset", "programs compute it anew"),
    CancelApplication: ActName("Cancel application", "all its jobs end, without savepoints"),
    Shutdown: ActName("Shut the cluster down", "all jobs end, without savepoints"),
}


def name_of(act: Act) -> ActName:
    """What an act is called; one without a name of its own by its label."""
    return NAMES.get(type(act)) or ActName(act.label[:1].upper() + act.label[1:], "")
