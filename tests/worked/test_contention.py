"""Traffic of a step on its network, by hand: who sends to whom, what collides, what a fault leaves."""

from __future__ import annotations

import numpy as np
import pytest

import clustercast
from simulator.load.contention import EXPERTS, carried, fabric_of, site_of
from simulator.load.patterns import Site, patterns
from simulator.network_tables import hottest_table, names_of, tables
from simulator.plan import scenario_links
from simulator.refusal import Refused
from workloads.layout import Layout
from workloads.scenario import SCENARIOS, Scenario, catalogue, load_scenario
from workloads.schedules.one_f_one_b import OneFOneB

SITE = Site(gpus=4, ports=4, joined=1)


@pytest.fixture(scope="module")
def base() -> Scenario:
    """DeepSeek-V3 on 2,048 GPUs."""
    return load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")


def changed(base: Scenario, **changes: object) -> Scenario:
    return base.with_changes({path.replace("__", "."): value for path, value in changes.items()}, catalogue())


def ratios(scenario: Scenario) -> dict[str, float]:
    return {one.pattern.name: one.ratio for one in carried(scenario)}


def test_a_token_crosses_the_network_once_a_node_to_the_gpu_of_its_index() -> None:
    """Two stages of 8 ranks on 4 nodes of 4: experts over two nodes, so one flow a GPU, inside its own group."""
    experts, sends, replicas = patterns(Layout(pp=2, dp=8, ep=8, schedule=OneFOneB()), SITE)
    assert experts.flows.source.tolist() == list(range(16))
    assert experts.flows.destination.tolist() == [4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11]
    assert experts.group.tolist() == [0] * 8 + [1] * 8
    assert sends.flows.destination.tolist() == list(range(8, 16))
    assert replicas.flows.destination.tolist() == [4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11]


def test_two_gpus_may_share_a_port() -> None:
    assert Site(gpus=4, ports=2, joined=1).port(np.arange(8, dtype=np.int32)).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_what_stays_inside_of_nvlink_is_none_of_the_networks() -> None:
    """One node, or two that NVLink joins."""
    inside = Layout(dp=4, ep=4, schedule=OneFOneB())
    assert patterns(inside, SITE) == []
    assert patterns(Layout(dp=8, ep=8, schedule=OneFOneB()), SITE._replace(joined=2)) == []


@pytest.mark.parametrize("kind", ["mpft", "mrft", "fat-tree"])
def test_sprayed_packets_leave_a_full_tree_at_its_ports_rate(base: Scenario, kind: str) -> None:
    assert set(ratios(changed(base, cluster__topology__kind=kind)).values()) == {1.0}


def test_one_plane_of_eight_leaves_seven_eighths(base: Scenario) -> None:
    """Its flows go over NVLink to the seven other ports of their nodes."""
    lost = changed(base, cluster__faults=[{"part": "plane", "number": 3}])
    assert ratios(lost) == pytest.approx(dict.fromkeys(ratios(base), 7 / 8))
    links, whole = scenario_links(lost), scenario_links(base)
    assert links.network_bytes_per_s == pytest.approx(whole.network_bytes_per_s * 7 / 8)
    assert links.nvlink_bytes_per_s == whole.nvlink_bytes_per_s


def test_one_leaf_slows_the_groups_under_it_only(base: Scenario) -> None:
    """4 of 32 groups of 64 GPUs have their ports of that plane there; a rail less for them."""
    one = next(one for one in carried(changed(base, cluster__faults=[{"part": "switch", "number": 0}])))
    assert one.pattern.name == EXPERTS
    assert sorted(one.group_ratio.tolist()) == pytest.approx([7 / 8] * 4 + [1.0] * 28)


def test_a_port_at_half_its_rate_halves_what_waits_for_it(base: Scenario) -> None:
    slow = changed(base, cluster__faults=[{"part": "nic", "number": 5, "left": 0.5}])
    assert ratios(slow)[EXPERTS] == pytest.approx(0.5)


def test_without_adaptive_routing_flows_collide_and_the_links_are_named(base: Scenario) -> None:
    """Hashed flows of a three-layer tree meet on uplinks.

    Four of a GPU's seven flows leave its leaf, so that uplinks are 57 % full in the mean: 16 queue pairs a flow, hashed
    apart, even out enough for none to be full.
    """
    fat_tree = {"cluster__topology__kind": "fat-tree", "cluster__topology__layers": 3}
    hashed = changed(base, **fat_tree, cluster__topology__routing="ecmp")
    spread = changed(base, **fat_tree, cluster__topology__routing="ecmp", cluster__topology__queue_pairs=16)
    assert ratios(hashed)[EXPERTS] < 0.8
    assert ratios(spread)[EXPERTS] == pytest.approx(1.0)
    names = names_of(fabric_of(hashed.cluster), site_of(hashed.cluster).ports)
    hottest = hottest_table(carried(hashed), names)
    assert all(name.startswith(("leaf ", "second-layer switch ", "third-layer switch ")) for name in hottest["from"])
    assert float(hottest["used_share"].to_numpy().max()) == pytest.approx(1.0)
    assert clustercast.run(hashed).headline["step_s"].value > clustercast.run(base).headline["step_s"].value


@pytest.mark.parametrize("gpus", [32, 64, 128])
def test_multi_plane_and_multi_rail_carry_an_all_to_all_alike(base: Scenario, gpus: int) -> None:
    """Published within 1.5 % of each other (arXiv 2505.09343, Figure 5)."""
    found = [ratios(changed(base, cluster__topology__kind=kind, layout__ep=gpus))[EXPERTS] for kind in ("mpft", "mrft")]
    assert found[0] == pytest.approx(found[1], rel=0.015)


def test_multi_plane_and_multi_rail_take_the_same_step(base: Scenario) -> None:
    """Published within 0.5 % (arXiv 2505.09343, Table 4)."""
    steps = [
        clustercast.run(changed(base, cluster__topology__kind=kind)).headline["step_s"].value
        for kind in ("mpft", "mrft")
    ]
    assert steps[0] == pytest.approx(steps[1], rel=0.005)


def test_every_table_of_the_network(base: Scenario) -> None:
    """A lost plane costs something; a spine under sprayed packets nothing; nothing is hot on a whole network."""
    found = tables(base)
    faults = found["network_faults"]
    longer = dict(zip(faults["fault"], faults["change_ratio"].to_numpy(float), strict=True))
    left = dict(zip(faults["fault"], faults["ports_ratio"].to_numpy(float), strict=True))
    assert left["one plane"] == pytest.approx(7 / 8)
    assert 0 < longer["one plane"] < 0.1
    assert longer["one second-layer switch"] == pytest.approx(0.0, abs=1e-9)
    assert len(found["network_hottest"]) == 0
    assert set(found["network_links"]["links"]) == {
        "port to leaf", "leaf to port", "leaf to second-layer switch", "second-layer switch to leaf",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"part": "plane", "number": 8}, "there is no plane 8; the network has 8, from 0 on"),
        ({"part": "cable", "number": 0, "to": 99}, "no cable leads from 0 to switch 99"),
    ],
)
def test_a_fault_of_what_is_not_there_is_refused(base: Scenario, fault: dict[str, object], said: str) -> None:
    with pytest.raises(Refused, match=said):
        clustercast.run(changed(base, cluster__faults=[fault]))


def test_a_cluster_cut_in_two_is_refused(base: Scenario) -> None:
    """All eight planes gone."""
    with pytest.raises(Refused, match="reach no other node"):
        clustercast.run(changed(base, cluster__faults=[{"part": "plane", "number": plane} for plane in range(8)]))
