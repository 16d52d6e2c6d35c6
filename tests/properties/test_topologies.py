"""What holds for topologies of every size: counts agree with the graph, all is joined, ports suffice."""

from __future__ import annotations

from typing import Literal

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topologies.catalogue import Catalogue, built_in
from topologies.discovery import Discovered
from topologies.fabric import Fabric
from topologies.hardware import Switch
from topologies.kinds.base import TopologySpec
from topologies.kinds.fat_tree import FatTree
from topologies.kinds.mpft import MultiPlaneFatTree
from topologies.kinds.mrft import MultiRailFatTree
from topologies.spec import load_entry

SWITCH = load_entry("switches", "quantum-2", Switch, Catalogue(built_in()))


@st.composite
def networks(draw: st.DrawFn) -> tuple[TopologySpec, int]:
    """A topology of small switches and a number of endpoints that it holds."""
    switch = SWITCH.model_copy(update={"ports": draw(st.integers(2, 9))})
    layers: Literal[2, 3] = draw(st.sampled_from((2, 3)))
    parts = draw(st.integers(1, 3))
    made: list[TopologySpec] = [
        FatTree(switch=switch, layers=layers),
        MultiPlaneFatTree(switch=switch, layers=layers, planes=parts),
        MultiRailFatTree(switch=switch, layers=layers, rails=min(parts, 2)),
    ]
    topology = draw(st.sampled_from(made))
    return topology, draw(st.integers(1, topology.full_size))


def hops(fabric: Fabric) -> dict[int, dict[int, int]]:
    """Links on the shortest way between any two vertices."""
    return dict(networkx.all_pairs_shortest_path_length(fabric.to_networkx()))


@settings(max_examples=150)
@given(networks())
def test_the_graph_has_as_many_of_each_as_were_counted(made: tuple[TopologySpec, int]) -> None:
    topology, endpoints = made
    fabric, counts = topology.build(endpoints), topology.count(endpoints)
    assert (fabric.endpoints, fabric.switches, fabric.switch_links) == counts
    assert len(fabric.link_from) == 2 * (counts.links + counts.endpoints)


@settings(max_examples=150)
@given(networks())
def test_no_switch_is_over_its_ports_and_each_endpoint_has_one(made: tuple[TopologySpec, int]) -> None:
    topology, endpoints = made
    degrees = topology.build(endpoints).degrees()
    assert degrees[endpoints:].max() <= topology.switch.ports
    assert (degrees[:endpoints] == 1).all()


@settings(max_examples=100)
@given(networks())
def test_every_network_is_joined_in_itself_and_to_no_other(made: tuple[TopologySpec, int]) -> None:
    topology, endpoints = made
    fabric = topology.build(endpoints)
    parts = list(networkx.weakly_connected_components(fabric.to_networkx()))
    assert len(parts) == min(topology.networks(), endpoints)
    for part in parts:
        inside = np.isin(fabric.link_from, list(part))
        assert len(set(fabric.link_plane[inside].tolist())) == 1


@settings(max_examples=60)
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


@settings(max_examples=100)
@given(networks())
def test_no_layer_is_narrower_than_the_one_below(made: tuple[TopologySpec, int]) -> None:
    topology, endpoints = made
    fabric = topology.build(endpoints)
    down = np.bincount(fabric.link_to[fabric.link_from < endpoints], minlength=fabric.vertices)
    all_up = fabric.degrees() - down
    leaves = down > 0
    if fabric.switches > topology.networks():
        joined = leaves & (all_up > 0)
        assert (all_up[joined] >= down[joined]).all()


def test_every_kind_is_discovered_by_its_file() -> None:
    found = Discovered("topologies.kinds").classes(TopologySpec)
    assert found == {"fat-tree": FatTree, "mpft": MultiPlaneFatTree, "mrft": MultiRailFatTree}


@pytest.mark.parametrize(("kind", "endpoints"), [(FatTree, 65_536), (MultiPlaneFatTree, 16_384)])
def test_the_largest_published_sizes_are_built_as_counted(kind: type[FatTree], endpoints: int) -> None:
    topology = kind(switch=SWITCH, layers=3 if kind is FatTree else 2)
    fabric = topology.build()
    assert (fabric.endpoints, fabric.switches, fabric.switch_links) == topology.count()
    assert fabric.endpoints == endpoints
    assert fabric.degrees()[endpoints:].max() == 64
