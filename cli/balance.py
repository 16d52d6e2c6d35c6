"""`clustercast balance`: replicas of busy experts and where they go, so that no GPU has far more than the mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.columns import aligned

if TYPE_CHECKING:
    from workloads.expert_tokens import ExpertTokens
    from workloads.placement import Placement, Slots

HEAD = ("layer", "without replicas", "with EPLB", "experts of GPU 0 | 1 | ...")
MOST_STEPS = 500_000_000
"""Layers times replicas squared: some ten seconds."""


def balance(
    file: Annotated[Path, typer.Argument(help="CSV with the header layer,expert,tokens.")],
    replicas: Annotated[int, typer.Option(help="Slots for experts on all GPUs together.")],
    gpus: Annotated[int, typer.Option(help="GPUs that share a layer's experts.")],
    groups: Annotated[int, typer.Option(help="Groups of experts that stay on one node; 1: no groups.")] = 1,
    nodes: Annotated[int, typer.Option(help="Nodes of these GPUs; groups that do not divide are not kept.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Ratios and placement as JSON, for programs.")] = False,
) -> None:
    """Replicate and place experts (EPLB); say how busy the busiest GPU is over the mean, before and after."""
    from workloads.balance import balanced
    from workloads.expert_tokens import read_expert_tokens
    from workloads.placement import Slots, busiest_over_mean, unreplicated_tokens

    slots, read = Slots(replicas, gpus, groups, nodes), read_expert_tokens(file)
    slots.check(read.tokens.shape[1])
    admit(len(read.layers), slots)
    placed = balanced(read.tokens, slots)
    before = busiest_over_mean(unreplicated_tokens(read.tokens, gpus)).tolist()
    after = busiest_over_mean(placed.gpu_tokens(read.tokens)).tolist()
    print((as_data if as_json else as_text)(read, placed, before, after))


def admit(layers: int, slots: Slots) -> None:
    """Refuse what would take too long. Raises TooLarge."""
    from simulator.admission import TooLarge

    if layers * slots.replicas**2 > MOST_STEPS:
        raise TooLarge(f"{slots.replicas} replicas in each of {layers} layers are too many to place in ten seconds")


def as_text(read: ExpertTokens, placed: Placement, before: list[float], after: list[float]) -> str:
    """One line a layer under what the numbers are."""
    slots = placed.slots
    kept = f"groups kept on {slots.nodes} nodes" if slots.hierarchical else "global, groups do not divide among nodes"
    rows = []
    for layer, old, new, experts in zip(read.layers, before, after, placed.expert.tolist(), strict=True):
        held = [experts[at : at + slots.per_gpu] for at in range(0, slots.replicas, slots.per_gpu)]
        rows.append([str(layer), f"{old:.3f}", f"{new:.3f}", " | ".join(" ".join(map(str, gpu)) for gpu in held)])
    return f"tokens of the busiest GPU over the mean ({kept})\n\n{aligned(rows, HEAD)}"


def as_data(read: ExpertTokens, placed: Placement, before: list[float], after: list[float]) -> str:
    """The same as JSON: one object a layer; `expert` and `gpu` of each slot."""
    gpu = placed.gpu.tolist()
    rows = [
        {
            "layer": layer,
            "busiest_over_mean_before": before[at],
            "busiest_over_mean_after": after[at],
            "expert": placed.expert[at].tolist(),
            "gpu": gpu[at],
        }
        for at, layer in enumerate(read.layers)
    ]
    return json.dumps({"hierarchical": placed.slots.hierarchical, "layers": rows}, indent=2)
