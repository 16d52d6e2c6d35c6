"""Flows that SimGrid and we both play: topologies, routings, sizes, starts and faults."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from simulator.flows.demand import Demand, all_to_all, demand
from simulator.flows.faults import Fault, cable, vertex
from simulator.flows.routing import ByDestination, Ecmp, Spray
from simulator.flows.run import Setting
from tests.small_fabrics import fat_tree, planes, star
from topologies.fabric import Fabric


@dataclass(frozen=True, slots=True)
class Case:
    """A demand on a fabric, routed and damaged in some way."""

    fabric: Fabric
    flows: Demand
    setting: Setting


def random_sizes(ends: int, seed: int, law: str = "uniform") -> Demand:
    """All-to-all of 0.1 to 2 MB a pair, or of exponential sizes with a floor; SimGrid takes whole bytes only."""
    random = np.random.default_rng(seed)
    size = random.uniform(1e5, 2e6, (ends, ends)) if law == "uniform" else 1e5 + random.exponential(1e6, (ends, ends))
    return all_to_all(2 * np.floor(size / 2))


def late(flows: Demand, seed: int) -> Demand:
    """The same flows, each starting within 10 ms."""
    return replace(flows, start_s=np.random.default_rng(seed).uniform(0, 0.01, flows.flows))


def inner(fabric: Fabric, number: int) -> int:
    """The so-many-th link from a switch to another."""
    return int(np.flatnonzero((fabric.link_from >= fabric.endpoints) & (fabric.link_to >= fabric.endpoints))[number])


@cache
def cases() -> dict[str, Case]:
    """All cases by name."""
    flat, two, three = star(12), fat_tree(16, 8, 2), fat_tree(16, 4, 3)
    still = fat_tree(16, 4, 3, latency_s=0.0)
    both, wide = planes(8, 2, 4), fat_tree(32, 8, 3)
    source, destination = np.nonzero(np.equal.outer(np.arange(16) % 2, np.arange(16) % 2) & ~np.eye(16, dtype=bool))
    on_planes = demand(source, destination, np.random.default_rng(5).integers(100_000, 2_000_000, len(source)))
    spine, half = Fault(vertex(three, 32)), Fault(cable(two, inner(two, 3)), left_ratio=0.5)
    slows = Fault(cable(two, inner(two, 0)), left_ratio=0.25, begin_s=4e-3)
    heals = Fault(cable(three, inner(three, 5)), left_ratio=0.1, begin_s=2e-3, end_s=9e-3)
    breaks = Fault(cable(still, inner(still, 2)), begin_s=5e-3)
    dies = Fault(vertex(still, 32), begin_s=3e-3)
    return {
        "switch-equal": Case(flat, all_to_all(np.full((12, 12), 1e6)), Setting()),
        "switch-uniform": Case(flat, random_sizes(12, 0), Setting()),
        "switch-exponential-late": Case(flat, late(random_sizes(12, 1, "exponential"), 1), Setting()),
        "switch-incast": Case(flat, demand(range(1, 12), 0, np.linspace(1e5, 3e6, 11)), Setting()),
        "two-layers-ecmp-equal": Case(two, all_to_all(np.full((16, 16), 1e6)), Setting(Ecmp(0))),
        "two-layers-ecmp-uniform": Case(two, random_sizes(16, 2), Setting(Ecmp(1))),
        "two-layers-ecmp-late": Case(two, late(random_sizes(16, 3), 3), Setting(Ecmp(2))),
        "two-layers-tables": Case(two, random_sizes(16, 4, "exponential"), Setting(ByDestination())),
        "three-layers-ecmp-equal": Case(three, all_to_all(np.full((16, 16), 1e6)), Setting(Ecmp(3))),
        "three-layers-ecmp-uniform": Case(three, random_sizes(16, 5), Setting(Ecmp(4))),
        "three-layers-ecmp-exponential": Case(three, random_sizes(16, 6, "exponential"), Setting(Ecmp(5))),
        "three-layers-tables-late": Case(three, late(random_sizes(16, 7), 7), Setting(ByDestination())),
        "three-layers-in-two-parts": Case(three, random_sizes(16, 8).split(2), Setting(Ecmp(6))),
        "three-layers-sprayed": Case(still, random_sizes(16, 9), Setting(Spray())),
        "three-layers-sprayed-late": Case(still, late(random_sizes(16, 10), 10), Setting(Spray())),
        "wide-ecmp-uniform": Case(wide, random_sizes(32, 11), Setting(Ecmp(7))),
        "wide-permutation": Case(wide, demand(np.arange(32), (np.arange(32) * 5 + 3) % 32, 2e6), Setting(Ecmp(8))),
        "planes-ecmp": Case(both, on_planes, Setting(Ecmp(9))),
        "planes-late": Case(both, late(on_planes, 11), Setting(Ecmp(10))),
        "two-layers-half-link": Case(two, random_sizes(16, 12), Setting(Ecmp(11), faults=(half,))),
        "two-layers-link-slows": Case(two, random_sizes(16, 13), Setting(Ecmp(12), faults=(slows,))),
        "three-layers-spine-down": Case(three, random_sizes(16, 14), Setting(Ecmp(13), faults=(spine,))),
        "three-layers-link-slows-and-heals": Case(three, random_sizes(16, 15), Setting(Ecmp(14), faults=(heals,))),
        "three-layers-link-breaks": Case(still, random_sizes(16, 16), Setting(Ecmp(15), faults=(breaks,))),
        "three-layers-spine-dies": Case(still, random_sizes(16, 17), Setting(Ecmp(16), faults=(dies,))),
    }
