"""What is kept of texts by their hash."""

from __future__ import annotations

from flinktop.model.faults import ByHash


def test_something_is_made_of_a_text_once_and_again_when_it_has_been_forgotten() -> None:
    made: list[str] = []

    def make(text: str) -> int:
        made.append(text[:1])
        return len(text)

    kept = ByHash(make, 10_000)
    assert [kept(letter * 4000) for letter in "aaba"] == [4000] * 4
    assert made == ["a", "b"]
    for letter in "aca":
        kept(letter * 4000)
    assert made == ["a", "b", "c"], "the one used longest ago goes first"
    kept("b" * 4000)
    assert made == ["a", "b", "c", "b"]


def test_texts_together_have_a_bound_and_one_alone_may_be_larger() -> None:
    kept = ByHash(len, 10_000)
    for number in range(1000):
        kept(f"{number:0100}")
    assert len(kept) < 100
    assert kept("x" * 50_000) == 50_000
    assert kept("y" * 50_000) == 50_000
    assert len(kept) <= 2
