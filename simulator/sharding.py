"""What fully sharded replicas send for each block: its parameters before it runs, its gradients after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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

    Nothing below ZeRO-3 (arXiv 1910.02054, section 5.3). What is offloaded is first fetched by its owner.
    """
    if not sharding.replicas.shards_parameters:
        return NOTHING
    formats = sharding.formats
    sizes = [(weight, formats.weight_bytes if weight.fp8 else formats.wide_bytes) for weight in weights]
    return _fetched(_both_kinds(sizes, sharding.replicas, links, all_gather), sizes, sharding)


def _fetched(together: Transfer, sizes: Sequence[tuple[Weight, int]], sharding: Sharding) -> Transfer:
    """The gathering after, or piece by piece beside, the fetching of what the rank owns."""
    away, replicas = sharding.formats.away, sharding.replicas
    if not away.parameters:
        return together
    shares = (
        weight.count * each / (replicas.routed if weight.routed else replicas.dense).size for weight, each in sizes
    )
    fetch_s = sum(shares) * away.fetch_s_per_byte
    return together.after(max(fetch_s - together.seconds, 0.0) if away.prefetch else fetch_s)


def reduced(weights: Iterable[Weight], sharding: Sharding, links: Links) -> Transfer:
    """Time to sum a block's gradients over the replicas, each keeping its share, after each micro-batch.

    Nothing below ZeRO-2 (arXiv 1910.02054, section 5.2).
    """
    if not sharding.replicas.shards_gradients:
        return NOTHING
    sizes = [(weight, sharding.formats.gradient_bytes) for weight in weights]
    return _both_kinds(sizes, sharding.replicas, links, reduce_scatter)


def whole_bytes(weights: Iterable[Weight], sharding: Sharding) -> float:
    """Bytes of whole parameters and gradients while their block runs, on top of what the rank owns of them.

    Of FP8 weights both copies are there, beside the BF16 ones if those are what came.
    """
    formats, replicas, total = sharding.formats, sharding.replicas, 0.0
    for weight in weights:
        came = FP8_COPIES if weight.fp8 and formats.weight_bytes == 1 else formats.wide_bytes + FP8_COPIES * weight.fp8
        per_number = came * replicas.shards_parameters + formats.gradient_bytes * replicas.shards_gradients
        total += weight.count * per_number
    return total


def _both_kinds(
    weights: Iterable[tuple[Weight, int]],
    replicas: Replicas,
    links: Links,
    collective: Callable[[float, Group, Links], Transfer],
) -> Transfer:
    """One collective for what all ranks of a stage hold alike, one for the routed experts.

    weights   each with the bytes that one of its numbers takes on the way
    """
    sizes = {False: 0, True: 0}
    for weight, element_bytes in weights:
        sizes[weight.routed] += weight.count * element_bytes
    moved = (collective(sizes[routed], replicas.routed if routed else replicas.dense, links) for routed in sizes)
    return sum(moved, NOTHING)
