"""What a limit on the nodes of a token does: nodes, GPUs and bytes of a token for every limit a gate may have."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workloads.reference.dims import Gate
from workloads.routing import Reach, reach


@dataclass(frozen=True, slots=True)
class NodeLimit:
    """A gate that chooses among the experts of so many groups; a limit on nodes where each node holds one group.

    experts_per_node    chosen experts in each node that a token reaches
    network_ratio       bytes of a token over the network, in units of those under the gate's own limit; a token
                        crosses once to each other node
    nvlink_ratio        the same over NVLink, where it goes on to all GPUs but the one that received it
    """

    limit: int
    reach: Reach
    experts_per_node: float
    network_ratio: float
    nvlink_ratio: float


def node_limits(gate: Gate, ranks: int, ranks_per_node: int, seed: int) -> tuple[NodeLimit, ...]:
    """Every limit from the smallest that leaves top_k experts to all groups, by random tokens through the gate."""
    own = reach(gate, ranks, ranks_per_node, seed)
    least = -(-gate.top_k * gate.groups // gate.experts)
    limits = []
    for limit in range(least, gate.groups + 1):
        far = reach(replace(gate, top_groups=limit), ranks, ranks_per_node, seed)
        limits.append(
            NodeLimit(
                limit=limit,
                reach=far,
                experts_per_node=gate.top_k / far.nodes,
                network_ratio=_ratio(far.other_nodes, own.other_nodes),
                nvlink_ratio=_ratio(far.hops, own.hops),
            )
        )
    return tuple(limits)


def free_experts_per_node(nvlink_bytes_per_s: float, network_bytes_per_s: float) -> float:
    """GPUs of a node that NVLink can hand a token to in the time that the network takes to bring it there.

    160 GB/s over 50 GB/s are 3.2 experts a node (arXiv 2412.19437, section 3.2.2): with a limit of 4 nodes 4 x 3.2,
    that is up to 13 experts a token, would take no longer than 8.
    """
    return nvlink_bytes_per_s / network_bytes_per_s


def _ratio(bytes_of: float, bytes_of_own: float) -> float:
    """Ratio of two amounts; 1 where both are nothing, as inside one node."""
    return bytes_of / bytes_of_own if bytes_of_own else 1.0
