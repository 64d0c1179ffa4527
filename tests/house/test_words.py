"""What a person reads is plain technical English: words that stood there once do not come back."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import flinktop

PACKAGE = Path(flinktop.__file__).parent
README = PACKAGE.parent / "README.md"

GONE = (
    r"AS TOLD",
    r"^READS$",
    r"END UNSEEN",
    r"nothing was seen of",
    r"is kept of it passes",
    r"takes no orders",
    r"wrong words",
    r"^Asked: ",
    r"follows it\.$",
    r"moved twice",
    r"every job has ended",
    r"^asking (?:for|the|which|when)\b",
    r"This is what was known",
    r"came with \d",
    r"same fault",
    r"net run time",
    r"in the job as a whole",
    r"oldest part",
    r"nothing listens",
    r"WHAT COMES OF IT",
    r"if it fails, it runs on",
    r"not under the adaptive scheduler",
    r"somebody deletes it",
    r"like any other of its own",
    r"starts a second copy: this",
    r"not started from here",
    r"as this one was from here",
    r"^may drop$",
    r"none is chosen",
    r"the program's own$",
    r"by its manifest",
    r"lies on the JobManager",
    r"anybody who reaches",
    r"on the way is done",
    r"among its actions",
    r"^No run: ",
    r"^not in history$",
    r"^OF$",
    r"^TRY$",
    r"^FOR$",
    r"^LAG$",
    r"● live \d+s",
    r"that any of them spends",
    r"a hundred (?:times|in five seconds)",
    r"however little",
    r"enter reads it",
    r"more by now",
    r"caches make that of use",
    r"Hold what is on the screen",
    r"along the trail",
    r"The match before",
    r"was asked of clusters from here",
    r"What can be done here",
    r"as far as Flink remembers",
    r"nothing can be done to it",
    r"is no command and no cluster",
    r"or stdout is none",
    r"there is no job '",
    r"is no jar\b",
    r"nothing is left behind",
    r"worst first",
)
"""Sentences, titles and labels of flinktop's own, and what stands in their place is a standard term."""


def sentences() -> Iterator[tuple[str, str]]:
    """Every text of the package that is no docstring, and every line of the README, with where it stands."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}", node.value
    for number, line in enumerate(README.read_text(encoding="utf-8").splitlines(), start=1):
        yield f"README.md:{number}", line


@pytest.fixture(scope="module")
def said() -> tuple[tuple[str, str], ...]:
    return tuple(sentences())


@pytest.mark.parametrize("words", GONE)
def test_words_that_need_a_second_reading_are_gone(words: str, said: tuple[tuple[str, str], ...]) -> None:
    found = [f"{where}: {text}" for where, text in said if re.search(words, text)]
    assert not found
