"""Networks at published sizes: endpoints, switches, links, 64-byte latencies (arXiv 2505.09343, Tables 3 and 5)."""

from __future__ import annotations

import pytest

from topologies.catalogue import Catalogue, built_in
from topologies.discovery import Discovered
from topologies.hardware import Nic, Node, Switch
from topologies.kinds.base import Counts, TopologyError, TopologySpec
from topologies.kinds.fat_tree import FatTree
from topologies.kinds.mpft import MultiPlaneFatTree
from topologies.kinds.mrft import MultiRailFatTree
from topologies.kinds.rail_only import RailOnly
from topologies.kinds.rail_optimised import RailOptimised
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


@pytest.mark.parametrize(
    ("ratio", "down", "up"), [(1, 32, 32), (3, 48, 16), (7, 56, 8), (2, 42, 21), (1.5, 37, 25), (63, 63, 1)]
)
def test_a_leaf_is_never_thinner_than_asked(ratio: float, down: int, up: int) -> None:
    split = FatTree(switch=QUANTUM, oversubscription=ratio).split
    assert (split.down, split.up) == (down, up)
    assert down <= ratio * up and down + up <= 64


def test_three_to_one_takes_half_the_spines_for_half_as_many_endpoints_again() -> None:
    """48 ports down and 16 up: 64 leaves, 16 spines."""
    thin = FatTree(switch=QUANTUM, oversubscription=3)
    assert thin.count() == Counts(64 * 48, 64 + 16, 64 * 16)
    assert thin.bisection_bytes_per_s() == 64 * 16 / 2 * 50e9
    # A leaf's 48 endpoints send 3,024 of 3,071 parts elsewhere, over 16 cables.
    assert thin.uniform_ratio() == pytest.approx(16 / 48 * 3071 / 3024)
    assert thin.uniform_ratio(48) == 1.0


def test_oversubscription_slows_every_port_that_leaves_its_leaf() -> None:
    node, thin = load_entry("nodes", "h800-node", Node, CATALOGUE), FatTree(switch=QUANTUM, oversubscription=3)
    full, third = FatTree(switch=QUANTUM).port_of(node, 256), thin.port_of(node, 256)
    assert third.bytes_per_s / full.bytes_per_s == pytest.approx(16 / 48 * 2047 / 2000)
    assert third.latency_s == full.latency_s


def test_a_rail_keeps_to_its_own_spines_and_leaves_over_the_core() -> None:
    """256 nodes: 8 leaves a rail, one pod of 32 spines a rail, 8 uplinks each into 32 core switches."""
    rails = RailOptimised(switch=QUANTUM)
    assert rails.full_size == 65_536
    assert rails.count(2_048) == Counts(2_048, 64 + 8 * 32 + 32, 2 * 64 * 32)
    assert [rails.switches_between(0, second, 2_048) for second in (31 * 8, 32 * 8, 255 * 8, 1)] == [1, 3, 3, 5]
    thin = RailOptimised(switch=QUANTUM, core_oversubscription=4)
    assert thin.count(2_048) == Counts(2_048, 64 + 8 * 32 + 32, 64 * 32 + 64 * 32 // 4)
    assert (thin.uniform_ratio(2_048), thin.bisection_bytes_per_s(2_048)) == (1.0, 64 * 32 / 4 / 2 * 50e9)


def test_rail_only_is_a_switch_a_rail() -> None:
    rails = RailOnly(switch=QUANTUM)
    assert rails.count() == Counts(512, 8, 0)
    assert rails.switches_between(0, 63 * 8) == 1
    with pytest.raises(TopologyError, match="on rails 0 and 1; rails are joined by NVLink"):
        rails.switches_between(0, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: fat-tree\nswitch: {base: quantum-2, ports: 63}", "switch.ports: read 63 ports; a fat tree gives half"),
        ("kind: fat-tree\nswitch: {base: quantum-2, ports: 63}", "write 62 or 64"),
        ("kind: fat-tree\nswitch: quantum-2\noversubscription: 64", "oversubscription: read 64, which leaves a switch"),
        ("kind: fat-tree\nswitch: quantum-2\noversubscription: 0.5", "it must be at least 1"),
        ("kind: mrft\nswitch: quantum-2\nrails: 100", "rails: read 100; the tree has leaves for 64 rails at most"),
        ("kind: rail-optimised\nswitch: quantum-2\nrails: 65", "rails: read 65; a core of 64-port switches joins 64"),
        (
            "kind: mpft\nswitch: quantum-2\nplanes_per_nic: 6",
            "planes_per_nic: read 6; 8 planes do not divide so: write 2",
        ),
    ],
)
def test_what_cannot_be_built_is_refused_with_what_can(text: str, said: str) -> None:
    kinds = Discovered("topologies.kinds").classes(TopologySpec)
    kind = kinds[text.split()[1]]
    assert issubclass(kind, TopologySpec)
    with pytest.raises(InvalidInput) as refused:
        loads(f"{text}\n", kind, CATALOGUE)
    assert said in str(refused.value)


def test_a_switch_of_one_port_is_refused() -> None:
    with pytest.raises(InvalidInput, match="a switch of 1 port joins nothing"):
        loads("kind: mpft\nswitch: {base: quantum-2, ports: 1}\n", MultiPlaneFatTree, CATALOGUE)
