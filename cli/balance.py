"""`clustercast balance`: replicas of busy experts and where they go, so that no GPU has far more than the mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.columns import aligned

if TYPE_CHECKING:
    from simulator.balancing import Balanced

HEAD = ("layer", "without replicas", "with EPLB", "experts of GPU 0 | 1 | ...")


def balance(
    file: Annotated[Path, typer.Argument(help="CSV with the header layer,expert,tokens.")],
    replicas: Annotated[int, typer.Option(help="Slots for experts on all GPUs together.")],
    gpus: Annotated[int, typer.Option(help="GPUs that share a layer's experts.")],
    groups: Annotated[int, typer.Option(help="Groups of experts that stay on one node; 1: no groups.")] = 1,
    nodes: Annotated[int, typer.Option(help="Nodes of these GPUs; groups that do not divide are not kept.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Ratios and placement as JSON, for programs.")] = False,
) -> None:
    """Replicate and place experts (EPLB); say how busy the busiest GPU is over the mean, before and after."""
    from simulator.balancing import balance as placed
    from workloads.expert_tokens import read_expert_tokens
    from workloads.placement import Slots

    slots, read = Slots(replicas, gpus, groups, nodes), read_expert_tokens(file)
    print((as_data if as_json else as_text)(placed(read, slots)))


def as_text(found: Balanced) -> str:
    """One line a layer under what the numbers are."""
    slots = found.placed.slots
    kept = f"groups kept on {slots.nodes} nodes" if slots.hierarchical else "global, groups do not divide among nodes"
    rows = []
    every = zip(found.read.layers, found.before, found.after, found.placed.expert.tolist(), strict=True)
    for layer, old, new, experts in every:
        held = [experts[at : at + slots.per_gpu] for at in range(0, slots.replicas, slots.per_gpu)]
        rows.append([str(layer), f"{old:.3f}", f"{new:.3f}", " | ".join(" ".join(map(str, gpu)) for gpu in held)])
    return f"tokens of the busiest GPU over the mean ({kept})\n\n{aligned(rows, HEAD)}"


def as_data(found: Balanced) -> str:
    """The same as JSON: one object a layer; `expert` and `gpu` of each slot."""
    placed, gpu = found.placed, found.placed.gpu.tolist()
    rows = [
        {
            "layer": layer,
            "busiest_over_mean_before": found.before[at],
            "busiest_over_mean_after": found.after[at],
            "expert": placed.expert[at].tolist(),
            "gpu": gpu[at],
        }
        for at, layer in enumerate(found.read.layers)
    ]
    return json.dumps({"hierarchical": placed.slots.hierarchical, "layers": rows}, indent=2)
