"""A network by layers, counted by hand."""

from __future__ import annotations

import pytest

from topologies.fabric import Fabric
from topologies.hardware import Switch
from topologies.kinds.base import TopologySpec
from topologies.kinds.dragonfly import Dragonfly
from topologies.kinds.fat_tree import FatTree
from topologies.kinds.mpft import MultiPlaneFatTree
from topologies.kinds.nvlink import NvlinkDomain
from topologies.layers import Joint, layered
from topologies.spec import load_entry
from workloads.scenario import catalogue

SWITCH = load_entry("switches", "quantum-2", Switch, catalogue())
SMALL = SWITCH.model_copy(update={"ports": 4})


def test_planes_of_two_layers() -> None:
    """8 planes x 256 endpoints: 8 leaves of 32, 4 spines, 32 / 4 = 8 cables between each leaf and spine."""
    found = layered(MultiPlaneFatTree(switch=SWITCH).build(2_048))
    assert (found.vertices, found.planes) == ((2_048, 64, 32), 8)
    assert found.joints == (Joint(0, 1, 2_048, 1, 1), Joint(1, 2, 2_048, 8, 8))
    assert found.each is None


def test_three_layers() -> None:
    """64 leaves in 2 pods of 32 middle switches; 2 x 32 x 32 uplinks into 32 core switches, 32 from each middle one."""
    found = layered(FatTree(switch=SWITCH, layers=3).build(2_048))
    assert found.vertices == (2_048, 64, 64, 32)
    assert found.joints == (Joint(0, 1, 2_048, 1, 1), Joint(1, 2, 2_048, 1, 1), Joint(2, 3, 2_048, 32, 32))


def test_cables_inside_a_layer() -> None:
    """A group of fully joined switches, all of them with endpoints."""
    network = Dragonfly(switch=SWITCH, endpoints_per_switch=2, switches_per_group=4, global_links=1, groups=1)
    found = layered(network.build(8))
    assert found.vertices == (8, 4)
    assert found.joints[1].lower == found.joints[1].upper == 1
    assert found.joints[1].cables == network.count(8).links


def test_a_few_vertices_are_kept_one_by_one() -> None:
    """Two leaves of two endpoints, two cables up each, into one spine of four ports."""
    found = layered(FatTree(switch=SMALL).build(4))
    assert found.each is not None
    assert found.each.layer == (0, 0, 0, 0, 1, 1, 2)
    assert found.each.pairs == ((0, 4, 1), (1, 4, 1), (2, 5, 1), (3, 5, 1), (4, 6, 2), (5, 6, 2))


@pytest.mark.parametrize(
    "network",
    [
        FatTree(switch=SWITCH, layers=3),
        MultiPlaneFatTree(switch=SWITCH),
        Dragonfly(switch=SWITCH),
    ],
)
def test_layers_hold_every_switch_and_every_cable(network: TopologySpec) -> None:
    counts = network.count(1_024)
    found = layered(network.build(1_024))
    assert sum(found.vertices) == counts.endpoints + counts.switches
    assert sum(joint.cables for joint in found.joints) == counts.endpoints + counts.links


def test_nvlink_switches_are_one_layer() -> None:
    fabric: Fabric = NvlinkDomain(switch=SWITCH).build()
    found = layered(fabric)
    assert found.vertices == (8, 4)
    assert found.joints == (Joint(0, 1, 144, 4, 5),)
