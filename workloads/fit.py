"""Whether a layout fits a cluster, a model and a batch: every rule a message that names the fix."""

from __future__ import annotations

from typing import NamedTuple

from workloads.divide import nearest_divisors, nearest_multiples
from workloads.layout import Layout

MOST_REPLICAS = 64


class Demands(NamedTuple):
    """What the cluster, the model and the job bring, as plain numbers.

    experts                  routed experts a layer; 0 for a dense model
    expert_width             of one of them
    gpus_per_node            reached over NVLink
    sequence_tokens          tokens a sequence
    global_batch_sequences   sequences a step, over all pipelines
    micro_batch_sequences    sequences a micro-batch
    """

    gpus: int
    layers: int
    heads: int
    experts: int
    sequence_tokens: int
    global_batch_sequences: int
    micro_batch_sequences: int = 1
    expert_width: int = 0
    gpus_per_node: int = 8


class Misfit(NamedTuple):
    """One rule that does not hold: the field of the layout where the fix is nearest, and what to write."""

    field: str
    message: str


def misfits(layout: Layout, demands: Demands) -> tuple[Misfit, ...]:
    """Return every rule that does not hold; empty if the layout fits."""
    found = [
        _gpus(layout, demands),
        _split(demands.heads, "attention heads", "tp", layout.tp),
        _split(demands.sequence_tokens, "tokens of a sequence", "cp", layout.cp),
        _split(demands.experts, "experts", "ep", layout.ep) if demands.experts else _no_experts(layout, "ep"),
        _replicas(layout, demands),
        _expert_tensor(layout, demands) if demands.experts else _no_experts(layout, "etp"),
        _stages(layout, demands),
        _batch(layout, demands) or _schedule(layout, demands),
    ]
    return tuple(misfit for misfit in found if misfit is not None)


def micro_batches(layout: Layout, demands: Demands) -> int:
    """Micro-batches a pipeline does in a step; only meaningful where `misfits` finds none."""
    return demands.global_batch_sequences // (layout.dp * demands.micro_batch_sequences)


def _gpus(layout: Layout, demands: Demands) -> Misfit | None:
    """Ranks = GPUs."""
    if layout.ranks == demands.gpus:
        return None
    others = layout.tp * layout.pp * layout.cp
    product = f"tp x pp x cp x dp = {layout.tp} x {layout.pp} x {layout.cp} x {layout.dp} = {layout.ranks}"
    if demands.gpus % others == 0:
        fix = f"use dp = {demands.gpus // others}, or {layout.ranks} GPUs"
    else:
        fix = (
            f"tp x pp x cp = {others} does not divide {demands.gpus} whatever dp is: "
            f"use {nearest_multiples(others, demands.gpus)} GPUs, or another tp, pp or cp"
        )
    return Misfit("dp", f"{product}, but the cluster has {demands.gpus} GPUs: {fix}")


def _split(number: int, what: str, axis: str, parts: int) -> Misfit | None:
    """A number of things goes evenly over an axis."""
    if number % parts == 0:
        return None
    fix = f"use {axis} = {nearest_divisors(number, parts)}"
    return Misfit(axis, f"{number} {what} do not divide by {axis} = {parts}: {fix}")


def _no_experts(layout: Layout, axis: str) -> Misfit | None:
    """A dense model has nothing to spread over ep or etp."""
    size: int = getattr(layout, axis)
    if size == 1:
        return None
    return Misfit(axis, f"{axis} = {size}, but the model has no routed experts: use {axis} = 1")


def _replicas(layout: Layout, demands: Demands) -> Misfit | None:
    """Experts that are placed by load are shared, and with their replicas go evenly over the ranks that share them."""
    if layout.eplb is None:
        return None
    if layout.ep == 1 or not demands.experts:
        return Misfit("eplb", "nobody shares experts, so that there is nothing to place: leave it out, or use ep > 1")
    slots = demands.experts + layout.eplb.redundant_experts
    if slots % layout.ep == 0:
        return None
    fix = -(-slots // layout.ep) * layout.ep - demands.experts
    return Misfit(
        "eplb.redundant_experts",
        f"{demands.experts} experts and {layout.eplb.redundant_experts} replicas do not divide by ep = {layout.ep}: "
        f"use {fix if fix <= MOST_REPLICAS else 0}",
    )


def _expert_tensor(layout: Layout, demands: Demands) -> Misfit | None:
    """Ranks that split an expert divide its width, and reach each other over NVLink."""
    if demands.gpus_per_node % layout.etp:
        fix = f"use etp = {nearest_divisors(demands.gpus_per_node, layout.etp)}"
        return Misfit(
            "etp",
            f"etp = {layout.etp} ranks do not share out the {demands.gpus_per_node} GPUs that NVLink joins: {fix}",
        )
    return _split(demands.expert_width, "columns of an expert", "etp", layout.etp)


def _stages(layout: Layout, demands: Demands) -> Misfit | None:
    """Each stage gets a layer, and a cut by hand gets all of them."""
    stages = layout.schedule.stages(layout.pp)
    counts = layout.layers_per_stage
    if counts is not None and sum(counts) != demands.layers:
        change = "more" if sum(counts) < demands.layers else "fewer"
        return Misfit(
            "layers_per_stage",
            f"layers_per_stage adds up to {sum(counts)}, but the model has {demands.layers} layers: "
            f"give {abs(demands.layers - sum(counts))} {change}",
        )
    if counts is None and stages > demands.layers:
        return Misfit(
            "pp",
            f"{layout.schedule.kind} on pp = {layout.pp} has {stages} stages of at least one layer each, but the model "
            f"has {demands.layers} layers: use pp = {layout.pp * demands.layers // stages} or less",
        )
    return None


def _batch(layout: Layout, demands: Demands) -> Misfit | None:
    """The batch goes evenly over pipelines and micro-batches."""
    together = layout.dp * demands.micro_batch_sequences
    batch = demands.global_batch_sequences
    if batch % together == 0:
        return None
    return Misfit(
        "dp",
        f"a batch of {batch} sequences does not divide by dp x micro-batch = {layout.dp} x "
        f"{demands.micro_batch_sequences} = {together}: use {nearest_multiples(together, batch)} sequences",
    )


def _schedule(layout: Layout, demands: Demands) -> Misfit | None:
    """The schedule can run on these ranks with these micro-batches."""
    problems = layout.schedule.problems(layout.pp, micro_batches(layout, demands))
    return Misfit("schedule", "; ".join(problems)) if problems else None
