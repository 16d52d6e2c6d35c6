"""Points of a sweep: what each changes of the scenario, worked out from its number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from workloads.sweep import BASE, Sweep, path_of


class Point(NamedTuple):
    """One point. overlay   names of its overrides;  values   what the design sets, by path as the file writes it"""

    number: int
    overlay: tuple[str, ...]
    values: Mapping[str, object]

    @property
    def scenario(self) -> str:
        """What the scenario below the design is called."""
        return " + ".join(self.overlay) or BASE

    @property
    def label(self) -> str:
        """What the point is called: its overrides, then what the design sets."""
        told = [*self.overlay, *(f"{path}={value}" for path, value in self.values.items())]
        return ", ".join(told) or BASE


def point(sweep: Sweep, number: int) -> Point:
    """A point by its number, from 0: all points of the first scenario, then of the next."""
    if sweep.design is None:
        return Point(number, sweep.scenarios[number], {})
    at, row = divmod(number, sweep.design.size)
    return Point(number, sweep.scenarios[at], sweep.design.rows()[row])


def changes(sweep: Sweep, one: Point) -> dict[str, object]:
    """What a point changes of what is swept: whole paths, the later of two that are the same at its later place."""
    found: dict[str, object] = {}
    for part in (*(sweep.overrides[name] for name in one.overlay), one.values):
        for path, value in part.items():
            whole = path_of(path, sweep.what)
            found.pop(whole, None)
            found[whole] = value
    return found


def twins(sweep: Sweep) -> dict[int, Sequence[int]]:
    """Points with the same values as an earlier one: number -> those that it stands for, itself left out.

    A grid has none. Points that sampling rounds to the same whole values are found in one pass.
    """
    if sweep.design is None or sweep.design.kind == "grid":
        return {}
    first: dict[str, int] = {}
    found: dict[int, list[int]] = {}
    for row, values in enumerate(sweep.design.rows()):
        stands = first.setdefault(repr(sorted(values.items())), row)
        if stands != row:
            found.setdefault(stands, []).append(row)
    offsets = range(0, sweep.size, sweep.design.size)
    return {at + one: [at + other for other in others] for at in offsets for one, others in found.items()}
