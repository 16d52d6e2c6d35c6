"""An NVLink domain alone: 8 or 72 GPUs one switch apart, and scenarios that need more are refused."""

from __future__ import annotations

import pytest

import clustercast
from simulator.network import links_of, replicas
from topologies.catalogue import Catalogue, built_in
from topologies.hardware import Node
from topologies.kinds.base import Counts
from topologies.kinds.nvlink import NvlinkDomain
from topologies.spec import InvalidInput, load_entry, loads
from workloads.layout import Layout
from workloads.scenario import SCENARIOS, load_scenario
from workloads.schedules.dualpipe import DualPipe

CATALOGUE = Catalogue(built_in())
SERVER = "kind: nvlink\nswitch: nvswitch-3\n"
RACK = "kind: nvlink\nswitch: nvswitch-nvl72\ngpus: 72\nnvswitches: 18\n"


def domain(text: str) -> NvlinkDomain:
    """Read a domain."""
    return loads(text, NvlinkDomain, CATALOGUE)


@pytest.mark.parametrize(
    ("text", "counts", "links", "ports"), [(SERVER, Counts(8, 4, 0), 144, 40), (RACK, Counts(72, 18, 0), 1_296, 72)]
)
def test_every_gpu_reaches_every_other_over_any_switch(text: str, counts: Counts, links: int, ports: int) -> None:
    network = domain(text)
    fabric = network.build()
    assert network.count() == counts
    assert sum(network.cabling().endpoints.values()) == len(fabric.link_from) // 2 == links
    assert fabric.degrees()[fabric.endpoints :].max() == ports
    assert network.farthest() == 1


def test_half_a_rack_sends_32_terabytes_a_second_to_the_other() -> None:
    """36 GPUs with 0.9 TB/s each way."""
    assert domain(RACK).bisection_bytes_per_s() == 36 * 0.9e12


def test_a_scenario_on_one_server_takes_as_long_as_with_a_network_it_does_not_use() -> None:
    scenario = load_scenario(SCENARIOS / "llama-3-8b-h100.yaml")
    alone = clustercast.run(scenario, {"cluster.topology": {"kind": "nvlink", "switch": "nvswitch-3"}})
    assert alone.headline["step_s"].value == clustercast.run(scenario).headline["step_s"].value


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cluster.nodes": 2}, "2 nodes, but NVLink joins 1 h100-node and there is no network beyond; write nodes: 1"),
        ({"cluster.topology.gpus": 4}, "1 nodes have 8 GPUs, but the NVLink domain has 4; write gpus: 8"),
        ({"cluster.node": "h800-node"}, "links_per_gpu: 18, but a h800 has 8 NVLink links; write links_per_gpu: 8"),
        (
            {"cluster.topology.nvswitches": 1},
            "with 8 GPUs a nvswitch-3 takes 8 links of each, and each has 18: write 3",
        ),
        ({"cluster.topology.gpus": 72}, "read 72; a nvswitch-3 has 64 ports: write that or less"),
    ],
)
def test_what_a_domain_cannot_join_is_refused(change: dict[str, object], said: str) -> None:
    base = load_scenario(SCENARIOS / "llama-3-8b-h100.yaml")
    with pytest.raises(InvalidInput) as refused:
        clustercast.run(base, {"cluster.topology": {"kind": "nvlink", "switch": "nvswitch-3"}, **change})
    assert said in str(refused.value)


def test_between_nodes_of_a_rack_nvlink_is_the_network() -> None:
    tray = load_entry("nodes", "gb200-node", Node, CATALOGUE)
    links = links_of(tray, 18, domain(RACK))
    assert links.gpus_per_node == 72
    assert links.network_bytes_per_s == links.nvlink_bytes_per_s
    assert links.network_latency_s == links.nvlink_latency_s


def test_ranks_that_hold_the_same_parameters_share_the_domain() -> None:
    """Two pipeline ranks hold each stage under DualPipe; with all ranks in one domain nothing leaves it."""
    layout = Layout(pp=4, dp=2, ep=2, schedule=DualPipe())
    inside, across = replicas(layout, 2, gpus_per_node=8), replicas(layout, 2, gpus_per_node=4)
    assert (inside.dense.nodes, inside.dense.size) == (1, 4)
    assert (across.dense.nodes, across.dense.size) == (2, 4)
