"""The examples of the table: messages as they are thrown, and traces around them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Example:
    """A message of one failure, with values that are in it."""

    failure: str
    text: str
    is_log: bool = False
    origin: str = ""  # what ran, if it is taken from a run
    values: dict[str, str] = field(default_factory=dict)

    @property
    def trace(self) -> str:
        """A whole trace: wrappers, this as the deepest cause, frames."""
        return self.text if self.is_log else wrapped(self.text)


def examples() -> tuple[Example, ...]:
    blocks = (HERE / "examples.txt").read_text(encoding="utf-8").split("\n== ")[1:]
    return tuple(map(_example, blocks))


def _example(block: str) -> Example:
    head, _, text = block.partition("\n")
    about, _, values = head.partition(" -> ")
    about, _, origin = about.partition(" real: ")
    failure, _, log = about.partition(" ")
    pairs = dict(pair.split("=", 1) for pair in values.split(" | ") if pair)
    return Example(failure, text.strip("\n"), log == "log", origin, {k.strip(): v for k, v in pairs.items()})


FRAMES = """\
	at com.acme.Job.lambda$main$0(Job.java:31)
	at org.apache.flink.streaming.api.operators.StreamMap.processElement(StreamMap.java:38)
	at java.base/java.lang.Thread.run(Thread.java:840)"""


CHAINED = (
    "Caused by: org.apache.flink.streaming.runtime.tasks.ExceptionInChainedOperatorException: "
    "Could not forward element to next operator"
)


def wrapped(message: str) -> str:
    """A trace with this as its deepest cause, below what Flink usually puts around one."""
    return "\n".join(
        (
            "org.apache.flink.runtime.JobException: The job has failed.",
            FRAMES,
            f"Caused by: java.util.concurrent.CompletionException: {message.partition(chr(10))[0]}",
            FRAMES,
            CHAINED,
            FRAMES,
            f"Caused by: {message}",
            FRAMES,
            "\t... 7 more",
        )
    )
