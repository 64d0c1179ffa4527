"""The deepest cause that is known decides; no failure is taken for another, and no plain error for any."""

from __future__ import annotations

import pytest

from flinktop.known.recognise import of_text, of_trace
from tests.known.examples import FRAMES, Example, examples, wrapped
from tests.known.plain_errors import PLAIN

EXAMPLES = examples()
TRACES = tuple(one for one in EXAMPLES if not one.is_log)
LOGS = tuple(one for one in EXAMPLES if one.is_log)
WRAPPERS = (
    "java.util.concurrent.CompletionException",
    "java.util.concurrent.ExecutionException",
    "java.lang.RuntimeException",
    "java.lang.reflect.InvocationTargetException",
    "org.apache.flink.util.FlinkRuntimeException",
    "org.apache.flink.util.FlinkException",
    "org.apache.flink.runtime.client.JobExecutionException",
    "org.apache.flink.util.WrappingRuntimeException",
    "org.apache.flink.client.program.ProgramInvocationException",
)


def _name(example: Example) -> str:
    return f"{example.failure}-{example.text[:40]}"


def test_a_trace_is_recognised_by_its_deepest_cause() -> None:
    for example in TRACES:
        _is_recognised(example)


def _is_recognised(example: Example) -> None:
    found = of_trace(example.trace)
    assert found is not None
    assert found.failure.id == example.failure
    assert example.values.items() <= found.values.items()
    assert found.line == example.trace.split("\n").index(f"Caused by: {example.text.split(chr(10))[0]}") + 1
    for sentence in (found.means, found.next):
        assert sentence
        assert not set("{}[]\n") & set(_without(sentence, found.values))
    for value in example.values.values():
        shown = " ".join(value.split())
        asked = found.failure.means + found.failure.next
        names = [name for name, has in found.values.items() if has == value and f"{{{name}}}" in asked]
        assert not names or shown in found.means + found.next


def _without(sentence: str, values: dict[str, str]) -> str:
    for value in sorted(values.values(), key=len, reverse=True):
        sentence = sentence.replace(" ".join(value.split()), "")
    return sentence


def test_it_is_recognised_alone_and_in_a_log() -> None:
    for example in TRACES:
        _is_recognised_in_a_log(example)


def _is_recognised_in_a_log(example: Example) -> None:
    alone = of_trace(f"{example.text}\n{FRAMES}")
    assert alone is not None
    assert alone.failure.id == example.failure
    log = (
        "2026-11-30 13:00:00,001 INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph [] - Map (1/2) "
        "(1a2b) switched from RUNNING to FAILED on tm-1 @ host (dataPort=33446).\n"
        f"{wrapped(example.text)}\n2026-11-30 13:00:00,002 INFO  com.acme.Job [] - next"
    )
    found = [one.failure.id for one in of_text(log)]
    assert found == [example.failure]


@pytest.mark.parametrize("example", LOGS, ids=_name)
def test_a_line_of_a_log_is_recognised(example: Example) -> None:
    found = list(of_text(f"2026-11-30 12:00:00,000 INFO  a.B [] - first\n{example.text}\n"))
    assert [(one.failure.id, one.line) for one in found] == [(example.failure, 2)]
    assert example.values.items() <= found[0].values.items()
    assert found[0].means
    assert found[0].next


def test_a_hidden_class_is_found_in_the_message() -> None:
    """Flink puts SerializedThrowable in the place of a class that the receiver may not have."""
    for example in TRACES:
        found = of_trace(
            f"a.B: c\nCaused by: org.apache.flink.util.SerializedThrowable: {example.text}\n{FRAMES}"
        )
        assert found is not None, example
        assert found.failure.id == example.failure, example


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_wrapper_is_never_recognised(wrapper: str) -> None:
    """Its message is class and message of its cause."""
    for example in TRACES:
        assert of_trace(f"{wrapper}: {example.text}\n{FRAMES}") is None, example.failure


@pytest.mark.parametrize("plain", PLAIN, ids=lambda text: text[:60])
def test_a_plain_error_of_a_program_is_none_of_them(plain: str) -> None:
    assert of_trace(wrapped(plain)) is None
    assert of_trace(f"{plain}\n{FRAMES}") is None
    assert not list(of_text(f"2026-11-30 13:00:00,001 ERROR com.acme.Job [] - {plain}\n{FRAMES}\n"))


def test_there_are_enough_plain_errors() -> None:
    assert len(set(PLAIN)) >= 30


def test_a_deeper_cause_explains_a_known_one() -> None:
    above = (
        "org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy",
        "Caused by: org.apache.flink.util.FlinkRuntimeException: Exceeded checkpoint tolerable failure",
        "Caused by: java.io.IOException: No space left on device",
    )
    trace = "".join(f"{one}\n{FRAMES}\n" for one in above)
    found = of_trace(trace)
    assert found is not None
    assert found.failure.id == "disk-full"
    assert found.line == 9
    assert not found.failure.follows


