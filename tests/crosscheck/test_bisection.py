"""Bisection in closed form against every half of a small network, each cut by max flow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product

import numpy as np
import pytest

from tests.properties.small_networks import drawn_ring, switch
from topologies import routes
from topologies.fabric import Fabric
from topologies.kinds.base import TopologySpec
from topologies.kinds.dragonfly import Dragonfly
from topologies.kinds.fat_tree import FatTree
from topologies.kinds.mpft import MultiPlaneFatTree
from topologies.kinds.mrft import MultiRailFatTree
from topologies.kinds.nvlink import NvlinkDomain
from topologies.kinds.rail_only import RailOnly
from topologies.kinds.rail_optimised import RailOptimised
from topologies.kinds.slim_fly import SlimFly

PORT = 50e9
FOUR, SIX = switch(4), switch(6)


def halves(fabric: Fabric, per_node: int) -> Iterator[np.ndarray]:
    """[endpoint] every choice of half the nodes; choices that differ only inside a switch are made once."""
    nodes = fabric.endpoints // per_node
    if per_node > 1:
        for chosen in combinations(range(nodes), nodes // 2):
            yield np.isin(np.arange(fabric.endpoints) // per_node, chosen)
        return
    on = routes.attached_to(fabric)
    members = [np.flatnonzero(on == one) for one in np.unique(on)]
    for sizes in product(*(range(len(own) + 1) for own in members)):
        if sum(sizes) == nodes // 2:
            left = np.zeros(fabric.endpoints, dtype=bool)
            left[np.concatenate([own[:size] for own, size in zip(members, sizes, strict=True)])] = True
            yield left


def least(topology: TopologySpec, per_node: int = 1) -> float:
    """The thinnest cut between halves of the nodes."""
    fabric = topology.build()
    return min(routes.cut_bytes_per_s(fabric, left) for left in halves(fabric, per_node))


@pytest.mark.parametrize(
    ("topology", "per_node", "ports"),
    [
        (FatTree(switch=FOUR), 1, 4),
        (FatTree(switch=FOUR, oversubscription=3), 1, 2),
        (FatTree(switch=SIX, oversubscription=2), 1, 6),
        (FatTree(switch=FOUR, layers=3), 1, 8),
        (MultiRailFatTree(switch=FOUR, rails=2), 1, 4),
        (MultiRailFatTree(switch=FOUR, rails=2, layers=3), 1, 8),
        (RailOptimised(switch=FOUR, rails=2), 1, 8),
        (RailOptimised(switch=FOUR, rails=2, core_oversubscription=2), 1, 4),
        (MultiPlaneFatTree(switch=FOUR, planes=2), 2, 8),
        (MultiPlaneFatTree(switch=FOUR, planes=2, oversubscription=3), 2, 4),
        (RailOnly(switch=FOUR, rails=2), 2, 4),
        (NvlinkDomain(switch=switch(8), gpus=8, nvswitches=2, links_per_gpu=2), 1, 8),
    ],
    ids=lambda value: getattr(value, "kind", value),
)
def test_the_thinnest_cut_is_the_one_in_closed_form(topology: TopologySpec, per_node: int, ports: int) -> None:
    """`ports` is what theory gives by hand: half of the endpoints, or of the uplinks."""
    assert topology.bisection_bytes_per_s() == ports * PORT
    assert least(topology, per_node) == ports * PORT


@pytest.mark.parametrize(
    ("sizes", "groups", "slack"),
    [((1, 2, 1), 3, 1.5), ((2, 2, 1), 3, 1.5), ((1, 2, 2), 5, 1.5), ((1, 3, 1), 4, 1.5), ((2, 2, 2), 2, 2.0)],
)
def test_the_cut_of_a_dragonfly_between_groups_is_a_bound_from_above(
    sizes: tuple[int, ...], groups: int, slack: float
) -> None:
    """How far above differs: two groups with many links between them are thinner through the middle."""
    network = Dragonfly(
        switch=switch(8),
        endpoints_per_switch=sizes[0],
        switches_per_group=sizes[1],
        global_links=sizes[2],
        groups=groups,
    )
    found = least(network)
    assert found <= network.bisection_bytes_per_s() <= slack * found


def test_the_cut_of_a_drawing_in_order_is_a_bound_from_above() -> None:
    ring = drawn_ring(6, 2)
    assert least(ring) == ring.bisection_bytes_per_s() == 2 * PORT


def adjacency(q: int) -> np.ndarray:
    """[switch, switch] 1 where joined."""
    fabric = SlimFly(switch=switch(64), q=q).build()
    inner = (fabric.link_from >= fabric.endpoints) & (fabric.link_to >= fabric.endpoints)
    joined = np.zeros((fabric.switches, fabric.switches), dtype=np.int64)
    joined[fabric.link_from[inner] - fabric.endpoints, fabric.link_to[inner] - fabric.endpoints] = 1
    return joined


@pytest.mark.parametrize("q", [3, 4, 5, 7, 8, 9, 11, 13])
def test_no_eigenvalue_of_a_slim_fly_lies_between_its_degree_and_that_less_q(q: int) -> None:
    """The gap behind the bound: a cut of s of n switches has at least q s (n - s) / n cables (Fiedler 1973)."""
    joined = adjacency(q)
    values = np.linalg.eigvalsh(joined.astype(float))
    degree = int(joined[0].sum())
    assert values[-1] == pytest.approx(degree)
    assert values[-2] == pytest.approx(degree - q)


@pytest.mark.parametrize("q", [3, 4, 5, 7, 8, 9])
def test_a_slim_fly_can_be_cut_at_its_bound(q: int) -> None:
    """Half of the groups of either side: q^3/2 cables for even q, (q^3 + q)/2 for odd."""
    group = np.arange(2 * q**2) // q
    left = np.where(group < q, group < (q + 1) // 2, group - q < q // 2)
    assert left.sum() == q**2
    assert adjacency(q)[left][:, ~left].sum() == (q**3 + (q % 2) * q) / 2
    bound = SlimFly(switch=switch(64), q=q).bisection_bytes_per_s() / PORT
    assert bound == q**3 / 2


def test_the_smallest_slim_fly_has_no_thinner_half() -> None:
    """All 48,620 halves of the 18 switches of q = 3: between the bound of 13.5 cables and the cut of 15."""
    joined = adjacency(3)
    chosen = np.array(list(combinations(range(18), 9)))
    left = np.zeros((len(chosen), 18), dtype=np.int64)
    np.put_along_axis(left, chosen, 1, axis=1)
    least_cables = ((left @ joined) * (1 - left)).sum(axis=1).min()
    assert 13.5 <= least_cables <= 15
