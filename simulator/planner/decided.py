"""What was searched, what was found, what was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simulator.planner.cluster import Cluster
from simulator.planner.confirmed import Confirmed
from simulator.planner.found import Found
from simulator.planner.survival import Key


@dataclass(frozen=True, slots=True)
class Searched:
    """What was searched and found.

    left_out   reason -> clusters that were left out whole
    slower     by which share steps are slower with a part of the network lost, of those that were tested
    """

    clusters: Mapping[int, Cluster]
    left_out: Mapping[str, int]
    found: Found
    exhaustive: bool
    slower: Mapping[Key, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decided:
    """The choice and what it is held against: simulated ones, best first; the scenario's own where it was simulated."""

    searched: Searched
    confirmed: Sequence[Confirmed]
    own: Confirmed | None
    own_place: int | None
