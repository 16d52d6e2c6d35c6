"""What each pipeline stage holds: the cut of the model, its blocks, parameters and kept activations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from simulator.activations import NONE, Activations
from simulator.blocks import BlockPlan
from simulator.chunks import Labelled
from simulator.finish import Parameters
from simulator.partition import partition_by_cost
from simulator.partition_in_pairs import Extend, partition_in_pairs
from simulator.sharding import BLOCKS_AT_ONCE
from workloads.model import ModelSpec
from workloads.scenario import Scenario
from workloads.schedule import ScheduleSpec
from workloads.stages import stage_texts, stages_by_hand

RULE = (
    "contiguous, at least one layer a stage, the embedding with the first layer and head and MTP with the last, which "
    "may stand alone where there are more stages than ranks; of all such cuts the one whose dearest stage is cheapest, "
    "then the most even; where a rank holds a stage from each end, the most even whose dearest rank is cheapest"
)

Placed = tuple[tuple[str, int], ...]
"""Kinds of a stage's blocks, each with its place among all blocks of the model."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What one pipeline stage holds.

    blocks    in order, with their labels
    shared    embedding and output head by name, which MTP modules use too
    kept                    activations of one micro-batch from forward to backward
    kept_for_weights        from the input gradient to a postponed weight gradient
    buffer_bytes            tokens on their way to and from experts, sharded parameters and gradients while whole
    workspace_bytes         what backward makes again and the largest result of one operation
    """

    text: str
    blocks: tuple[Labelled, ...]
    parameters: Parameters
    shared: Mapping[str, int]
    kept: Activations
    kept_for_weights: Activations
    buffer_bytes: float
    workspace_bytes: float


def stages_of_model(scenario: Scenario, blocks: Mapping[str, BlockPlan]) -> tuple[Stage, ...]:
    """Cut the model into stages: by hand where the layout says so, else by RULE."""
    model, layout = scenario.model, scenario.layout
    layers = layout.layers_per_stage or layers_by_cost(model, layout.schedule, layout.pp, blocks)
    texts = stage_texts(stages_by_hand(layers), model.layers, model.mtp_depth)
    return tuple(
        stage_of(text, held, blocks) for text, held in zip(texts, blocks_of_stages(model, layers), strict=True)
    )


def blocks_of_stages(model: ModelSpec, layers: Sequence[int]) -> tuple[Placed, ...]:
    """Kinds of the blocks of each stage, each with its place among all blocks of the model."""
    items = _items(model)
    return tuple(
        tuple((kind, at + place) for at in range(cut.start, cut.stop) for place, kind in enumerate(items[at]))
        for cut in stages_by_hand(layers)
    )


def layers_by_cost(
    model: ModelSpec, schedule: ScheduleSpec, ranks: int, blocks: Mapping[str, BlockPlan], extend: Extend | None = None
) -> tuple[int, ...]:
    """Layers of each stage by RULE; extend   see `partition_in_pairs`."""
    costs_s = {kind: plan.block.cost_s for kind, plan in blocks.items()}
    first, *layers, last = (sum(costs_s[kind] for kind in item) for item in _items(model))
    ends_alone = schedule.stages(ranks) > ranks
    costs = [layers[0] + first, *layers[1:], last] if ends_alone else _with_ends(first, layers, last)
    counts = [cut.stop - cut.start for cut in _cut(costs, schedule, ranks, extend)]
    counts[-1] -= ends_alone
    return tuple(counts)


def _items(model: ModelSpec) -> list[Sequence[str]]:
    """Kinds of blocks that stay together: the embedding, each layer, the head with the MTP modules."""
    kinds = model.block_kinds()
    return [kinds[:1], *([kind] for kind in kinds[1 : 1 + model.layers]), kinds[1 + model.layers :]]


def _with_ends(first: float, layers: Sequence[float], last: float) -> list[float]:
    """Costs of the layers, embedding and head with those next to them."""
    costs = list(layers)
    costs[0] += first
    costs[-1] += last
    return costs


def _cut(costs: Sequence[float], schedule: ScheduleSpec, ranks: int, extend: Extend | None) -> tuple[slice, ...]:
    """Cut by the dearest rank where each holds one stage from each end of the model, else by the dearest stage."""
    stages = schedule.stages(ranks)
    held = [set(schedule.stages_of(rank, ranks)) for rank in range(ranks)]
    if stages > 1 and all(own == {min(own), stages - 1 - min(own)} for own in held):
        return partition_in_pairs(costs, stages // 2, extend)
    return _partition_by_cost(tuple(costs), stages)


@lru_cache(maxsize=256)
def _partition_by_cost(costs: tuple[float, ...], stages: int) -> tuple[slice, ...]:
    """The same again for schedules that cut alike."""
    return partition_by_cost(costs, stages)


def stage_of(text: str, held: Placed, blocks: Mapping[str, BlockPlan]) -> Stage:
    """Gather a stage's blocks, parameters and kept activations."""
    plans = [blocks[kind] for kind, _ in held]
    return Stage(
        text=text,
        blocks=tuple(Labelled(blocks[kind].block, _layer(kind, place)) for kind, place in held),
        parameters=sum((plan.parameters for plan in plans), Parameters(0.0, 0.0)),
        shared={name: count for plan in plans for name, count in plan.shared.items()},
        kept=sum((plan.kept for plan in plans), NONE),
        kept_for_weights=sum((plan.kept_for_weights for plan in plans), NONE),
        buffer_bytes=max(plan.buffer_bytes for plan in plans) + _whole_bytes(plans),
        workspace_bytes=max(plan.workspace_bytes for plan in plans),
    )


def _whole_bytes(plans: Sequence[BlockPlan]) -> float:
    """Most bytes of sharded blocks that are whole at once: of neighbours, shared weights counted once."""
    most = 0.0
    for at in range(max(1, len(plans) - BLOCKS_AT_ONCE + 1)):
        there = plans[at : at + BLOCKS_AT_ONCE]
        shared = {name: size for plan in there for name, size in plan.shared_whole_bytes.items()}
        most = max(most, sum(plan.whole_bytes for plan in there) + sum(shared.values()))
    return most


def _layer(kind: str, place: int) -> int | None:
    """Number of a layer in the model, from 0; its place among all blocks is one more for the embedding before it.

    An MTP module has head and embedding before it, so that its number goes on behind the last layer's.
    """
    if kind == "mtp":
        return place - 2
    return place - 1 if kind in ("dense", "moe") else None


def held_parameters(stages: Sequence[Stage]) -> Parameters:
    """Parameters of a rank that holds these stages; embedding and output head count once, whoever uses them."""
    return sum((stage.parameters for stage in stages), Parameters(held_embedding(stages), 0.0))


def held_embedding(stages: Sequence[Stage]) -> float:
    """Of these the parameters of embedding and output head."""
    return float(sum({name: count for stage in stages for name, count in stage.shared.items()}.values()))
