"""Networks at published sizes: endpoints, switches, links, 64-byte latencies (arXiv 2505.09343, Tables 3 and 5)."""

from __future__ import annotations

import pytest

from topologies.catalogue import Catalogue, built_in
from topologies.hardware import Nic, Switch
from topologies.kinds.base import Counts, TopologyError, TopologySpec
from topologies.kinds.fat_tree import FatTree
from topologies.kinds.mpft import MultiPlaneFatTree
from topologies.kinds.mrft import MultiRailFatTree
from topologies.spec import InvalidInput, load_entry, loads

CATALOGUE = Catalogue(built_in())
QUANTUM = load_entry("switches", "quantum-2", Switch, CATALOGUE)


@pytest.mark.parametrize(
    ("topology", "counts"),
    [
        (FatTree(switch=QUANTUM, layers=2), Counts(2_048, 96, 2_048)),
        (MultiPlaneFatTree(switch=QUANTUM, planes=8), Counts(16_384, 768, 16_384)),
        (FatTree(switch=QUANTUM, layers=3), Counts(65_536, 5_120, 131_072)),
    ],
)
def test_a_full_network_has_the_published_counts(topology: TopologySpec, counts: Counts) -> None:
    assert topology.count() == counts
    assert topology.count(counts.endpoints) == counts


def test_256_nodes_on_eight_planes_take_8_leaves_and_4_spines_a_plane() -> None:
    assert MultiPlaneFatTree(switch=QUANTUM).count(256 * 8) == Counts(2_048, 8 * (8 + 4), 8 * 8 * 32)


def test_256_nodes_on_eight_rails_take_64_leaves_and_32_spines() -> None:
    rails = MultiRailFatTree(switch=QUANTUM)
    assert rails.count(256 * 8) == Counts(2_048, 64 + 32, 64 * 32)
    assert rails.full_size == 2_048


def test_an_eighth_of_three_layers_takes_an_eighth_of_the_switches() -> None:
    assert FatTree(switch=QUANTUM, layers=3).count(8_192) == Counts(8_192, 256 + 256 + 128, 2 * 8_192)


def test_one_leaf_needs_no_spine_and_one_pod_no_core() -> None:
    assert FatTree(switch=QUANTUM).count(32) == Counts(32, 1, 0)
    assert FatTree(switch=QUANTUM, layers=3).count(1_024) == Counts(1_024, 64, 1_024)


@pytest.mark.parametrize(
    ("nic", "switch", "same_leaf_s", "across_s"),
    [("connectx-7", "quantum-2", 2.8e-6, 3.7e-6), ("connectx-7-roce", "roce-400g-64", 3.6e-6, 5.6e-6)],
)
def test_64_bytes_take_the_published_time(nic: str, switch: str, same_leaf_s: float, across_s: float) -> None:
    port = load_entry("nics", nic, Nic, CATALOGUE)
    plane = MultiPlaneFatTree(switch=load_entry("switches", switch, Switch, CATALOGUE))
    assert plane.latency_s(port, plane.switches_between(0, 8)) == pytest.approx(same_leaf_s, rel=1e-12)
    assert plane.latency_s(port, plane.farthest()) == pytest.approx(across_s, rel=1e-12)


def test_neighbouring_nodes_share_a_leaf_on_each_plane_and_planes_do_not_meet() -> None:
    planes = MultiPlaneFatTree(switch=QUANTUM)
    assert planes.switches_between(0, 31 * 8) == 1
    assert planes.switches_between(0, 32 * 8) == 3
    with pytest.raises(TopologyError, match="on planes 0 and 1; planes are joined by NVLink"):
        planes.switches_between(0, 1)


def test_a_rail_reaches_another_rail_over_a_spine_and_the_same_rail_next_door_under_a_leaf() -> None:
    rails = MultiRailFatTree(switch=QUANTUM)
    assert rails.switches_between(0, 8) == 1
    assert rails.switches_between(0, 1) == 3


@pytest.mark.parametrize("endpoints", [0, -1, 2_049])
def test_endpoints_that_do_not_fit_are_told_the_limit(endpoints: int) -> None:
    with pytest.raises(TopologyError, match=r"a fat-tree of 64-port switches holds 1 to 2,048"):
        FatTree(switch=QUANTUM).count(endpoints)


def test_a_fabric_as_a_graph_keeps_rates_latencies_and_planes() -> None:
    graph = MultiPlaneFatTree(switch=QUANTUM, planes=2).build(128).to_networkx()
    assert graph.number_of_nodes() == 128 + 2 * 3
    rates = {data["bytes_per_s"] for *_, data in graph.edges(data=True)}
    assert rates == {50e9}
    assert {data["plane"] for *_, data in graph.edges(0, data=True)} == {0}
    assert {data["latency_s"] for *_, data in graph.edges(128, data=True)} == {0.45e-6}


def test_a_switch_of_one_port_is_refused() -> None:
    with pytest.raises(InvalidInput, match="a switch of 1 port joins nothing"):
        loads("kind: mpft\nswitch: {base: quantum-2, ports: 1}\n", MultiPlaneFatTree, CATALOGUE)
