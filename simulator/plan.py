"""From a scenario to a plan: everything that has to be judged before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator import chunks
from simulator.blocks import BlockPlan, block_plans
from simulator.chunks import Labelled
from simulator.collectives import Links, Transfer, send
from simulator.engine import Task
from simulator.finish import FORMAT_BYTES, Finish, Formats, Parameters, finish
from simulator.memory import RankMemory, StageMemory, rank_memory, require_fit
from simulator.network import links_of, replicas
from simulator.partition import partition_by_cost
from simulator.pipeline import content
from workloads.fit import micro_batches
from workloads.scenario import Scenario
from workloads.schedule import Step, Work
from workloads.stages import stage_texts, stages_by_hand

ACTIVATION_BYTES = 2
"""Activations between stages are BF16."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What one pipeline stage holds.

    blocks   in order, with their labels;  items   places in the model's list (embedding, layers, head)
    """

    text: str
    items: slice
    blocks: tuple[Labelled, ...]
    parameters: Parameters
    memory: StageMemory


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is decided before the first event.

    stages         [stage]
    orders         [rank][step]   what each pipeline rank does, in order
    timelines      what happens inside each distinct step content, as tasks of one GPU
    send           one activation from a stage to the next
    finish         [rank]  the end of the step;  peers   [rank]  pipeline ranks with the same parameters
    memory         [rank]
    """

    scenario: Scenario
    links: Links
    blocks: Mapping[str, BlockPlan]
    stages: tuple[Stage, ...]
    orders: tuple[tuple[Step, ...], ...]
    timelines: Mapping[tuple[Work, ...], tuple[Task, ...]]
    send: Transfer
    finish: tuple[Finish, ...]
    peers: tuple[tuple[int, ...], ...]
    memory: tuple[RankMemory, ...]


def plan(scenario: Scenario) -> Plan:
    """Spend every judgement: costs, partition, order, groups, memory.

    Raises DoesNotFit where a rank would need more memory than its GPU has.
    """
    layout, job, gpu = scenario.layout, scenario.job, scenario.cluster.node.gpu
    links = links_of(scenario.cluster.node, scenario.cluster.nodes, scenario.cluster.topology)
    blocks = block_plans(scenario, links)
    stages = _stages(scenario, blocks)
    orders = layout.schedule.orders(layout.pp, micro_batches(layout, scenario.demands))
    stages_of = [layout.schedule.stages_of(rank, layout.pp) for rank in range(layout.pp)]
    formats = Formats(
        FORMAT_BYTES[job.precision.gradients], FORMAT_BYTES[job.precision.moments], FORMAT_BYTES[job.precision.weights]
    )
    groups = replicas(layout, sum(len(own) for own in stages_of) // len(stages), links.gpus_per_node)
    held = [_sum(stages[stage].parameters for stage in own) for own in stages_of]
    memory = tuple(
        rank_memory(order, [s.memory for s in stages], own, groups, formats)
        for order, own in zip(orders, held, strict=True)
    )
    require_fit(memory, gpu.memory_usable_bytes)
    return Plan(
        scenario=scenario,
        links=links,
        blocks=blocks,
        stages=stages,
        orders=orders,
        timelines=_timelines(orders, stages),
        send=send(_activation_bytes(scenario), links, same_node=_pipeline_inside_node(scenario)),
        finish=tuple(finish(own, groups, formats, gpu, links) for own in held),
        peers=_peers(stages_of),
        memory=memory,
    )


def _sum(parts: Sequence[Parameters]) -> Parameters:
    """Parameters of several stages together."""
    total = Parameters(0.0, 0.0)
    for part in parts:
        total = total + part
    return total


def _stages(scenario: Scenario, blocks: Mapping[str, BlockPlan]) -> tuple[Stage, ...]:
    """Cut the model into stages: by hand where the layout says so, else so that the dearest is cheapest.

    Items are the embedding, each layer, and the output head with the MTP modules; the cut is contiguous.
    """
    kinds = scenario.model.block_kinds()
    items = [
        (kinds[0],),
        *((kind,) for kind in kinds[1 : 1 + scenario.demands.layers]),
        kinds[1 + scenario.demands.layers :],
    ]
    count = scenario.layout.schedule.stages(scenario.layout.pp)
    by_hand = scenario.layout.layers_per_stage
    costs = [sum(blocks[kind].block.cost_s for kind in item) for item in items]
    cuts = partition_by_cost(costs, count) if by_hand is None else stages_by_hand(by_hand)
    texts = stage_texts(cuts, scenario.demands.layers, scenario.model.dims().mtp_depth)
    return tuple(_stage(text, cut, items, blocks) for text, cut in zip(texts, cuts, strict=True))


def _stage(text: str, cut: slice, items: Sequence[Sequence[str]], blocks: Mapping[str, BlockPlan]) -> Stage:
    """Gather one stage's blocks, parameters and kept activations."""
    held = [(kind, _label(kind, at)) for at, item in enumerate(items) if cut.start <= at < cut.stop for kind in item]
    plans = [blocks[kind] for kind, _ in held]
    return Stage(
        text=text,
        items=cut,
        blocks=tuple(Labelled(blocks[kind].block, label) for kind, label in held),
        parameters=_sum([plan.parameters for plan in plans]),
        memory=StageMemory(
            kept_bytes=sum(plan.kept_bytes for plan in plans),
            kept_for_weights_bytes=sum(plan.kept_for_weights_bytes for plan in plans),
        ),
    )


def _label(kind: str, item: int) -> str:
    """How a block is called in a timeline; item 0 is the embedding, so layers count from 0 at item 1."""
    return f"layer {item - 1}" if kind in ("dense", "moe") else kind


def _timelines(orders: Sequence[Sequence[Step]], stages: Sequence[Stage]) -> dict[tuple[Work, ...], tuple[Task, ...]]:
    """Lay out the inside of each distinct step content."""
    distinct = dict.fromkeys(content(step) for order in orders for step in order)
    return {key: _timeline(key, stages) for key in distinct}


def _timeline(works: tuple[Work, ...], stages: Sequence[Stage]) -> tuple[Task, ...]:
    """Lay out one step: a chunk alone, or a forward and a backward that overlap."""
    if len(works) == 2:
        return chunks.pair(stages[works[0].stage].blocks, stages[works[1].stage].blocks)
    (work,) = works
    blocks = stages[work.stage].blocks
    if work.op == "F":
        return chunks.forward(blocks)
    return chunks.weight_gradient(blocks) if work.op == "W" else chunks.backward(blocks, work.op == "B")


def _activation_bytes(scenario: Scenario) -> float:
    """Bytes that one rank sends to the next stage for one micro-batch."""
    tokens = scenario.job.tokens_per_micro_batch // (scenario.layout.tp * scenario.layout.cp)
    return float(tokens * scenario.model.dims().hidden * ACTIVATION_BYTES)


def _pipeline_inside_node(scenario: Scenario) -> bool:
    """Whether neighbouring pipeline ranks share a node: only if a node holds all the ranks of a stage and more."""
    return scenario.layout.ranks_per_stage * scenario.layout.pp <= scenario.cluster.node.gpus


def _peers(stages_of: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """Pipeline ranks, oneself included, that hold a stage one holds oneself."""
    return tuple(tuple(other for other, theirs in enumerate(stages_of) if set(own) & set(theirs)) for own in stages_of)