def test_types_of_flink_itself_are_no_notice() -> None:
    """A log of SQL has dozens."""
    words = "Class class {} cannot be used as a POJO type because not all fields are valid POJO fields, "
    words += "and must be processed as GenericType."
    line = f"2026-11-30 19:43:31,123 INFO  org.apache.flink.api.java.typeutils.TypeExtractor [] - {words}"
    assert [one.failure.id for one in of_text(line.format("com.acme.Order"))] == ["pojo-notice"]
    assert not list(of_text(line.format("org.apache.flink.sql.parser.dql.SqlDescribeJob")))


def test_a_cause_that_would_mislead_alone_does_not_decide() -> None:
    """As on Flink 2.3.0: a savepoint restored without the class of its state, and a job without its jar."""
    missing = f"Caused by: java.lang.ClassNotFoundException: com.acme.Part\n{FRAMES}"
    no_user_class = "org.apache.flink.streaming.runtime.tasks.StreamTaskException: Cannot load user class"
    for above, failure in (
        ("com.esotericsoftware.kryo.KryoException: Unable to find class: com.acme.Part", "kryo-class"),
        (f"{no_user_class}: com.acme.Part", "user-class-missing"),
        ("java.lang.NoClassDefFoundError: com/acme/Part", "class-missing"),
    ):
        found = of_trace(f"{above}\n{FRAMES}\n{missing}")
        assert found is not None
        assert (found.failure.id, found.line) == (failure, 1 if found.wording.instead_of else 5)
        assert found.values["type"] == "com.acme.Part"


def test_what_only_wraps_an_unknown_cause_is_not_named() -> None:
    given_up = "org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy"
    assert of_trace(f"{given_up}\n{FRAMES}\nCaused by: com.acme.BadOrder: no price\n{FRAMES}") is None
    found = of_trace(f"{given_up}\n{FRAMES}")
    assert found is not None
    assert found.failure.id == "restarts-exhausted"


def test_of_a_suppressed_exception_nothing_is_said() -> None:
    trace = (
        f"com.acme.BadOrder: no price\n{FRAMES}\n\tSuppressed: java.io.IOException: No space left on device\n"
        "\t\tat com.acme.Job.close(Job.java:40)\n\tCaused by: java.lang.OutOfMemoryError: Java heap space\n"
    )
    assert of_trace(trace) is None


def test_values_are_short_and_on_one_line() -> None:
    record = "x" * 390
    found = of_trace(f"java.io.IOException: Failed to deserialize JSON '{record}'.\n{FRAMES}")
    assert found is not None
    assert "x" * 100 in found.means
    assert len(found.means) < 300
    assert found.means.endswith("….")


HEAP = "java.lang.OutOfMemoryError: Java heap space"
ENTRY = (
    "org.apache.flink.client.program.ProgramInvocationException: "
    "The program's entry point class 'no.such.Class' was not found in the jar file."
)


def test_an_exception_may_explain_its_cause_better_than_that_does() -> None:
    trace = f"{ENTRY}\n{FRAMES}\nCaused by: java.lang.ClassNotFoundException: no.such.Class\n{FRAMES}"
    found = of_trace(f"java.util.concurrent.CompletionException: {ENTRY}\n{FRAMES}\nCaused by: {trace}")
    assert found is not None
    assert (found.failure.id, found.line) == ("main-class-missing", 5)
    assert found.means == "The jar has no class no.such.Class that could be run."
    # A main() that needs a class that is not there is another matter.
    other = "org.apache.flink.client.program.ProgramInvocationException: The main method caused an error"
    found = of_trace(
        f"{other}: x\n{FRAMES}\nCaused by: java.lang.NoClassDefFoundError: no/such/Class\n{FRAMES}"
    )
    assert found is not None
    assert found.failure.id == "class-missing"


def test_a_message_without_its_exception_is_recognised_if_it_says_enough() -> None:
    found = of_trace("Checkpoint expired before completing.")
    assert found is not None
    assert found.failure.id == "checkpoint-expired"
    for message in ("", "\n", "Job not found", "\0", "[b]x[/b]", f"a.B: no price\n\tSuppressed: {HEAP}"):
        assert of_trace(message) is None, message
    for plain in PLAIN:
        if not plain.startswith("com.acme."):
            assert of_trace(plain.rpartition(": ")[2]) is None, plain


def test_the_messages_of_flink_s_own_answers_are_recognised_whatever_is_around_them() -> None:
    body = f"<Exception on server side:\n{ENTRY}\n{FRAMES}\n\nEnd of exception on server side>"
    found = of_trace(body)
    assert found is not None
    assert found.failure.id == "main-class-missing"
