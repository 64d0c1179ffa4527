from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flinktop.judgement.ask import Ask
    from flinktop.judgement.holds import Sign
    from flinktop.judgement.trails import Note, Trail
    from flinktop.model.look import JobLook


def notes(look: JobLook) -> Iterator[Note]:
    yield from ()


def signs(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Sign]:
    yield from ()


def asks(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Ask]:
    yield from ()
