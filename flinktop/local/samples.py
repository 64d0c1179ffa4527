"""The sample jobs of `flinktop local` (samples.sql), run from a jar like any user's job.

samples.jar (built from Samples.java) executes the statements in its arguments; the job's Flink options
are in samples.sql, too.
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
    """A job: its name in Flink, the arguments of the jar's main(), and Flink's options for it."""

    name: str
    arguments: tuple[str, ...]  # statements that create its tables; the last one starts it
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
