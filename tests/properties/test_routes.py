"""Routes on arrays are the minimal ones that another library finds, and tell what a network carries."""

from __future__ import annotations

import networkx
import numpy as np
import pytest
from hypothesis import given, settings

from tests.properties.small_networks import SWITCH, Trees, drawn_ring, networks, switch, trees
from topologies import routes
from topologies.fabric import Fabric
from topologies.kinds.base import TopologySpec
from topologies.kinds.dragonfly import Dragonfly
from topologies.kinds.fat_tree import FatTree
from topologies.kinds.mpft import MultiPlaneFatTree
from topologies.kinds.rail_optimised import RailOptimised
from topologies.kinds.slim_fly import SlimFly

SHOWN = 24
"""Endpoints from which routes are followed."""


def simple(fabric: Fabric) -> networkx.Graph[int]:
    """The fabric with parallel cables as one."""
    return networkx.Graph(fabric.to_networkx())


@settings(max_examples=120)
@given(networks())
def test_hops_are_those_of_another_library_both_ways(made: tuple[TopologySpec, int]) -> None:
    fabric = made[0].build(min(made[1], 100))
    for start in range(0, min(fabric.endpoints, SHOWN), 5):
        theirs = networkx.single_source_shortest_path_length(simple(fabric), start)
        ours = routes.hops_from(fabric, start)
        assert {int(vertex): int(ours[vertex]) for vertex in np.flatnonzero(ours >= 0)} == theirs
        assert (routes.hops_to(fabric, start) == ours).all()


@settings(max_examples=120)
@given(networks())
def test_every_next_link_leads_one_closer_and_all_together_are_the_shortest_ways(
    made: tuple[TopologySpec, int],
) -> None:
    fabric = made[0].build(min(made[1], 40))
    target = fabric.endpoints - 1
    left = routes.hops_to(fabric, target)
    from_target, ways = routes.ways_from(fabric, target)
    assert (from_target == left).all()
    for start in range(0, min(fabric.endpoints, SHOWN), 6):
        assert ways[start] == ways_by_next_links(fabric, left, start)


def ways_by_next_links(fabric: Fabric, left: np.ndarray, vertex: int) -> int:
    """Shortest ways to the target, counted link by link."""
    if left[vertex] <= 0:
        return int(left[vertex] == 0)
    onward = routes.next_links(fabric, left, vertex)
    assert len(onward)
    assert (left[fabric.link_to[onward]] == left[vertex] - 1).all()
    return sum(ways_by_next_links(fabric, left, int(fabric.link_to[link])) for link in onward)


def test_planes_of_the_largest_published_size_are_isolated_with_32_ways_each() -> None:
    fabric = MultiPlaneFatTree(switch=SWITCH).build()
    hops, ways = routes.ways_from(fabric, 3)
    reached = np.flatnonzero(hops[: fabric.endpoints] >= 0)
    assert (reached % 8 == 3).all()
    assert len(reached) == 2_048
    assert hops[3 + 32 * 8] == 4
    assert ways[3 + 32 * 8] == 32


def test_three_layers_of_64_ports_have_1_024_ways_between_pods() -> None:
    fabric = FatTree(switch=SWITCH, layers=3).build()
    hops, ways = routes.ways_from(fabric, 0)
    assert (hops[[31, 32, 1_023, 1_024, 65_535]] == [2, 4, 4, 6, 6]).all()
    assert (ways[[31, 32, 1_023, 1_024, 65_535]] == [1, 32, 32, 1_024, 1_024]).all()


def test_full_trees_look_the_same_from_every_endpoint() -> None:
    for tree in (FatTree(switch=switch(6), layers=3), MultiPlaneFatTree(switch=switch(6), planes=2)):
        fabric = tree.build()
        seen = {tuple(np.bincount(routes.hops_from(fabric, end) + 1).tolist()) for end in range(fabric.endpoints)}
        assert len(seen) == 1


@settings(max_examples=60)
@given(trees())
def test_a_full_tree_carries_what_its_uplinks_do(tree: Trees) -> None:
    """Uneven wirings of trees filled in part may carry a little less than their uplinks together would.

    A rail-optimised tree is meant for traffic on its rails, which it carries better than traffic to all.
    """
    endpoints = min(tree.full_size, 200)
    by_ways, in_closed_form = routes.uniform_ratio(tree.build(endpoints)), tree.uniform_ratio(endpoints)
    assert by_ways <= in_closed_form + 1e-9
    if endpoints == tree.full_size and not isinstance(tree, RailOptimised):
        assert by_ways == pytest.approx(in_closed_form)


@pytest.mark.parametrize("q", [3, 4, 5, 7])
@pytest.mark.parametrize("part", [1, 2, 5])
def test_a_slim_fly_carries_what_its_ways_do(q: int, part: int) -> None:
    network = SlimFly(switch=switch(20), q=q)
    endpoints = network.full_size // part
    assert network.uniform_ratio(endpoints) == pytest.approx(routes.uniform_ratio(network.build(endpoints)))


@pytest.mark.parametrize(("groups", "off"), [(2, 0.01), (3, 0.01), (5, 0.05), (9, 0.05)])
def test_a_dragonfly_carries_what_direct_routes_do(groups: int, off: float) -> None:
    """Direct: at most one link to another group, as the paper's minimal routing has it."""
    network = Dragonfly(switch=SWITCH, endpoints_per_switch=4, switches_per_group=4, global_links=2, groups=groups)
    assert network.uniform_ratio() == pytest.approx(direct_ratio(network, groups), rel=off)


def direct_ratio(network: Dragonfly, groups: int) -> float:
    """Route every pair of switches over the links between their groups, all alike, and find the fullest link."""
    fabric = network.build()
    inner = [
        (int(low) - fabric.endpoints, int(high) - fabric.endpoints)
        for low, high in zip(fabric.link_from, fabric.link_to, strict=True)
        if min(low, high) >= fabric.endpoints
    ]
    between: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for low, high in inner:
        between.setdefault((low // network.a, high // network.a), []).append((low, high))
    load = dict.fromkeys(inner, 0.0)
    pair = network.p**2 / (network.full_size - 1)
    for start in range(groups * network.a):
        for end in range(groups * network.a):
            own, other = start // network.a, end // network.a
            links = between.get((own, other), []) if own != other else []
            for out, back in links:
                for step in ((start, out), (out, back), (back, end)):
                    if step[0] != step[1]:
                        load[step] += pair / len(links)
            if own == other and start != end:
                load[start, end] += pair
    cables = {link: inner.count(link) for link in load}
    return min(1.0, min(cables[link] / load[link] for link in load))


def test_a_ring_carries_what_its_mean_distance_allows() -> None:
    """Eight switches with one endpoint: mean distance 16/7 over 2 links each way, so 2/(16/7) = 7/8."""
    assert routes.uniform_ratio(drawn_ring(8, 1).build()) == pytest.approx(7 / 8)
    assert routes.uniform_ratio(drawn_ring(8, 2).build()) == pytest.approx(15 / 32)
