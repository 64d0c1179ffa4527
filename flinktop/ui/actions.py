"""What can be done to a thing, in the order of a menu: what is wanted most first, cancelling last."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from flinktop.engine.acts.application import CancelApplication
from flinktop.engine.acts.cancel import Cancel
from flinktop.engine.acts.checkpoint import Checkpoint
from flinktop.engine.acts.dataset import DeleteDataset
from flinktop.engine.acts.dispose import Dispose
from flinktop.engine.acts.jar_files import DeleteJar
from flinktop.engine.acts.savepoint import Savepoint, SavepointAndCancel
from flinktop.engine.acts.shutdown import Shutdown
from flinktop.engine.acts.stop import Stop
from flinktop.ui.act_names import name_of
from flinktop.ui.screens.confirm import ConfirmScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.engine.acts.act import Act, Line
    from flinktop.engine.host import Port
    from flinktop.flink.checkpoints import Checkpoint as Told
    from flinktop.ui.live import LiveApp

TOLD = ("lost", "then")
"""Labels of the lines of a consequence that say what an act does; the others say what it is done to."""


@dataclass(frozen=True, slots=True)
class Action:
    """One row of a menu: something that can be done to one thing, which never changes."""

    label: str
    words: str
    """What comes of it, in a few words."""
    on: str
    """What it is done to, by name; foreign text."""
    why_not: Callable[[], str | None]
    """Why it can't be done now; None when it can."""
    begin: Callable[[LiveApp], None]
    """Opens its dialog. Nothing is sent by this."""
    explain: Callable[[], tuple[Line, ...]]
    """What it does, in whole sentences."""
    job: str | None = None
    """The job that it is judged by."""

    @property
    def reason(self) -> str | None:
        """Why it can't be done now; None when it can."""
        return self.why_not()


def of_act(port: Port, act: Act, on: str) -> Action:
    """The row of an act that needs nothing but a yes."""
    name = name_of(act)

    def explain() -> tuple[Line, ...]:
        return tuple(line for line in act.consequence(port.facts(act.job_id)) if line.label in TOLD)

    return Action(
        name.label,
        name.words,
        on,
        lambda: act.why_not(port.facts(act.job_id)),
        partial(_confirm, act),
        explain,
        act.job_id,
    )


def _confirm(act: Act, app: LiveApp) -> None:
    app.push_screen(ConfirmScreen(act))


def job_name(port: Port, job: str) -> str:
    """A job's name as far as it is known; "" else."""
    known = port.facts(job).job
    return known.name if known is not None else ""


def on_job(port: Port, job: str, name: str) -> tuple[Action, ...]:
    """What can be done to a job."""
    on = f"job {name or job}"
    rows = (Stop(job, name), Savepoint(job, name), SavepointAndCancel(job, name), Checkpoint(job, name))
    return (*(of_act(port, act, on) for act in rows), of_act(port, Cancel(job, name), on))


def on_savepoint(port: Port, path: str) -> tuple[Action, ...]:
    """What can be done to a savepoint."""
    return (of_act(port, Dispose(path), f"savepoint {path}"),)


def on_checkpoint(port: Port, checkpoint: Told) -> tuple[Action, ...]:
    """What can be done to a checkpoint of a job's history: something if it is a savepoint that is there."""
    path = checkpoint.external_path
    there = checkpoint.is_savepoint and checkpoint.status == "COMPLETED" and path is not None
    return on_savepoint(port, path) if there and path is not None else ()


def on_jar(port: Port, jar: str, name: str) -> tuple[Action, ...]:
    """What can be done to a jar that lies on the JobManager."""
    return (of_act(port, DeleteJar(jar, name), f"jar {name or jar}"),)


def on_application(port: Port, application: str, name: str, status: str) -> tuple[Action, ...]:
    """What can be done to an application (2.3+)."""
    act = CancelApplication(application, name, status)
    return (of_act(port, act, f"application {name or application}"),)


def on_dataset(port: Port, dataset: str) -> tuple[Action, ...]:
    """What can be done to an intermediate result that programs share (1.11+)."""
    return (of_act(port, DeleteDataset(dataset), f"dataset {dataset}"),)


def on_cluster(port: Port) -> tuple[Action, ...]:
    """What can be done to the whole cluster."""
    cluster = port.facts().cluster
    return (of_act(port, Shutdown(cluster), f"cluster {cluster}"),)
