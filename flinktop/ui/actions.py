"""What can be done to a thing, in the order of a menu: what is wanted most first, cancelling last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from flinktop.engine.acts.act import Line
from flinktop.engine.acts.application import CancelApplication
from flinktop.engine.acts.cancel import Cancel
from flinktop.engine.acts.checkpoint import Checkpoint
from flinktop.engine.acts.dataset import DeleteDataset
from flinktop.engine.acts.dispose import Dispose
from flinktop.engine.acts.jar_files import DeleteJar, UploadJar
from flinktop.engine.acts.rescale import Rescale, why_never
from flinktop.engine.acts.run_jar import PlanJar, RunJar
from flinktop.engine.acts.savepoint import Savepoint, SavepointAndCancel
from flinktop.engine.acts.shutdown import Shutdown
from flinktop.engine.acts.stop import Stop
from flinktop.facts.restore import rerun, restore_path, run_of
from flinktop.flink.jars import RunOptions
from flinktop.ui.act_names import name_of
from flinktop.ui.places import ConfirmPlace, PlanPreviewPlace, RescalePlace, RunJarPlace, UploadPlace

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.engine.acts.act import Act
    from flinktop.engine.host import Port
    from flinktop.flink.checkpoints import Checkpoint as Told
    from flinktop.ui.live import LiveApp

TOLD = ("data loss", "afterwards")
"""Labels of the lines of a consequence that say what an act does; the others say what it is done to."""


@dataclass(frozen=True, slots=True)
class Action:
    """One row of a menu: something that can be done to one thing, which never changes."""

    label: str
    tell: Callable[[], str]
    """What comes of it, in a few words."""
    on: str
    """What it is done to, by name; foreign text."""
    why_not: Callable[[], str | None]
    """Why it can't be done now; None when it can."""
    begin: Callable[[LiveApp], object]
    """Opens its dialog. Nothing is sent by this."""
    explain: Callable[[], tuple[Line, ...]]
    """What it does, in whole sentences."""
    job: str | None = None
    """The job that it is judged by."""

    @property
    def reason(self) -> str | None:
        """Why it can't be done now; None when it can."""
        return self.why_not()

    @property
    def words(self) -> str:
        """What comes of it now, in a few words."""
        return self.tell()


def of_act(port: Port, act: Act, on: str) -> Action:
    """The row of an act that needs nothing but a yes."""
    name = name_of(act)

    def explain() -> tuple[Line, ...]:
        return tuple(line for line in act.consequence(port.facts(act.job_id)) if line.label in TOLD)

    return Action(
        name.label,
        lambda: name.words,
        on,
        lambda: act.why_not(port.facts(act.job_id)),
        partial(_confirm, act),
        explain,
        act.job_id,
    )


def _confirm(act: Act, app: LiveApp) -> None:
    app.go(ConfirmPlace(act))


def on_job(port: Port, job: str, name: str = "") -> tuple[Action, ...]:
    """What can be done to a job; without a `name` that is as far as it is known."""
    if not name and (known := port.facts(job).job) is not None:
        name = known.name
    on = f"job {name or job}"
    rows = (Stop(job, name), Savepoint(job, name), SavepointAndCancel(job, name), Checkpoint(job, name))
    return (
        *(of_act(port, act, on) for act in rows),
        _rescale(port, job, name, on),
        _run_again(port, job, on),
        of_act(port, Cancel(job, name), on),
    )


def _rescale(port: Port, job: str, name: str, on: str) -> Action:
    row = of_act(port, Rescale(job, name), on)
    return replace(
        row,
        why_not=lambda: why_never(port.facts(job), job, name),
        begin=lambda app: app.go(RescalePlace(job, name)),
    )


def _run_again(port: Port, job: str, on: str, path: str | None = None) -> Action:
    """Run a job again, from its last savepoint or from what lies there."""

    def words() -> str:
        if (state := _lives(port, job)) is not None:
            return f"still {state}; starts a second copy"
        return "a form, filled with how it was run" if _known(port, job) else "opens a form for its jar"

    def explain() -> tuple[Line, ...]:
        lies = path or restore_path(port, job)
        start = f"a new job starts from {lies}" if lies is not None else "a new job starts, with no state"
        how = (
            "same jar and options as last time; a form shows them first"
            if _known(port, job)
            else "not started by flinktop; a form asks for jar and arguments"
        )
        lines = []
        if (state := _lives(port, job)) is not None:
            lines.append(Line("job", f"it is {state}: a second copy would start", "warn"))
        if lies is None:
            lines.append(Line("state", "no known savepoint: the form takes a path", "warn"))
        return (*lines, Line("afterwards", f"{start}; {how}"))

    return Action(
        "Run again from this" if path is not None else "Run again from savepoint",
        words,
        on,
        lambda: RunJar("").why_not(port.facts()),
        lambda app: app.go(form_again(port, job, path)),
        explain,
        job,
    )


def form_again(port: Port, job: str, path: str | None = None) -> RunJarPlace:
    """The form for running a job again, filled in."""
    act = rerun(port, job, path)
    return RunJarPlace(act.jar, act.options, act.name, job)


def _known(port: Port, job: str) -> bool:
    """Whether it is known how a job was run."""
    return run_of(port, job) is not None


def _lives(port: Port, job: str) -> str | None:
    """The state of a job that has not ended; None when it has, or is not known."""
    known = port.facts(job).job
    return known.state if known is not None and known.state and not known.ended else None


def on_savepoint(port: Port, path: str, job: str = "") -> tuple[Action, ...]:
    """What can be done to a savepoint, of this job if that is known."""
    on = f"savepoint {path}"
    rows = (_run_again(port, job, on, path),) if job else ()
    return (*rows, of_act(port, Dispose(path), on))


def on_checkpoint(port: Port, job: str, checkpoint: Told) -> tuple[Action, ...]:
    """What can be done to a checkpoint of a job's history, while it is there; savepoints can be deleted."""
    path = checkpoint.external_path
    if checkpoint.status != "COMPLETED" or checkpoint.discarded or not path:
        return ()
    if checkpoint.is_savepoint:
        return on_savepoint(port, path, job)
    return (_run_again(port, job, f"checkpoint {path}", path),)


def on_jar(port: Port, jar: str, name: str) -> tuple[Action, ...]:
    """What can be done to a jar that lies on the JobManager."""
    on = f"jar {name or jar}"
    run = of_act(port, RunJar(jar, name), on)
    return (
        replace(run, begin=lambda app: app.go(RunJarPlace(jar, name=name))),
        Action(
            "Preview plan",
            lambda: "its main() runs on the JobManager, no job starts",
            on,
            lambda: PlanJar(jar).why_not(port.facts()),
            lambda app: app.go(PlanPreviewPlace(jar, name, RunOptions())),
            lambda: (
                Line("afterwards", "its main() runs on the JobManager up to where it would submit its job"),
            ),
        ),
        _upload(port, on),
        of_act(port, DeleteJar(jar, name), on),
    )


def _upload(port: Port, on: str) -> Action:
    row = of_act(port, UploadJar(""), on)
    return replace(row, begin=lambda app: app.go(UploadPlace()))


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
    on = f"cluster {cluster}"
    run = replace(of_act(port, RunJar(""), on), begin=lambda app: app.go(RunJarPlace()))
    return (_upload(port, on), run, of_act(port, Shutdown(cluster), on))
