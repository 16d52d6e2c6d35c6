"""A network's bill: switches, cables by class and endpoints, each times its price."""

from __future__ import annotations

import pytest

from tests.properties.small_networks import SWITCH
from topologies.bill import bill
from topologies.cables import Cables
from topologies.catalogue import Catalogue, built_in
from topologies.kinds.base import TopologyError
from topologies.kinds.dragonfly import Dragonfly
from topologies.kinds.fat_tree import FatTree
from topologies.kinds.mpft import MultiPlaneFatTree
from topologies.kinds.slim_fly import SlimFly
from topologies.network_price import NetworkPrice
from topologies.spec import load_entry

SHIPPED = load_entry("network-prices", "isca25-table-3", NetworkPrice, Catalogue(built_in()))
PRICES = SHIPPED.model_copy(
    update={
        "switch_usd": 10_000.0,
        "link_usd": {"copper": 100.0, "optical": 1_000.0},
        "endpoint_usd": {"copper": 200.0, "aoc": 500.0},
    }
)


def test_every_line_is_a_count_times_a_price() -> None:
    found = bill(FatTree(switch=SWITCH), PRICES)
    assert [(line.what, line.count, line.each_usd) for line in found.lines] == [
        ("switches", 96, 10_000.0),
        ("optical links", 2_048, 1_000.0),
        ("copper endpoints", 2_048, 200.0),
    ]
    assert found.total_usd == 96 * 10_000 + 2_048 * 1_200
    assert found.usd_per_endpoint == pytest.approx(found.total_usd / 2_048)


def test_cables_inside_a_pod_may_be_of_another_class() -> None:
    """Three layers: half of the links are inside pods; two layers have no pods."""
    near = Cables(endpoint="aoc", near="copper")
    lines = {line.what: line.count for line in bill(FatTree(switch=SWITCH, layers=3, cables=near), PRICES).lines}
    assert lines == {"switches": 5_120, "copper links": 65_536, "optical links": 65_536, "aoc endpoints": 65_536}
    assert FatTree(switch=SWITCH, cables=near).cabling().links == {"copper": 0, "optical": 2_048}


@pytest.mark.parametrize(
    ("topology", "near"),
    [
        (Dragonfly(switch=SWITCH, groups=511), 511 * 496),
        (SlimFly(switch=SWITCH, q=27), 729 * 14),
        (MultiPlaneFatTree(switch=SWITCH, layers=3, planes=2), 2 * 65_536),
    ],
)
def test_near_cables_are_those_inside_groups(topology: Dragonfly | SlimFly | MultiPlaneFatTree, near: int) -> None:
    assert topology.near_links() == near


def test_a_network_in_part_use_costs_what_is_there() -> None:
    assert bill(MultiPlaneFatTree(switch=SWITCH), PRICES, 2_048).lines[0].count == 8 * (8 + 4)


def test_a_class_of_cable_without_a_price_is_told() -> None:
    network = FatTree(switch=SWITCH, cables=Cables(far="optcal"))
    with pytest.raises(
        TopologyError, match=r"class `optcal` \(did you mean `optical`\?\); isca25-table-3 prices: copper"
    ):
        bill(network, PRICES)
