"""Loads of the ranks that share experts: what the router sends, placed as the layout says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from workloads.balance import balanced
from workloads.eplb import Eplb
from workloads.loads import Loads, even, of_experts
from workloads.placement import Placement, Slots
from workloads.reference.dims import Gate
from workloads.router import Batch, Floats, RouterSpec, seeds

POOL_STEPS, POOL_LAYERS = 8, 16
"""Where tokens pass the gate one by one, so many steps of so many layers are routed once; draws are taken from them."""
MEASURED_STEPS = 32
"""Of measured steps so many are looked at, evenly spread."""
STATISTICS_STEPS = 4
"""Steps whose loads an expert placement goes by, added up."""
POOL_TOKENS = 16_384
"""Tokens of a step that pass the gate then: chance moves the load of a rank of four of 256 experts by 2 %."""
PICK = 7
"""Added to the seed where draws are taken from the pool."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who shares the experts of a layer, who sends what to them, and where experts lie.

    layers                    of the model that route;  tokens   of a micro-batch, all ranks that share the experts
    eplb                      None: experts lie in order;  stamp   of the router's file
    """

    gate: Gate
    layers: int
    ranks: int
    ranks_per_node: int
    tokens: int
    sequence_tokens: int
    router: RouterSpec
    eplb: Eplb | None = None
    stamp: tuple[int, ...] = ()

    def batch(self, layers: int, steps: int, at: tuple[int, ...] = ()) -> Batch:
        """Tokens of so many steps."""
        return Batch(self.gate, layers, steps, self.tokens, self.sequence_tokens, POOL_TOKENS, at)

    @property
    def slots(self) -> Slots:
        """What experts are placed on."""
        spare = self.eplb.redundant_experts if self.eplb else 0
        nodes = max(1, self.ranks // self.ranks_per_node)
        return Slots(self.gate.experts + spare, self.ranks, self.gate.groups, nodes)


def draw(sharing: Sharing, draws: int, layers: int, seed: int | Sequence[int]) -> Loads:
    """Draw loads: [draw, layer, rank], mean 1 in every draw and layer unless tokens are dropped.

    Independent loads are drawn anew for every layer and draw; those of a gate are taken from a pool that is routed
    once, each draw with other layers; of its steps one after the other, or drawn if the seed is more than one number.
    """
    if sharing.ranks == 1:
        return even(draws, layers, 1)
    if sharing.router.independent and sharing.eplb is None:
        tokens = sharing.router.expert_tokens(sharing.batch(layers, draws), seed)
        return _kept(of_experts(tokens, sharing.ranks, sharing.ranks_per_node), tokens, sharing)
    own, more = (seed, ()) if isinstance(seed, int) else (seed[0], tuple(seed[1:]))
    routed, rng = pool(sharing, own), np.random.default_rng([own, PICK, *more])
    steps, there, _ = routed.rank.shape
    step = rng.integers(steps, size=draws) if more else np.arange(draws) % steps
    layer = np.argsort(rng.random((draws, there)), axis=1)[:, np.arange(layers) % there]
    return Loads(routed.rank[step[:, None], layer], routed.node[step[:, None], layer])


@lru_cache(maxsize=16)
def pool(sharing: Sharing, seed: int) -> Loads:
    """Loads of POOL_STEPS steps after experts were placed."""
    tokens = expert_tokens(sharing, seed)
    if sharing.eplb is None:
        return _kept(of_experts(tokens, sharing.ranks, sharing.ranks_per_node), tokens, sharing)
    placed = placement(sharing, seed)
    gpu = np.stack([placed.gpu_tokens(step) for step in tokens])
    return _kept(of_experts(gpu, sharing.ranks, sharing.ranks_per_node), tokens, sharing)


def _kept(loads: Loads, tokens: Floats, sharing: Sharing) -> Loads:
    """Loads over the mean of all choices, less what a cap dropped."""
    if sharing.router.capacity_factor is None:
        return loads
    share = tokens.sum(axis=-1, keepdims=True) / sharing.batch(1, 1).choices
    return Loads(loads.rank * share, loads.node * share)


@lru_cache(maxsize=16)
def _routed(sharing: Sharing, seed: int) -> tuple[Floats, Floats, Floats]:
    """Tokens of experts: the statistics, the steps that run on the placement, statistics a period later."""
    tokens = _at(replace(sharing, eplb=None), _times(sharing), seed)
    before, after = STATISTICS_STEPS, STATISTICS_STEPS + POOL_STEPS
    if sharing.eplb is None:
        return tokens[:before], tokens[before:], tokens[:0]
    return tokens[:before], tokens[before:after], tokens[after:]


def _at(sharing: Sharing, times: tuple[int, ...], seed: int) -> Floats:
    """Tokens of experts in steps of these numbers: [step, layer, expert]."""
    layers = sharing.layers if sharing.router.whole_model else min(sharing.layers, POOL_LAYERS)
    return _chosen(sharing.router, sharing.batch(layers, len(times), times), seed, sharing.stamp)


@lru_cache(maxsize=16)
def _chosen(router: RouterSpec, batch: Batch, seed: int, stamp: tuple[int, ...]) -> Floats:
    """Tokens of experts, whoever shares them; routed once for all ways of placing experts."""
    return router.expert_tokens(batch, seeds(seed))


def _times(sharing: Sharing) -> tuple[int, ...]:
    """Numbers of the steps that are looked at; without a placement all measured ones, or MEASURED_STEPS of them."""
    eplb, there = sharing.eplb, sharing.router.steps_there(sharing.gate)
    first = STATISTICS_STEPS + (eplb.mean_age_steps if eplb else 0)
    if eplb is None and there:
        spread = np.linspace(0, there - 1, min(there, MEASURED_STEPS)).round().astype(int)
        return (*range(STATISTICS_STEPS), *spread.tolist())
    looked_at = (*range(STATISTICS_STEPS), *range(first, first + POOL_STEPS))
    if eplb is None or eplb.every_steps is None:
        return looked_at
    later = max(first + POOL_STEPS, eplb.every_steps)
    return (*looked_at, *range(later, later + STATISTICS_STEPS))


def expert_tokens(sharing: Sharing, seed: int) -> Floats:
    """Tokens of each expert in the steps of the pool: [step, layer, expert]."""
    return _routed(sharing, seed)[1]


def dropped_ratio(sharing: Sharing, seed: int) -> float:
    """Share of the tokens' choices that a cap drops."""
    if sharing.router.capacity_factor is None:
        return 0.0
    return max(0.0, 1 - float(expert_tokens(sharing, seed).sum(axis=-1).mean()) / sharing.batch(1, 1).choices)


def placement(sharing: Sharing, seed: int) -> Placement:
    """Where experts lie after the statistics are in. Raises BalanceError where replicas do not divide."""
    return balanced(_routed(sharing, seed)[0].sum(axis=0), sharing.slots)


def moved_ratio(sharing: Sharing, seed: int) -> float:
    """Share of the slots whose expert comes from another GPU when experts are placed anew after a period."""
    if sharing.eplb is None or sharing.eplb.every_steps is None:
        return 0.0
    before = placement(sharing, seed)
    after = balanced(_routed(sharing, seed)[2].sum(axis=0), sharing.slots)
    return float(_from_elsewhere(before, after).mean())


def _from_elsewhere(before: Placement, after: Placement) -> NDArray[np.bool_]:
    """Whether a slot's expert was not on its GPU before: [layer, replica]."""
    slots = after.slots
    was = before.expert.reshape(len(before.expert), slots.gpus, 1, slots.per_gpu)
    now = after.expert.reshape(len(after.expert), slots.gpus, slots.per_gpu, 1)
    known: NDArray[np.bool_] = (was == now).any(axis=-1).reshape(after.expert.shape)
    return ~known
