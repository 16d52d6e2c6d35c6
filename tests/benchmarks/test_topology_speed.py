"""How fast networks are counted and built: counts in microseconds, large graphs in milliseconds."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.properties.small_networks import SWITCH
from topologies import mms
from topologies.kinds.base import TopologySpec
from topologies.kinds.dragonfly import Dragonfly
from topologies.kinds.fat_tree import FatTree
from topologies.kinds.mpft import MultiPlaneFatTree
from topologies.kinds.mrft import MultiRailFatTree
from topologies.kinds.rail_only import RailOnly
from topologies.kinds.rail_optimised import RailOptimised
from topologies.kinds.slim_fly import SlimFly

NETWORKS: dict[str, tuple[TopologySpec, float]] = {
    "MPFT": (MultiPlaneFatTree(switch=SWITCH), 0.005),
    "FT2": (FatTree(switch=SWITCH), 0.005),
    "FT3": (FatTree(switch=SWITCH, layers=3), 0.015),
    "MRFT": (MultiRailFatTree(switch=SWITCH, layers=3), 0.015),
    "rail-optimised": (RailOptimised(switch=SWITCH), 0.015),
    "rail-only": (RailOnly(switch=SWITCH), 0.005),
    "Slim Fly": (SlimFly(switch=SWITCH), 0.05),
    "Dragonfly": (Dragonfly(switch=SWITCH), 0.15),
}
"""Network at full size, and how long it may take to build."""
MOST_TO_COUNT_S = 50e-6


def best_s(action: Callable[[], object], times: int) -> float:
    """The quickest of several runs."""
    taken_s = []
    for _ in range(times):
        begin_s = time.perf_counter()
        action()
        taken_s.append(time.perf_counter() - begin_s)
    return min(taken_s)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_full_network_is_counted_and_built_in_time(name: str) -> None:
    network, limit_s = NETWORKS[name]
    counted_s, built_s = best_s(network.count, 100), best_s(network.build, 10)
    endpoints = f"{network.full_size:,} endpoints"
    print(f"\n{name}, {endpoints}: counted in {counted_s * 1e6:.1f} us, built in {built_s * 1000:.2f} ms")
    assert counted_s < MOST_TO_COUNT_S
    assert built_s < limit_s


def test_the_graph_of_a_slim_fly_is_made_in_100_ms() -> None:
    def anew() -> object:
        mms.graph.cache_clear()
        mms.cayley.cache_clear()
        return mms.graph(27)

    made_s = best_s(anew, 5)
    print(f"\nMMS graph, q = 27: {made_s * 1000:.1f} ms")
    assert made_s < 0.1
