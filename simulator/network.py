"""What one GPU of a cluster reaches others over, and the groups its ranks form on it."""

from __future__ import annotations

from simulator.collectives import Group, Links, Spread
from simulator.finish import Replicas
from topologies.hardware import Node
from topologies.kinds.base import TopologySpec
from workloads.layout import Layout
from workloads.reference.dims import Gate
from workloads.routing import reach


def links_of(node: Node, nodes: int, topology: TopologySpec) -> Links:
    """Achieved rates and latencies of one GPU's links."""
    gpu, port = node.gpu, topology.port_of(node, nodes)
    return Links(
        gpus_per_node=node.gpus * min(node.nvlink_nodes or 1, nodes),
        nvlink_bytes_per_s=gpu.nvlink_bytes_per_s * gpu.nvlink_achievable_ratio,
        nvlink_latency_s=gpu.nvlink_latency_s,
        network_bytes_per_s=port.bytes_per_s,
        port_bytes_per_s=port.nominal_bytes_per_s,
        network_latency_s=port.latency_s,
        network_reduces=topology.switch.in_network_reduction,
        multicasts=topology.switch.token_multicast,
        ordered=node.nic.ordered,
    )


def replicas(layout: Layout, copies: int, gpus_per_node: int) -> Replicas:
    """Groups of ranks that hold the same parameters.

    copies   pipeline ranks that hold the parameters of one stage (two under DualPipe); they lie on other nodes, unless
             NVLink joins all ranks
    Ranks are numbered tp fastest, so a node holds gpus_per_node / tp consecutive ranks of the data-parallel axis.
    """
    dense = layout.dp * layout.cp
    sharing = layout.ranks_per_expert_group
    routed = layout.ranks_per_stage // sharing
    if layout.ranks_per_stage * layout.pp <= gpus_per_node:
        return Replicas(Group(1, dense * copies), Group(1, routed * copies), layout.zero_stage)
    return Replicas(
        dense=group_of(dense, max(1, gpus_per_node // layout.tp), copies),
        routed=group_of(routed, max(1, gpus_per_node // sharing), copies),
        zero_stage=layout.zero_stage,
    )


def group_of(size: int, fits: int, copies: int = 1) -> Group:
    """Group of `size` ranks of which a node holds `fits`, times as many again elsewhere for each further copy."""
    per_node = min(size, fits)
    return Group(nodes=-(-size // per_node) * copies, per_node=per_node)


def spread_of(gate: Gate, ep: int, etp: int, gpus_per_node: int, seed: int) -> Spread:
    """How far a token's experts lie apart when `ep` groups of `etp` neighbouring ranks share them.

    A token goes to all ranks that split one of its experts. In each node it arrives at the GPU of its own index, from
    where only the others take a hop.
    """
    groups = min(ep, gpus_per_node // etp)
    far = reach(gate, ep, groups, seed)
    return Spread(far.nodes, far.gpus * etp, far.other_nodes, far.gpus * (etp - 1 / groups), gate.top_k * etp)
