"""What each pipeline stage holds: the cut of the model, its blocks, parameters and kept activations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.blocks import BlockPlan
from simulator.chunks import Labelled
from simulator.finish import Parameters
from simulator.partition import partition_by_cost
from workloads.scenario import Scenario
from workloads.stages import stage_texts, stages_by_hand

RULE = (
    "contiguous, at least one layer a stage, the embedding with the first layer and head and MTP with the last; "
    "of all such cuts the one whose dearest stage is cheapest, then the most even"
)


@dataclass(frozen=True, slots=True)
class Stage:
    """What one pipeline stage holds.

    blocks    in order, with their labels
    shared    embedding and output head by name, which MTP modules use too
    kept_bytes              activations of one micro-batch from forward to backward
    kept_for_weights_bytes  from the input gradient to a postponed weight gradient
    buffer_bytes            tokens on their way to and from experts, sharded parameters and gradients while whole
    workspace_bytes         what backward makes again and the largest result of one operation
    """

    text: str
    blocks: tuple[Labelled, ...]
    parameters: Parameters
    shared: Mapping[str, int]
    kept_bytes: float
    kept_for_weights_bytes: float
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
    costs = [sum(blocks[kind].block.cost_s for kind in item) for item in items]
    ends = [costs[0], *[0.0] * (len(costs) - 4), costs[-1]] if len(costs) > 3 else [costs[0] + costs[-1]]
    layer_costs = [layer + end for layer, end in zip(costs[1:-1], ends, strict=True)]
    cuts = partition_by_cost(layer_costs, scenario.layout.schedule.stages(scenario.layout.pp))
    return tuple(cut.stop - cut.start for cut in cuts)


def _stage(text: str, cut: slice, items: Sequence[Sequence[str]], blocks: Mapping[str, BlockPlan]) -> Stage:
    """Gather one stage's blocks, parameters and kept activations."""
    held = [(kind, at + place) for at in range(cut.start, cut.stop) for place, kind in enumerate(items[at])]
    plans = [blocks[kind] for kind, _ in held]
    return Stage(
        text=text,
        blocks=tuple(Labelled(blocks[kind].block, _layer(kind, place)) for kind, place in held),
        parameters=sum((plan.parameters for plan in plans), Parameters(0.0, 0.0)),
        shared={name: count for plan in plans for name, count in plan.shared.items()},
        kept_bytes=sum(plan.kept_bytes for plan in plans),
        kept_for_weights_bytes=sum(plan.kept_for_weights_bytes for plan in plans),
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
    shared = {name: count for stage in stages for name, count in stage.shared.items()}
    return sum((stage.parameters for stage in stages), Parameters(float(sum(shared.values())), 0.0))
