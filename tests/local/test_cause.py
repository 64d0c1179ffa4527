"""Why a Java process ended, by real logs and outputs."""

import pytest

from flinktop.local.cause import cause

ENTRY = "2026-11-29 08:41:57,{ms:03d} {level:5} org.apache.flink.runtime.{name:30} [] - {words}\n"
TRACE = """\
org.apache.flink.runtime.entrypoint.ClusterEntrypointException: Failed to initialize the cluster entrypoint S.
\tat org.apache.flink.runtime.entrypoint.ClusterEntrypoint.startCluster(ClusterEntrypoint.java:275)
Caused by: org.apache.flink.util.FlinkException: Could not create the DispatcherResourceManagerComponent.
\t... 2 more
Caused by: {deepest}
\tat org.apache.flink.runtime.rest.RestServerEndpoint.start(RestServerEndpoint.java:299) ~[f.jar:2.3]
"""


def entry(level: str, words: str) -> str:
    return ENTRY.format(ms=0, level=level, name="entrypoint.ClusterEntrypoint", words=words)


BIND = TRACE.format(deepest="java.net.BindException: Could not start rest endpoint on any port in range 8081")
NO_CLASS = TRACE.format(deepest="java.lang.ClassNotFoundException: org.a.B")
NO_SLOTS = TRACE.format(deepest="org.apache.flink.util.FlinkException: Could not acquire the slots.")
OVERFLOW = TRACE.format(deepest="java.lang.StackOverflowError")
VM = """\
Error: Could not create the Java Virtual Machine.
Error: A fatal exception has occurred. Program will exit.
"""
NO_SPACE = """\
OpenJDK 64-Bit Server VM warning: INFO: os::commit_memory(0x00, 1, 0) failed; error='Not enough space'
#
# There is insufficient memory for the Java Runtime Environment to continue.
"""
NO_HEAP = """\
Error occurred during initialization of VM
Could not reserve enough space for 262144KB object heap
"""
OLD_JAVA = """\
Exception in thread "main" java.lang.UnsupportedClassVersionError: x has been made by a more recent version
\tat java.base/java.lang.ClassLoader.defineClass1(Native Method)
"""


@pytest.mark.parametrize(
    ("logged", "printed", "why"),
    [
        (
            entry("INFO", "Starting.") + entry("ERROR", f"Could not.\n{BIND}") + entry("INFO", "Bye."),
            "",
            "BindException: Could not start rest endpoint on any port in range 8081",
        ),
        # What goes wrong while it ends, because it ends, is not why.
        (
            entry("ERROR", f"Could not.\n{BIND}") + entry("ERROR", "Terminating with exit code 1."),
            "",
            "BindException: Could not start rest endpoint on any port in range 8081",
        ),
        (entry("ERROR", "No disk.") + entry("WARN", "Late."), "ignored", "No disk."),
        (entry("ERROR", f"Fatal.\n{NO_CLASS}"), "", "ClassNotFoundException: org.a.B"),
        (entry("ERROR", f"Fatal.\n{OVERFLOW}"), "", "StackOverflowError"),
        (entry("ERROR", f"Fatal.\n{NO_SLOTS}"), "", "Could not acquire the slots."),
        ("", f"Unrecognized VM option 'UseX'\n{VM}", "Unrecognized VM option 'UseX'"),
        ("", NO_HEAP, "Could not reserve enough space for 262144KB object heap"),
        ("", OLD_JAVA, "UnsupportedClassVersionError: x has been made by a more recent version"),
        ("", NO_SPACE, "There is insufficient memory for the Java Runtime Environment to continue."),
        (entry("INFO", "Loading.") + entry("INFO", "Waiting."), "", entry("INFO", "Waiting.").strip()),
        ("", VM, "Error: Could not create the Java Virtual Machine."),
        ("", "", "it logged nothing"),
    ],
)
def test_the_cause_is_the_deepest_reason(logged: str, printed: str, why: str) -> None:
    assert cause(logged, printed) == why


def test_a_cause_is_a_sentence_not_a_page() -> None:
    assert len(cause("", "x" * 100_000)) == 300
