"""From a scenario to a plan: everything that has to be judged before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulator import chunks
from simulator.admission import admit
from simulator.blocks import BlockPlan, block_plans
from simulator.chunks import Part
from simulator.collectives import Links, Transfer, send
from simulator.finish import Finish, Formats, Replicas, finish
from simulator.memory import (
    DoesNotFit,
    RankMemory,
    held_over,
    host_bytes,
    outside_bytes,
    rank_memory,
    require_fit,
    states,
)
from simulator.network import links_of, replicas
from simulator.offloading import MASTER_BYTES, Numbers, away
from simulator.pipeline import content
from simulator.sharding import Sharding
from simulator.software import driven_gpu
from simulator.stages import Stage, held_parameters, stages_of_model
from simulator.ways_out import way_out
from topologies.units import pretty
from workloads.expert_loads import Sharing, moved_ratio
from workloads.fit import micro_batches
from workloads.layout import Layout
from workloads.reference.graph import NUMBER_BYTES
from workloads.scenario import Scenario
from workloads.schedule import ScheduleSpec, Step, Work

ACTIVATION_BYTES = 2
"""Activations between stages are BF16."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is decided before the first event.

    stages         [stage]
    orders         [rank][step]   what each pipeline rank does, in order
    timelines      what happens inside each distinct step content, as phases of one GPU
    sharing        how unevenly the ranks that share experts are loaded; None where a rank has all experts
    send           one activation from a stage to the next
    finish         [rank]  the end of the step;  peers   [rank]  pipeline ranks with the same parameters
    by_stage       [stage]  the end of the step for its parameters alone, if they travel beside chunks; else empty
    memory         [rank]  at the fullest moment
    held           [rank][step, during or after, part]  activations, see `memory.held_over`
    """

    scenario: Scenario
    links: Links
    blocks: Mapping[str, BlockPlan]
    stages: tuple[Stage, ...]
    orders: tuple[tuple[Step, ...], ...]
    timelines: Mapping[tuple[Work, ...], tuple[Part, ...]]
    sharing: Sharing | None
    send: Transfer
    finish: tuple[Finish, ...]
    peers: tuple[tuple[int, ...], ...]
    by_stage: tuple[Finish, ...]
    memory: tuple[RankMemory, ...]
    held: tuple[NDArray[np.float64], ...]


def plan(scenario: Scenario) -> Plan:
    """Spend every judgement: costs, partition, order, groups, memory.

    Raises Refused where a choice is not simulated, TooLarge for its size, DoesNotFit where a rank would need more
    memory than its GPU has, with the nearest change that fits.
    """
    decided = planned(scenario)
    require_host(decided)
    try:
        require_fit(decided.memory, scenario.cluster.node.gpu.memory_usable_bytes)
    except DoesNotFit as refusal:
        raise DoesNotFit(f"{refusal} {way_out(scenario, _fullest_bytes)}") from None
    return decided


def require_host(decided: Plan) -> None:
    """Raise DoesNotFit if the processes of a server need more of its memory than is known to be there."""
    scenario = decided.scenario
    node, memory = scenario.cluster.node, scenario.job.memory
    groups, stages = groups_of(scenario.layout, decided.links), stages_of_ranks(scenario.layout)
    formats = formats_of(scenario, decided.links)
    held = ([decided.stages[stage] for stage in own] for own in stages)
    most = max(host_bytes(own, groups, formats, memory) for own in held) * node.gpus
    if node.host_memory_bytes is not None and most > node.host_memory_bytes:
        raise DoesNotFit(
            f"what is kept outside of the GPUs needs {pretty(most, 'bytes')} of a server's memory, "
            f"{pretty(node.host_memory_bytes, 'bytes')} are there; keep less of it there (job.memory.weight_average, "
            "job.memory.offload)"
        )
    _require_disks(decided)


def _require_disks(decided: Plan) -> None:
    """Raise DoesNotFit if the disks of a server are too small for what is kept on them."""
    scenario = decided.scenario
    formats, groups = formats_of(scenario, decided.links), groups_of(scenario.layout, decided.links)
    offload = scenario.job.memory.offload
    if offload is None or offload.disks is None:
        return
    held = ([decided.stages[stage] for stage in own] for own in stages_of_ranks(scenario.layout))
    most = max(outside_bytes(own, groups, formats, offload, "nvme") for own in held) * scenario.cluster.node.gpus
    if most > offload.disks.size_bytes:
        raise DoesNotFit(
            f"what is offloaded needs {pretty(most, 'bytes')} of a server's disks, "
            f"{pretty(offload.disks.size_bytes, 'bytes')} are there; see job.memory.offload.disks.size_bytes"
        )


def _fullest_bytes(scenario: Scenario) -> float:
    """Bytes that the fullest rank needs."""
    return max(memory.total for memory in planned(scenario).memory)


def planned(scenario: Scenario) -> Plan:
    """The plan, whether it fits the GPUs' memory or not. Raises Refused and TooLarge."""
    layout, job = scenario.layout, scenario.job
    admit(scenario)
    gpu = driven_gpu(scenario)
    links = scenario_links(scenario)
    stages_of = stages_of_ranks(layout)
    formats, groups = formats_of(scenario, links), groups_of(layout, links)
    blocks = block_plans(scenario, links, Sharding(groups, formats))
    stages = stages_of_model(scenario, blocks)
    orders = layout.schedule.orders(layout.pp, micro_batches(layout, scenario.demands))
    own_stages = [{number: stages[number] for number in own} for own in stages_of]
    held = [tuple(own.values()) for own in own_stages]
    activations = tuple(held_over(order, own) for order, own in zip(orders, own_stages, strict=True))
    return Plan(
        scenario=scenario,
        links=links,
        blocks=blocks,
        stages=stages,
        orders=orders,
        timelines=_timelines(orders, stages),
        sharing=sharing_of(scenario, links),
        send=send_of(scenario, links),
        finish=tuple(finish(held_parameters(own), groups, formats, gpu, links) for own in held),
        peers=peers_of(stages_of),
        by_stage=tuple(
            finish(held_parameters([stage]), groups, formats, gpu, links) for stage in stages if layout.zero_overlap
        ),
        memory=tuple(
            rank_memory(states(own, groups, formats, job.memory), over, own, job.memory)
            for own, over in zip(held, activations, strict=True)
        ),
        held=activations,
    )


