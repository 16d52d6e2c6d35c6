"""What holds for topologies of every kind and size: counts agree with the graph, all is joined, ports suffice."""

from __future__ import annotations

import networkx
import numpy as np
import pytest
from hypothesis import given, settings

from tests.properties.small_networks import SWITCH, Trees, networks, trees
from topologies.discovery import Discovered
from topologies.fabric import Fabric
from topologies.kinds.base import TopologySpec
from topologies.kinds.fat_tree import FatTree
from topologies.kinds.mpft import MultiPlaneFatTree
from topologies.kinds.nvlink import NvlinkDomain

KINDS = {"dragonfly", "drawn", "fat-tree", "mpft", "mrft", "nvlink", "rail-only", "rail-optimised", "slim-fly"}


def hops(fabric: Fabric) -> dict[int, dict[int, int]]:
    """Links on the shortest way between any two vertices."""
    return dict(networkx.all_pairs_shortest_path_length(fabric.to_networkx()))


def links_of(topology: TopologySpec) -> int:
    """Links of one endpoint."""
    return topology.links_per_gpu if isinstance(topology, NvlinkDomain) else 1


@settings(max_examples=200)
@given(networks())
def test_the_graph_has_as_many_of_each_as_were_counted(made: tuple[TopologySpec, int]) -> None:
    topology, endpoints = made
    fabric, counts, cabling = topology.build(endpoints), topology.count(endpoints), topology.cabling(endpoints)
    assert (fabric.endpoints, fabric.switches, fabric.switch_links) == counts
    assert sum(cabling.links.values()) == counts.links
    assert sum(cabling.endpoints.values()) == links_of(topology) * counts.endpoints
    assert len(fabric.link_from) == 2 * (counts.links + links_of(topology) * counts.endpoints)


@settings(max_examples=200)
@given(networks())
def test_no_switch_is_over_its_ports_and_each_endpoint_has_its_own(made: tuple[TopologySpec, int]) -> None:
    topology, endpoints = made
    degrees = topology.build(endpoints).degrees()
    assert degrees[endpoints:].max() <= topology.switch.ports
    assert (degrees[:endpoints] == links_of(topology)).all()


@settings(max_examples=200)
@given(networks())
def test_every_network_is_joined_in_itself_and_to_no_other(made: tuple[TopologySpec, int]) -> None:
    topology, endpoints = made
    fabric = topology.build(endpoints)
    parts = list(networkx.weakly_connected_components(fabric.to_networkx()))
    assert len(parts) == min(topology.networks(), endpoints)
    for part in parts:
        inside = np.isin(fabric.link_from, list(part))
        assert len(set(fabric.link_plane[inside].tolist())) == 1


@settings(max_examples=200)
@given(networks())
def test_every_cable_carries_both_ways_alike(made: tuple[TopologySpec, int]) -> None:
    topology, endpoints = made
    fabric = topology.build(endpoints)
    there = sorted(zip(fabric.link_from, fabric.link_to, fabric.link_bytes_per_s, fabric.link_plane, strict=True))
    back = sorted(zip(fabric.link_to, fabric.link_from, fabric.link_bytes_per_s, fabric.link_plane, strict=True))
    assert there == back
    assert (fabric.link_from != fabric.link_to).all()


@settings(max_examples=120)
@given(networks())
def test_the_switches_between_two_endpoints_are_those_of_the_shortest_way(made: tuple[TopologySpec, int]) -> None:
    topology, endpoints = made
    endpoints = min(endpoints, 60)
    lengths = hops(topology.build(endpoints))
    for first in range(0, endpoints, 7):
        for second in lengths[first]:
            if first < second < endpoints:
                assert topology.switches_between(first, second, endpoints) == lengths[first][second] - 1
    most = max(length for first in range(endpoints) for to, length in lengths[first].items() if to < endpoints)
    assert topology.farthest(endpoints) == max(most - 1, 1)


@settings(max_examples=200)
@given(trees())
def test_a_tree_is_as_thin_above_its_leaves_as_asked_and_no_thinner(tree: Trees) -> None:
    fabric = tree.build(min(tree.full_size, 500))
    down = np.bincount(fabric.link_to[fabric.link_from < fabric.endpoints], minlength=fabric.vertices)
    up = fabric.degrees() - down
    leaves = (down > 0) & (up > 0)
    assert (down[leaves] <= tree.oversubscription * up[leaves]).all()


def test_every_kind_is_discovered_by_its_file() -> None:
    assert set(Discovered("topologies.kinds").classes(TopologySpec)) == KINDS


@pytest.mark.parametrize(("kind", "endpoints"), [(FatTree, 65_536), (MultiPlaneFatTree, 16_384)])
def test_the_largest_published_sizes_are_built_as_counted(kind: type[FatTree], endpoints: int) -> None:
    topology = kind(switch=SWITCH, layers=3 if kind is FatTree else 2)
    fabric = topology.build()
    assert (fabric.endpoints, fabric.switches, fabric.switch_links) == topology.count()
    assert fabric.endpoints == endpoints
    assert fabric.degrees()[endpoints:].max() == 64
