"""What fully sharded replicas send for each block: its parameters before it runs, its gradients after."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from simulator.collectives import NOTHING, Group, Links, Transfer, all_gather, reduce_scatter
from simulator.finish import FP8_COPIES, Formats, Replicas
from workloads.reference.record import Weight

BLOCKS_AT_ONCE = 2
"""The block that runs and the one before or after it: parameters come, and gradients go, one block ahead or behind."""


@dataclass(frozen=True, slots=True)
class Sharding:
    """Who shares parameters and gradients, and in which formats they travel."""

    replicas: Replicas
    formats: Formats


def gathered(weights: Iterable[Weight], sharding: Sharding, links: Links) -> Transfer:
    """Time to bring a block's parameters together, needed before its forward and again before its backward.

    Nothing below ZeRO-3 (arXiv 1910.02054, section 5.3).
    """
    if not sharding.replicas.shards_parameters:
        return NOTHING
    return _both_kinds(weights, sharding.formats.weight_bytes, sharding.replicas, links, all_gather)


def reduced(weights: Iterable[Weight], sharding: Sharding, links: Links) -> Transfer:
    """Time to sum a block's gradients over the replicas, each keeping its share, after each micro-batch.

    Nothing below ZeRO-2 (arXiv 1910.02054, section 5.2).
    """
    if not sharding.replicas.shards_gradients:
        return NOTHING
    return _both_kinds(weights, sharding.formats.gradient_bytes, sharding.replicas, links, reduce_scatter)


def whole_bytes(weights: Iterable[Weight], sharding: Sharding) -> float:
    """Bytes of a block's whole parameters and gradients while it runs, on top of what the rank owns of them."""
    weights = tuple(weights)
    number = sum(weight.count for weight in weights)
    in_fp8 = sum(weight.count for weight in weights if weight.fp8)
    copies = FP8_COPIES - (sharding.formats.weight_bytes == 1)
    whole = number * sharding.formats.weight_bytes + in_fp8 * copies
    parameters = whole * sharding.replicas.shards_parameters
    gradients = number * sharding.formats.gradient_bytes * sharding.replicas.shards_gradients
    return BLOCKS_AT_ONCE * (parameters + gradients)


def _both_kinds(
    weights: Iterable[Weight],
    element_bytes: int,
    replicas: Replicas,
    links: Links,
    collective: Callable[[float, Group, Links], Transfer],
) -> Transfer:
    """One collective for what all ranks of a stage hold alike, one for the routed experts."""
    dense = routed = 0
    for weight in weights:
        dense, routed = dense + weight.count * (not weight.routed), routed + weight.count * weight.routed
    sizes = ((dense, replicas.dense), (routed, replicas.routed))
    moved = (collective(count * element_bytes, group, links) for count, group in sizes)
    return sum(moved, NOTHING)
