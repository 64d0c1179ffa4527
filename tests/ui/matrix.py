"""Releases and sizes that screens are tried on.

The first and the last release, and the two sizes that people have, are tried with the fast tests; what lies
between is marked `deep`, as is what tries one screen in depth: they have a step of their own in CI.
"""

import pytest

_deep = pytest.mark.deep

RELEASES = (
    "1.9.3",
    pytest.param("1.14.6", marks=_deep),
    pytest.param("1.20.5", marks=_deep),
    "2.3.0",
)
SIZES = (
    pytest.param((20, 5), marks=_deep),
    pytest.param((40, 12), marks=_deep),
    (80, 24),
    (120, 40),
    pytest.param((200, 60), marks=_deep),
)
EVERY_SIZE = ((20, 5), (40, 12), (80, 24), (120, 40), (200, 60))
