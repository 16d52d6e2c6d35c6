"""What collisions and faults leave of the network's rate, flow by flow, for each kind of traffic of a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.collectives import Links
from simulator.flows.demand import Demand
from simulator.flows.faults import Fault, cable, plane, vertex, with_faults
from simulator.flows.routing import ByDestination, Ecmp, Routing, Spray, route
from simulator.flows.run import Setting, run
from simulator.flows.sharing import Exact, Windows
from simulator.load.patterns import CutOff, Pattern, Site, around_lost_planes, patterns
from simulator.refusal import Refused
from topologies.fabric import Fabric, Floats
from workloads.faults import NetworkFault
from workloads.scenario import Cluster, Scenario

EXACT_FLOWS = 60_000
"""Flows up to which every completion is played; more are played in windows."""
EXPERTS = "expert all-to-all"


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """One pattern on the network.

    ratio         of the rate that a port alone would have: ideal time over that of the slowest group
    group_ratio   [group] the same of each group
    used          [link] share of its rate that a link carries while the pattern runs
    """

    pattern: Pattern
    ratio: float
    group_ratio: Floats
    used: Floats


def site_of(cluster: Cluster) -> Site:
    """Where ranks and ports are."""
    node = cluster.node
    return Site(node.gpus, node.nics * cluster.topology.ports_per_nic, min(node.nvlink_nodes or 1, cluster.nodes))


def fabric_of(cluster: Cluster) -> Fabric:
    """The whole network as built."""
    return cluster.topology.build(cluster.topology.endpoints_of(cluster.node, cluster.nodes))


def routing_of(scenario: Scenario) -> Routing:
    """How the scenario's switches choose among ways; sprayed packets keep away from slow links."""
    topology = scenario.cluster.topology
    ways: dict[str, Routing] = {
        "spray": Spray(by_width=bool(scenario.cluster.faults)),
        "ecmp": Ecmp(scenario.seed),
        "by-destination": ByDestination(),
    }
    return ways[topology.routing]


def faults_on(fabric: Fabric, faults: Sequence[NetworkFault]) -> tuple[Fault, ...]:
    """Links that the scenario's faults take. Raises Refused for a part that the network does not have."""
    return tuple(Fault(_links(fabric, fault), fault.left) for fault in faults)


def _links(fabric: Fabric, fault: NetworkFault) -> tuple[int, ...]:
    """Links of one part of the network."""
    planes = int(fabric.link_plane.max()) + 1
    sizes = {"plane": planes, "switch": fabric.switches, "nic": fabric.endpoints, "cable": fabric.vertices}
    if fault.number >= sizes[fault.part]:
        raise Refused(
            f"cluster.faults: there is no {fault.part} {fault.number}; the network has {sizes[fault.part]:,}, from 0 on"
        )
    if fault.part == "plane":
        return plane(fabric, fault.number)
    if fault.part != "cable":
        return vertex(fabric, fault.number + fabric.endpoints * (fault.part == "switch"))
    ends = (fabric.link_from == fault.number) & (fabric.link_to == fabric.endpoints + (fault.to or 0))
    if fault.to is None or not ends.any():
        raise Refused(
            f"cluster.faults: no cable leads from {fault.number} to switch {fault.to}; `number` counts endpoints "
            f"from 0 and switches from {fabric.endpoints}, `to` is the number of a switch"
        )
    return cable(fabric, int(np.flatnonzero(ends)[0]))


def carried(scenario: Scenario) -> list[Carried]:
    """Every pattern of the scenario's step on its network. Raises Refused where a node reaches no other any more."""
    cluster = scenario.cluster
    fabric, site = fabric_of(cluster), site_of(cluster)
    damaged = with_faults(fabric, faults_on(fabric, cluster.faults), 0.0)
    return [_carried(scenario, one, fabric, damaged) for one in patterns(scenario.layout, site)]


def _carried(scenario: Scenario, pattern: Pattern, fabric: Fabric, damaged: Fabric) -> Carried:
    """Play one pattern; flows whose plane is gone go over another."""
    site, routing = site_of(scenario.cluster), routing_of(scenario)
    ideal_s = _ideal_s(pattern, fabric)
    if scenario.cluster.faults:
        lost = np.isinf(route(damaged, pattern.flows, routing).latency_s)
        pattern = around_lost_planes(pattern, site, damaged, lost)
    queue_pairs = scenario.cluster.topology.queue_pairs
    if pattern.name == EXPERTS:
        queue_pairs *= scenario.cluster.node.gpu.kernels.all_to_all.normal.posting.queue_pairs
    flows = pattern.flows.split(queue_pairs)
    group = np.repeat(pattern.group, queue_pairs)
    still = replace(damaged, link_latency_s=np.zeros_like(damaged.link_latency_s))
    mode = Exact() if flows.flows <= EXACT_FLOWS else Windows()
    played = run(still, flows, Setting(routing, mode))
    if played.stranded:
        raise CutOff("with these cluster.faults some flows have no way over the switches that are left")
    end_s = np.zeros(int(group.max()) + 1)
    np.maximum.at(end_s, group, played.finish_s)
    busy_s = end_s[np.unique(group)]
    ratio = np.minimum(ideal_s / busy_s, 1.0)
    used = played.carried_bytes / played.makespan_s / np.maximum(damaged.link_bytes_per_s, 1e-30)
    return Carried(pattern, float(ratio.min()), ratio, np.where(damaged.link_bytes_per_s > 0, used, 0.0))


def _ideal_s(pattern: Pattern, fabric: Fabric) -> Floats:
    """[group] time of its busiest port, if nothing collided."""
    port_bytes_per_s = float(fabric.link_bytes_per_s[fabric.link_from < fabric.endpoints].min())
    groups = np.unique(pattern.group)
    return np.array([_busiest_bytes(pattern.flows, pattern.group == one) / port_bytes_per_s for one in groups])


def _busiest_bytes(flows: Demand, chosen: np.ndarray) -> float:
    """Most bytes that one port sends or receives in a group."""
    sizes = flows.size_bytes[chosen]
    return float(max(np.bincount(ends[chosen], sizes).max() for ends in (flows.source, flows.destination)))


def contended(links: Links, scenario: Scenario) -> Links:
    """The links as they are when everybody sends at once: the slowest group of each pattern sets its rate."""
    cluster = scenario.cluster
    endpoints = cluster.topology.endpoints_of(cluster.node, cluster.nodes)
    whole = cluster.topology.uniform_ratio(endpoints)
    ratios = {one.pattern.name: one.ratio / whole for one in carried(scenario)}
    others = [ratio for name, ratio in ratios.items() if name != EXPERTS]
    return replace(
        links,
        port_bytes_per_s=links.port_bytes_per_s * ratios.get(EXPERTS, 1.0),
        network_bytes_per_s=links.network_bytes_per_s * min(others, default=1.0),
    )
