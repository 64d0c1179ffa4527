"""Prometheus' text format, read back strictly by its rules."""

from __future__ import annotations

import re

_HEAD = re.compile(r"# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)")
_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
_ESCAPED = re.compile(r"\\[\\\"n]")
_ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}

Sample = tuple[str, dict[str, str], float]


def parsed(text: str) -> list[Sample]:
    """The samples. AssertionError where a line is none, or a metric is not one block: HELP, TYPE, samples."""
    assert text.endswith("\n")
    found: list[Sample] = []
    heads: list[tuple[str, str]] = []
    for line in text[:-1].split("\n"):
        if line.startswith("#"):
            head = _HEAD.fullmatch(line)
            assert head is not None, line
            what, name, rest = head.groups()
            if what == "HELP":
                assert re.fullmatch(r"(?:[^\\]|\\\\|\\n)*", rest), line
            else:
                assert rest == "gauge", line
                assert heads[-1] == ("HELP", name), line
            heads.append((what, name))
            continue
        match = _SAMPLE.fullmatch(line)
        assert match is not None, line
        name, labels, value = match.groups()
        assert heads, line
        assert heads[-1] == ("TYPE", name), f"not below its own HELP and TYPE: {line}"
        found.append((name, _labels(labels or ""), float(value)))
    assert len(heads) == len(set(heads)), "a metric in two places"
    keys = [(name, tuple(sorted(labels.items()))) for name, labels, _ in found]
    assert len(keys) == len(set(keys)), "two samples with the same labels"
    return found


def _labels(text: str) -> dict[str, str]:
    pairs = list(_LABEL.finditer(text))
    assert "".join(pair[0] for pair in pairs) == text
    assert not text.endswith(",")
    labels = {pair[1]: _ESCAPED.sub(lambda found: _ESCAPES[found[0]], pair[2]) for pair in pairs}
    assert len(labels) == len(pairs), "a label twice"
    return labels


def sample(samples: list[Sample], name: str) -> Sample:
    """The first sample of a metric."""
    return next(one for one in samples if one[0] == name)
