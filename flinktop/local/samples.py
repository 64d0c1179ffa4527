"""The sample jobs of `flinktop local` (samples.sql), as they are run by a jar like any user's job.

samples.jar executes the statements that are its arguments (Samples.java says how it is made), and Flink's
options stand beside them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SAMPLES_JAR = Path(__file__).with_name("samples.jar")
_SET: Final = re.compile(r"SET '([^'\n]+)' = '([^'\n]+)';")
_NAME: Final = "pipeline.name"


@dataclass(frozen=True, slots=True)
class Sample:
    """A job: its name in Flink, what the jar's main() is given, and Flink's options for it."""

    name: str
    arguments: tuple[str, ...]  # statements that make its tables, last the one that starts it
    configuration: Mapping[str, str]


def _samples() -> Iterator[Sample]:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    common, *jobs = re.split(rf"^(?=SET '{_NAME}')", "\n".join(lines), flags=re.MULTILINE)
    for job in jobs:
        options, *statements = job.strip().split("\n\n")
        configuration = dict(_SET.findall(f"{common}\n{options}"))
        arguments = tuple(" ".join(one.removesuffix(";").split()) for one in statements)
        yield Sample(configuration[_NAME], arguments, configuration)


SAMPLES = STEADY, SLOW, FAILING = tuple(_samples())
