"""Questions that are asked once, and may take long or act: not for the poller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from flinktop.engine.acts.act import Site
    from flinktop.engine.acts.facts import Facts


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question: pending while both are empty."""

    value: Any = None
    reason: str = ""
    """Why there is none."""

    @property
    def pending(self) -> bool:
        """Not answered yet."""
        return self.value is None and not self.reason


class Question(Protocol):
    """Something that is asked once, and that may take long or act: not for the poller."""

    def why_not(self, facts: Facts) -> str | None:
        """Why it can't be asked."""
        ...

    def must_be_typed(self, facts: Facts) -> bool:
        """Whether a name has to be typed before it is asked of this cluster."""
        ...

    def name_to_type(self, facts: Facts) -> str:
        """That name."""
        ...

    async def ask(self, site: Site) -> Any:
        """The answer; raises FlinkError."""
        ...