def _timelines(orders: Sequence[Sequence[Step]], stages: Sequence[Stage]) -> dict[tuple[Work, ...], tuple[Part, ...]]:
    """Lay out the inside of each distinct step content."""
    distinct = dict.fromkeys(content(step) for order in orders for step in order)
    return {key: _timeline(key, stages) for key in distinct}


def _timeline(works: tuple[Work, ...], stages: Sequence[Stage]) -> tuple[Part, ...]:
    """Lay out one step: a chunk alone, or a forward and a backward that overlap."""
    if len(works) == 2:
        return chunks.pair(stages[works[0].stage].blocks, stages[works[1].stage].blocks)
    (work,) = works
    blocks = stages[work.stage].blocks
    if work.op == "F":
        return chunks.forward(blocks)
    return chunks.weight_gradient(blocks) if work.op == "W" else chunks.backward(blocks, work.op == "B")


def sharing_of(scenario: Scenario, links: Links) -> Sharing | None:
    """Who shares the experts of a layer, and who sends how much to them."""
    experts, dims = scenario.model.experts, scenario.model.dims()
    layout, job = scenario.layout, scenario.job
    if experts is None or layout.ep == 1:
        return None
    split = layout.tp * layout.cp
    return Sharing(
        gate=experts.gate.dims(),
        layers=sum(map(dims.routed, range(dims.layers))),
        ranks=layout.ep,
        ranks_per_node=max(1, links.gpus_per_node // layout.etp),
        tokens=max(1, layout.ranks_per_expert_group * job.tokens_per_micro_batch // split),
        sequence_tokens=job.sequence_length,
        router=job.router,
        eplb=layout.eplb,
        stamp=job.router.stamp(),
    )


def send_of(scenario: Scenario, links: Links) -> Transfer:
    """Send one micro-batch's activations to the next stage; over NVLink only if all ranks together are in reach."""
    layout = scenario.layout
    tokens = scenario.job.tokens_per_micro_batch // (layout.tp * layout.cp)
    same_node = layout.ranks <= links.gpus_per_node
    return send(float(tokens * scenario.model.hidden * ACTIVATION_BYTES), links, same_node)


def scenario_links(scenario: Scenario) -> Links:
    """A GPU's links while everybody sends; flow by flow where something collides or is broken."""
    cluster = scenario.cluster
    links = links_of(cluster.node, cluster.nodes, cluster.topology)
    if not cluster.collides:
        return links
    from simulator.load.contention import contended

    return contended(links, scenario)


def formats_of(scenario: Scenario, links: Links) -> Formats:
    """Bytes of one number as the step's end moves it, those of experts that are placed anew among them."""
    precision, eplb = scenario.job.precision, scenario.layout.eplb
    gradients, moments = NUMBER_BYTES[precision.gradients], NUMBER_BYTES[precision.moments]
    numbers = Numbers(gradients, moments, NUMBER_BYTES[precision.weights])
    outside = away(scenario.job.memory.offload, scenario.cluster.node, numbers)
    plain = Formats(*numbers, away=outside)
    sharing = sharing_of(scenario, links)
    if sharing is None or eplb is None or eplb.every_steps is None:
        return plain
    state_bytes = plain.weight_bytes + MASTER_BYTES + 2 * plain.moment_bytes
    inside = scenario.layout.ranks_per_expert_group <= links.gpus_per_node
    bytes_per_s = links.nvlink_bytes_per_s if inside else links.network_bytes_per_s
    return replace(plain, moving_s=moved_ratio(sharing, scenario.seed) * state_bytes / bytes_per_s / eplb.every_steps)


@lru_cache(maxsize=1000)
def _stages_of_ranks(schedule: ScheduleSpec, ranks: int) -> tuple[tuple[int, ...], ...]:
    """Stages that each pipeline rank holds: [rank]."""
    return tuple(schedule.stages_of(rank, ranks) for rank in range(ranks))


def stages_of_ranks(layout: Layout) -> tuple[tuple[int, ...], ...]:
    """Stages that each pipeline rank of a layout holds: [rank]."""
    return _stages_of_ranks(layout.schedule, layout.pp)


def groups_of(layout: Layout, links: Links) -> Replicas:
    """Ranks that hold the same parameters, those of a stage's second copy among them."""
    held = sum(map(len, stages_of_ranks(layout)))
    return replicas(layout, held // layout.schedule.stages(layout.pp), links.gpus_per_node)


def peers_of(stages_of: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """Pipeline ranks, oneself included, that hold a stage one holds oneself."""
    return tuple(tuple(other for other, theirs in enumerate(stages_of) if set(own) & set(theirs)) for own in stages_of)
