"""The lanes between two layers of a graph: the columns in which bundles of edges run up and down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PASSES = 8  # how often neighbouring lanes are compared to reduce crossings


class Wire(Struct, frozen=True):
    """A connection from a row left of the gap to a row right of it; wires of a bundle share a lane."""

    bundle: int
    left: int
    right: int


class Lanes(Struct, frozen=True):
    """Where the wires of a gap bend."""

    count: int  # number of lanes
    lane: Mapping[int, int]  # the lane of each bundle that needs one, counted from the left
    detour: Mapping[
        int, tuple[int, int]
    ]  # by row on the left: the lane in which it changes row first, and to which

    def bends(self, wire: Wire) -> list[tuple[int, int]]:
        """The (lane, row) corners of a wire, from left to right."""
        found: list[tuple[int, int]] = []
        row = wire.left
        if row in self.detour:
            lane, other = self.detour[row]
            found += [(lane, row), (lane, other)]
            row = other
        if row != wire.right:
            found += [(self.lane[wire.bundle], row), (self.lane[wire.bundle], wire.right)]
        return found


def lanes_of(wires: Sequence[Wire]) -> Lanes:
    """Assign lanes to bundles so that wires without a common end never overlap.

    If a wire leaves on the row on which another arrives, the first must bend before the second. If that
    is circular, one of them makes a detour over an unused row.
    """
    rows = {wire.left: wire.left for wire in wires}
    taken = {row for wire in wires for row in (wire.left, wire.right)}
    while True:
        nets = _nets(wires, rows)
        order, stuck = _sorted(nets)
        if stuck is None:
            break
        rows[stuck] = _free_row(rows[stuck], taken)
        taken.add(rows[stuck])
    detours = [row for row, other in rows.items() if row != other]
    lane, detour = {}, {}
    used = 0
    for row in sorted(detours, key=lambda row: min(row, rows[row])):
        detour[row] = (used, rows[row])
        used += 1
    spans: list[tuple[int, _Net]] = []
    for net in order:
        after = [number for number, other in spans if net.overlaps(other) or other.bundle in net.after]
        lane[net.bundle] = max(after, default=used - 1) + 1
        spans.append((lane[net.bundle], net))
    return Lanes(max([used - 1, *lane.values()], default=-1) + 1, lane, detour)


def _free_row(near: int, taken: set[int]) -> int:
    distance = 1
    while True:
        for row in (near - distance, near + distance):
            if row >= 0 and row not in taken:
                return row
        distance += 1


class _Net:
    """A bundle in a gap: its rows on the left and right, and the bundles that must bend before it."""

    def __init__(self, bundle: int, lefts: Iterable[int], rights: Iterable[int]) -> None:
        self.bundle = bundle
        self.lefts = frozenset(lefts)
        self.rights = frozenset(rights)
        self.top = min(self.lefts | self.rights)
        self.bottom = max(self.lefts | self.rights)
        self.after: dict[int, int] = {}

    def overlaps(self, other: _Net) -> bool:
        """Whether the two can't share a lane because they would touch."""
        return self.top <= other.bottom and other.top <= self.bottom

    def crosses(self, rows: Iterable[int]) -> int:
        return sum(self.top < row < self.bottom for row in rows)


def _nets(wires: Sequence[Wire], rows: Mapping[int, int]) -> list[_Net]:
    """The bundles that need a lane, with those that must come before each."""
    lefts: dict[int, set[int]] = {}
    rights: dict[int, set[int]] = {}
    for wire in wires:
        lefts.setdefault(wire.bundle, set()).add(wire.left)
        rights.setdefault(wire.bundle, set()).add(wire.right)
    ends = {(wire.left, wire.bundle) for wire in wires}
    found = {}
    for bundle in sorted(lefts):
        net = _Net(bundle, {rows[row] for row in lefts[bundle]}, rights[bundle])
        if net.top != net.bottom:
            found[bundle] = net
    leaving: dict[int, list[tuple[int, int]]] = {}
    for left, bundle in sorted(ends):
        leaving.setdefault(rows[left], []).append((left, bundle))
    for net in found.values():
        for row in net.rights:
            for left, bundle in leaving.get(row, []):
                if bundle in found and bundle != net.bundle:
                    net.after[bundle] = left
    return list(found.values())


def _sorted(nets: list[_Net]) -> tuple[list[_Net], int | None]:
    """The bundles by lane from left to right; or a row on the left that needs a detour."""
    waiting = {net.bundle: net for net in nets}
    order: list[_Net] = []
    while waiting:
        free = [net for net in waiting.values() if not any(bundle in waiting for bundle in net.after)]
        if not free:
            return [], min(_circle(waiting))
        for net in sorted(free, key=_fall):
            order.append(net)
            del waiting[net.bundle]
    for _ in range(PASSES):
        if not _exchange(order):
            break
    return order, None


def _circle(waiting: Mapping[int, _Net]) -> list[int]:
    """The rows on the left of bundles that wait for each other in a circle."""
    net = next(iter(waiting.values()))
    seen: dict[int, int] = {}
    while net.bundle not in seen:
        before = next(bundle for bundle in net.after if bundle in waiting)
        seen[net.bundle] = net.after[before]
        net = waiting[before]
    bundles = list(seen)
    return [seen[bundle] for bundle in bundles[bundles.index(net.bundle) :]]


def _fall(net: _Net) -> tuple[int, int]:
    """Falling bundles bend earlier the lower they start, rising ones the higher they start."""
    start = min(net.lefts)
    falls = max(net.rights) - start > start - min(net.rights)
    return (0, -start) if falls else (1, start)


def _exchange(order: list[_Net]) -> bool:
    """Swap neighbouring lanes if that reduces crossings; returns whether any were swapped."""
    changed = False
    for place in range(len(order) - 1):
        one, other = order[place], order[place + 1]
        if one.bundle in other.after:
            continue
        now = one.crosses(other.lefts - one.lefts) + other.crosses(one.rights - other.rights)
        then = other.crosses(one.lefts - other.lefts) + one.crosses(other.rights - one.rights)
        if then < now:
            order[place], order[place + 1] = other, one
            changed = True
    return changed
