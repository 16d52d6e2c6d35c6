"""What of a cluster may fail, and how large a checkpoint of its model is."""

from __future__ import annotations

from simulator.failures.sizes import CheckpointSize, Holders, Kept, Replicated, Saving, checkpoint_size, saving
from simulator.finish import WIDE_BYTES
from simulator.offloading import MASTER_BYTES
from simulator.plan import Plan, formats_of, groups_of
from simulator.stages import held_parameters
from workloads.checkpoints import Checkpoints
from workloads.failure_rates import Components
from workloads.scenario import Cluster


def components(cluster: Cluster, hbm_stacks_per_gpu: int) -> Components:
    """Parts of a cluster that fail; a network that is part of the nodes fails with them.

    Raises TopologyError where the network cannot be counted.
    """
    links = switches = 0
    if cluster.topology.bought_apart:
        endpoints = cluster.topology.endpoints_of(cluster.node, cluster.nodes)
        cabling = cluster.topology.cabling(endpoints)
        links = sum(cabling.links.values()) + sum(cabling.endpoints.values())
        switches = cluster.topology.count(endpoints).switches
    return Components(
        gpus=cluster.gpus,
        hbm_stacks=cluster.gpus * hbm_stacks_per_gpu,
        nics=cluster.nodes * cluster.node.nics * cluster.topology.ports_per_nic,
        links=links,
        switches=switches,
        hosts=cluster.nodes,
    )


def holders(decided: Plan) -> Holders:
    """GPUs that hold a plan's model."""
    layout, node = decided.scenario.layout, decided.scenario.cluster.node
    return Holders(layout.ranks, node.gpus, layout.zero_stage)


def size(decided: Plan) -> CheckpointSize:
    """Bytes of a checkpoint of a plan's model: weights in BF16, master weights, both moments."""
    layout = decided.scenario.layout
    formats, groups = formats_of(decided.scenario, decided.links), groups_of(layout, decided.links)
    held = held_parameters(decided.stages)
    parts = (
        Replicated(held.dense * layout.tp, groups.dense.size),
        Replicated(held.routed * layout.ranks_per_expert_group, groups.routed.size),
    )
    return checkpoint_size(parts, Kept(WIDE_BYTES, MASTER_BYTES, 2 * formats.moment_bytes), holders(decided))


def written(decided: Plan, checkpoints: Checkpoints, step_s: float) -> Saving:
    """When checkpoints of a plan's model are written, and how long steps wait for them."""
    copied_bytes_per_s = decided.scenario.cluster.node.gpu.pcie_bytes_per_s
    return saving(size(decided), holders(decided), checkpoints, step_s, copied_bytes_per_s)
