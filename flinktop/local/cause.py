"""The reason why a Java process ended, as a sentence, from its log or output."""

import re

_ENTRY = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (\w+) +\S+ +(?:\[\] *)?- ", re.MULTILINE)
"""The start of an entry of Flink's log, with its level."""
_WORST = ("ERROR", "FATAL")
_THROWN = re.compile(  # a line of a trace that names an exception
    r"^(?:Caused by: |Exception in thread \"[^\"]*\" )?((?:[a-z][\w$]*\.)+[A-Z][\w$.]*)(?:: (.*))?$"
)
_NO_REASON = (  # lines of a JVM that could not start; the reason is before or after them
    "Error occurred during initialization of VM",
    "Error: Could not create the Java Virtual Machine.",
    "Error: A fatal exception has occurred. Program will exit.",
)
_LONGEST = 300


def cause(logged: str, printed: str) -> str:
    """The deepest cause in the last error of the log, else in the output, else the log's last line."""
    lines = [line.strip("# \t") for line in printed.splitlines()]
    reasons = [line for line in lines if line and line not in _NO_REASON]
    # There may be only warnings.
    reasons.sort(key=lambda line: " warning: " in line)
    found = (
        _last_error(logged)
        or _deepest(printed)
        or next(iter(reasons), "")
        or next(iter(logged.strip().splitlines()[-1:]), "")
        or next(filter(None, lines), "it logged nothing")
    )
    return found if len(found) <= _LONGEST else found[: _LONGEST - 1] + "…"


def _last_error(logged: str) -> str:
    """The text of the last error entry, with its trace if there is one."""
    entries = list(_ENTRY.finditer(logged))
    ends = [*(entry.start() for entry in entries[1:]), len(logged)]
    errors = [
        logged[entry.end() : end].strip()
        for entry, end in zip(entries, ends, strict=False)
        if entry[1] in _WORST
    ]
    traces = [error for error in errors if _deepest(error)]
    return _deepest(traces[-1]) if traces else errors[-1].partition("\n")[0] if errors else ""


def _deepest(text: str) -> str:
    """The message of the deepest exception, with its class if the message is no sentence or Java's own."""
    causes = [found for line in text.splitlines() if (found := _THROWN.match(line.strip()))]
    if not causes:
        return ""
    package, _, name = causes[-1][1].rpartition(".")
    message = (causes[-1][2] or "").strip()
    if " " in message and not package.startswith("java"):
        return message
    return f"{name}: {message}" if message else name
