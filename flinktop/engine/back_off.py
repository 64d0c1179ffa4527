"""How long to wait before something that failed is tried again: growing pauses with an upper limit."""

from msgspec import Struct

_MOST_DOUBLINGS = 40
"""Beyond any limit; without it the power overflows after 1,024 failures."""


class BackOff(Struct, frozen=True):
    """Pauses that double from the first (s) to the longest (s)."""

    first: float
    longest: float

    def after(self, failures: int, jitter: float = 1.0) -> float:
        """Seconds to wait after so many failures in a row.

        Args:
            failures: in a row, the one just seen among them; any number.
            jitter: a factor around 1, so that many monitors don't retry in step.
        """
        doublings = min(max(failures - 1, 0), _MOST_DOUBLINGS)
        return min(self.longest, self.first * 2.0**doublings) * jitter


WATCHED = BackOff(1.0, 7.5)
"""For what is on the screen and for the probe of a lost cluster: with a jitter of up to a fifth, an answer
comes within ten seconds after a fault has ended."""
BACKGROUND = BackOff(1.0, 30.0)
"""For what nobody is looking at."""
FOLLOWED = BackOff(0.5, 7.5)
"""For an operation whose cluster does not answer."""
UNDER_WAY = BackOff(0.5, 3.0)
"""For an operation that has not ended yet: most take seconds, some hours."""
