"""Planes and NICs: which port traffic leaves by, and how fast a NIC with several planes behind it is."""

from __future__ import annotations

import numpy as np
import pytest

from tests.properties.small_networks import SWITCH
from topologies import routes
from topologies.catalogue import Catalogue, built_in
from topologies.hardware import Node
from topologies.kinds.base import Counts, TopologyError
from topologies.kinds.mpft import Departure, MultiPlaneFatTree
from topologies.spec import InvalidInput, load_entry
from workloads.scenario import SCENARIOS, load_scenario

H800 = load_entry("nodes", "h800-node", Node, Catalogue(built_in()))
B200 = load_entry("nodes", "b200-node", Node, Catalogue(built_in()))


def test_traffic_to_another_plane_takes_nvlink_to_the_gpu_on_that_plane() -> None:
    """arXiv 2505.09343, 5.1: GPU 2 of node 0 sends to GPU 5 of node 9 by way of GPU 5 of node 0."""
    planes = MultiPlaneFatTree(switch=SWITCH)
    assert planes.departure(2, 9 * 8 + 5, per_node=8) == Departure(5, over_nvlink=True)
    assert planes.departure(2, 9 * 8 + 2, per_node=8) == Departure(2, over_nvlink=False)
    assert planes.switches_between(5, 9 * 8 + 5) == 1


def test_with_every_plane_behind_each_nic_nothing_takes_nvlink() -> None:
    """Two planes behind each of eight NICs: a node has 16 ports, port j of NIC i on plane j."""
    planes = MultiPlaneFatTree(switch=SWITCH, planes=2, planes_per_nic=2)
    assert planes.endpoints_of(H800, 64) == 1_024
    for second in (16 * 9 + 4, 16 * 9 + 5):
        leaves = planes.departure(2 * 3, second, per_node=16)
        assert leaves == Departure(2 * 3 + second % 2, over_nvlink=False)


def test_with_some_planes_behind_each_nic_a_gpu_reaches_those_alone() -> None:
    """Eight planes, two behind each NIC: GPU 1 is on planes 2 and 3, and so is GPU 5."""
    planes = MultiPlaneFatTree(switch=SWITCH, planes=8, planes_per_nic=2)
    target = 16 * 7 + 3
    assert planes.departure(2, target, per_node=16) == Departure(3, over_nvlink=False)
    assert planes.departure(0, target, per_node=16) == Departure(3, over_nvlink=True)
    assert planes.departure(0, target + 8, per_node=16) == Departure(11, over_nvlink=True)


def test_a_nic_is_as_fast_over_several_planes_as_over_one() -> None:
    """800 Gb/s over two 400 Gb/s ports is whole; over one such port it is half."""
    one = MultiPlaneFatTree(switch=SWITCH).port_of(B200, 64)
    two = MultiPlaneFatTree(switch=SWITCH, planes=16, planes_per_nic=2).port_of(B200, 64)
    assert two.bytes_per_s == pytest.approx(2 * one.bytes_per_s)
    assert two.bytes_per_s == pytest.approx(100e9 * B200.nic.achievable_ratio)


def test_planes_are_isolated_in_the_graph() -> None:
    fabric = MultiPlaneFatTree(switch=SWITCH, planes=4).build(1_024)
    for plane in range(4):
        reached = np.flatnonzero(routes.hops_from(fabric, plane)[:1_024] >= 0)
        assert (reached % 4 == plane).all() and len(reached) == 256


def test_bisection_counts_every_plane() -> None:
    planes = MultiPlaneFatTree(switch=SWITCH)
    assert planes.count() == Counts(16_384, 768, 16_384)
    assert planes.bisection_bytes_per_s() == 8_192 * 50e9


def test_nodes_whose_nics_do_not_fill_the_planes_are_refused() -> None:
    with pytest.raises(TopologyError, match="8 NICs with 2 ports each, so that nodes would be on different planes"):
        MultiPlaneFatTree(switch=SWITCH, planes=12, planes_per_nic=2).endpoints_of(H800, 4)
    scenario = load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")
    with pytest.raises(InvalidInput, match=r"3,000 nodes are 24,000 endpoints.*holds 16,384; write nodes: 2048 "):
        scenario.with_changes({"cluster.nodes": 3_000})
