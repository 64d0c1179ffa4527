"""Functions that read foreign text with several patterns, or with loops of their own."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import suppress

from rich.segment import Segment

from flinktop.flink import answers, error_text
from flinktop.flink.answers import check_document, check_status
from flinktop.flink.decode import DecodeError, decode, suspicious
from flinktop.flink.endpoint import MOST_PARTS
from flinktop.flink.errors import FlinkError
from flinktop.flink.exceptions import Fault, JobExceptions
from flinktop.flink.features import release
from flinktop.flink.jobs import JobsOverview, JobVertex
from flinktop.flink.logs import ThreadDump, ThreadInfo
from flinktop.flink.metrics import Metric, watermark
from flinktop.flink.text import clean, clean_lines, cut
from flinktop.known.recognise import of_text, of_trace
from flinktop.log import _Line
from flinktop.model import faults, flame, loglines, memory, metric_reading, rates, redaction, threads
from flinktop.ui.panels.process_files import file_name
from flinktop.ui.screens.vertex_plan import indented
from flinktop.ui.widgets import celltext

LINE = _Line("%(message)s")


def _raised(work: Callable[[], object]) -> None:
    with suppress(FlinkError, DecodeError):
        work()


def _fault(text: str) -> Fault:
    return Fault(exception_name=text, stacktrace=text, timestamp=1, task_name=text)


def _document(text: str) -> object:
    """With the text in its texts."""
    body = {"root-exception": text, "exceptionHistory": {"entries": [{"stacktrace": text, "taskName": text}]}}
    return decode(json.dumps(body).encode(), JobExceptions)


def _broken_document(text: str) -> None:
    """One of many parts that goes on with the text as it is, from the beginning of a text on."""
    _raised(lambda: decode(b'{"jobs":' + b"[" * MOST_PARTS + b'"' + text.encode(), JobsOverview))


FUNCTIONS: dict[str, Callable[[str], object]] = {
    "clean": clean,
    "clean_lines": clean_lines,
    "cut": cut,
    "suspicious": lambda text: suspicious(text.encode()),
    "a document": _document,
    "a broken document": _broken_document,
    "java_sentence": error_text.java_sentence,
    "java_sentence, inside": lambda text: error_text.java_sentence(f"x{text}x"),
    "java_sentence of causes": lambda text: error_text.java_sentence(text.replace("\n", "\nCaused by: ")),
    "flink_errors": lambda text: error_text.flink_errors(json.dumps({"errors": [text]}).encode()),
    "without_frames": lambda text: error_text.without_frames(text.replace("\n", "\nCaused by: ")),
    "page_title": lambda text: error_text.page_title(b"<html>" + text.encode()),
    "never_forwarded": lambda text: answers.never_forwarded(502, text.encode()),
    "message": lambda text: answers.message(json.dumps({"message": text}).encode()),
    "check_status": lambda text: _raised(lambda: check_status(404, text.encode(), "GET", "http://a/b", text)),
    "a redirect": lambda text: _raised(lambda: check_status(302, b"", "GET", "http://a/b", text)),
    "check_document": lambda text: _raised(lambda: check_document(text.encode(), "http://a/b", 200)),
    "release": release,
    "a metric's number": lambda text: Metric("a", text).number,
    "watermark": watermark,
    "causes": faults.causes,
    "stack": faults.stack,
    "what is known of a trace": of_trace,
    "what is known of a message": lambda text: of_trace(f"java.io.IOException: {text}"),
    "what is known of a message alone": lambda text: of_trace(f"a.SerializedThrowable: {text}"),
    "what is known of a text": lambda text: list(of_text(text)),
    "what is known of lines of a log": lambda text: list(
        of_text(text.replace("a", "Connection to ZooKeeper lost."))
    ),
    "what is known of a log": lambda text: list(of_text(f"2026-11-22 04:10:06,019 INFO  a.B [] - {text}")),
    "what is known of a JSON": lambda text: list(
        of_text(json.dumps({"a": f"a.BException: {text}\n\tat a.b"}))
    ),
    "reason": lambda text: faults.reason(_fault(text)),
    "task": faults.task,
    "key": lambda text: faults.key(_fault(text)),
    "log": lambda text: loglines.read(text.encode()),
    "log, shortened": loglines.shortened,
    "log, in styles": lambda text: loglines.parts(text, ""),
    "log, chosen": lambda text: loglines.chosen(loglines.read(text.encode()), "WARN", "x"),
    "threads": lambda text: threads.threads(ThreadDump((ThreadInfo(text, text),)), text),
    "chained_ids": lambda text: rates.chained_ids(JobVertex("v", text), _ids(text)),
    "flame": lambda text: (
        flame.Piece(1, 0, 1, 0, 1, 1, text).kind + flame.Piece(1, 0, 1, 0, 1, 1, text).short
    ),
    "configured_size": memory.configured_size,
    "metric_reading": lambda text: metric_reading.reading(text, 5e11, 0.0, 0.0),
    "safe": celltext.safe,
    "clip": lambda text: celltext.clip(text, 80),
    "wrap": lambda text: celltext.wrap(text, 80, 200),
    "a line behind a dialog": lambda text: Segment(clean(text)).split_cells(len(text) // 2),
    "indented": lambda text: indented(text, 80),
    "file_name": file_name,
    "arguments": lambda text: redaction.words((text, "--x", text)),
    "settings": lambda text: redaction.settings({"x": text, text: "x"}),
    "a line of the log": lambda text: LINE.format(
        logging.LogRecord("x", logging.INFO, "x", 1, text.replace("%", "%%"), None, None)
    ),
}


def _ids(text: str) -> list[str]:
    """As a vertex in which all is chained has them, for operators that the name begins with."""
    name = rates.as_in_ids(text)
    return [
        f"{operator}.numRecords{way}PerSecond"
        for operator in (name[:1], name[:7], name[:80])
        for way in ("In", "Out")
    ]


STARTS = (
    "Caused by: ",
    "a.B: ",
    "a.b.C$D: a.B: ",
    "\n\tat ",
    "\n\tat a.B.c(D.java:1)",
    "... 1 more",
    "\tSuppressed: ",
    "2026-11-22 04:10:06,019 INFO  a.B [] - ",
    "<title>",
    "<!--",
    "Map (2/4)#",
    " -> ",
    "_->_",
    "__",
    " :- ",
    "+- ",
    "a/",
    "org.apache.flink.",
    ":-1",
    "://a",
    "password=",
    '\\"',
    "\\n",
    "{",
    "[",
    '{"a":',
    "\u202e",
    "\ud7ff",
    "\U0001f600",
)
