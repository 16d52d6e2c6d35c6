"""What each pipeline stage holds: the cut of the model, its blocks, parameters and kept activations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.activations import NONE, Activations
from simulator.blocks import BlockPlan
from simulator.chunks import Labelled
from simulator.finish import Parameters
from simulator.partition import partition_by_cost
from simulator.partition_in_pairs import partition_in_pairs
from workloads.scenario import Scenario
from workloads.schedule import ScheduleSpec
from workloads.stages import stage_texts, stages_by_hand

RULE = (
    "contiguous, at least one layer a stage, the embedding with the first layer and head and MTP with the last, which may "
    "stand alone where ranks hold several stages that no other rank holds; of all such cuts the one whose dearest stage "
    "is cheapest, then the most even; first, where a rank holds a stage from each end, the one whose dearest rank is"
)


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
    kinds, layers = scenario.model.block_kinds(), scenario.demands.layers
    items: list[Sequence[str]] = [kinds[:1], *([kind] for kind in kinds[1 : 1 + layers]), kinds[1 + layers :]]
    by_hand = scenario.layout.layers_per_stage or _layers_by_cost(items, scenario, blocks)
    cuts = stages_by_hand(by_hand)
    texts = stage_texts(cuts, layers, scenario.model.mtp_depth)
    return tuple(_stage(text, cut, items, blocks) for text, cut in zip(texts, cuts, strict=True))


def _layers_by_cost(
    items: Sequence[Sequence[str]], scenario: Scenario, blocks: Mapping[str, BlockPlan]
) -> tuple[int, ...]:
    """Layers of each stage by RULE."""
    schedule, ranks = scenario.layout.schedule, scenario.layout.pp
    first, *layers, last = (sum(blocks[kind].block.cost_s for kind in item) for item in items)
    ends_alone = schedule.stages(ranks) > ranks
    costs = [layers[0] + first, *layers[1:], last] if ends_alone else _with_ends(first, layers, last)
    cuts = _cut(costs, schedule, ranks)
    counts = [cut.stop - cut.start for cut in cuts]
    counts[-1] -= ends_alone
    return tuple(counts)


def _with_ends(first: float, layers: Sequence[float], last: float) -> list[float]:
    """Costs of the layers, embedding and head with those next to them."""
    costs = list(layers)
    costs[0] += first
    costs[-1] += last
    return costs


def _cut(costs: Sequence[float], schedule: ScheduleSpec, ranks: int) -> tuple[slice, ...]:
    """Cut by the dearest rank where each holds one stage from each end of the model, else by the dearest stage."""
    stages = schedule.stages(ranks)
    held = [set(schedule.stages_of(rank, ranks)) for rank in range(ranks)]
    if stages > 1 and all(own == {min(own), stages - 1 - min(own)} for own in held):
        return partition_in_pairs(costs, stages // 2)
    return partition_by_cost(costs, stages)


def _stage(text: str, cut: slice, items: Sequence[Sequence[str]], blocks: Mapping[str, BlockPlan]) -> Stage:
    """Gather one stage's blocks, parameters and kept activations."""
    held = [(kind, at + place) for at in range(cut.start, cut.stop) for place, kind in enumerate(items[at])]
    plans = [blocks[kind] for kind, _ in held]
    return Stage(
        text=text,
        blocks=tuple(Labelled(blocks[kind].block, _layer(kind, place)) for kind, place in held),
        parameters=sum((plan.parameters for plan in plans), Parameters(0.0, 0.0)),
        shared={name: count for plan in plans for name, count in plan.shared.items()},
        kept=sum((plan.kept for plan in plans), NONE),
        kept_for_weights=sum((plan.kept_for_weights for plan in plans), NONE),
        buffer_bytes=max(plan.buffer_bytes for plan in plans),
        workspace_bytes=max(plan.workspace_bytes for plan in plans),
    )


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
