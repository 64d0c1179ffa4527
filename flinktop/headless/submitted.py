"""What `flinktop submit` is to do: its words and files, looked at before a cluster is asked for anything."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from flinktop.engine.acts.act import Act
from flinktop.engine.acts.jar_files import size_of, why_no_jar
from flinktop.engine.acts.run_jar import RunJar, SubmitGraph
from flinktop.flink.jars import RunOptions
from flinktop.headless.words import USAGE, ActWords, Ended

if TYPE_CHECKING:
    from flinktop.flink.jars import ClaimMode


def submitted(words: ActWords) -> Act:
    """The act of `submit`, whose jar has no id yet; raises Ended for words that do not go together."""
    return _graph(words) if words.job_graph else _jar(words)


def _graph(words: ActWords) -> SubmitGraph:
    _only_with(words, graph=True)
    artifacts = tuple(_pair("--artifact", "NAME=FILE", text) for text in words.artifacts)
    for name in (words.what, *words.jars, *(file for _, file in artifacts)):
        _readable(Path(name))
    return SubmitGraph(words.what, words.jars, artifacts)


def _jar(words: ActWords) -> RunJar:
    _only_with(words, graph=False)
    if not words.savepoint:
        if words.allow_non_restored_state:
            raise Ended(USAGE, "--allow-non-restored-state goes with --savepoint")
        if words.claim_mode:
            raise Ended(USAGE, "--claim-mode goes with --savepoint")
    options = RunOptions(
        entry_class=words.entry_class,
        arguments=words.arguments,
        parallelism=words.parallelism,
        savepoint=words.savepoint,
        allow_non_restored_state=words.allow_non_restored_state,
        claim_mode=cast("ClaimMode | None", words.claim_mode),
        configuration=dict(_pair("--conf", "KEY=VALUE", text) for text in words.settings),
    )
    path = Path(words.what)
    _readable(path)
    if (why := why_no_jar(path)) is not None:
        raise Ended(USAGE, why)
    return RunJar("", path.name, options)


def _readable(path: Path) -> None:
    try:
        size_of(path)
    except OSError as error:
        raise Ended(USAGE, f"{path} can't be read: {error.strerror}") from None


def _only_with(words: ActWords, *, graph: bool) -> None:
    """Refuse what belongs to the other kind of file: it would be left out without a word."""
    of_a_jar = {
        "--class": words.entry_class,
        "--parallelism": words.parallelism,
        "--savepoint": words.savepoint,
        "--allow-non-restored-state": words.allow_non_restored_state,
        "--claim-mode": words.claim_mode,
        "--conf": words.settings,
        "arguments of a program": words.arguments,
    }
    of_a_graph = {"--jar": words.jars, "--artifact": words.artifacts}
    wrong = [name for name, value in (of_a_jar if graph else of_a_graph).items() if value]
    if wrong:
        what = "a jar that is run, not with --job-graph" if graph else "--job-graph"
        raise Ended(USAGE, f"{wrong[0]} goes with {what}")


def _pair(option: str, shape: str, text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise Ended(USAGE, f"{option} is written {shape}")
    return name, value
