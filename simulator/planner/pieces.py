"""The least seconds that a block of the model takes, whatever goes on around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.blocks import BlockPlan
from simulator.collectives import Links, Transfer, all_gather, reduce_scatter
from simulator.estimates.chunk_times import PLAYED, Runs, Skewed
from simulator.finish import Formats, Parameters, Replicas
from simulator.phases import Block, Compute, Exchange, Seconds

Floats = NDArray[np.float64]
LAYERS = ("dense", "moe")


class Sums(NamedTuple):
    """Seconds of one block, or of all blocks of a stage, each of work that cannot overlap on a rank.

    forward      the way of a micro-batch through it, computing and sending, while nothing else runs
    inputs       the same of its gradient back;  weights   computing of weight gradients
    backward     computing of both;  backward_way   the gradient's way back where weights' gradients are done beside it
    ..._moves    what is sent for it;  pair_...   while a chunk the other way may run beside it
    pair_way     a forward's way then
    """

    forward: float
    inputs: float
    weights: float
    backward: float
    backward_way: float
    forward_moves: float
    inputs_moves: float
    backward_moves: float
    pair_forward: float
    pair_backward: float
    pair_forward_moves: float
    pair_backward_moves: float
    pair_way: float


class Skewness(NamedTuple):
    """Factors on seconds of work: of computing that no load changes, of what grows with a rank's load, of transfers."""

    computes: float
    loads: float
    moves: float

    def computing(self, *parts: Seconds) -> float:
        """Seconds of computing, one part after another."""
        return sum(part.fixed_s * self.computes + part.per_load_s * self.loads for part in parts)

    def moving(self, *parts: Transfer) -> float:
        """Seconds of transfers, one after another."""
        return sum(part.seconds for part in parts) * self.moves


class Skewnesses(NamedTuple):
    """Factors where layers are played one by one, and of each layer by which an estimate continues a long stage."""

    played: Skewness
    more: Skewness


def skewnesses(skew: Skewed) -> Skewnesses:
    """The rank that is done last takes no less than the mean over ranks: means of the factors, of the least layer.

    A further layer adds at least what it takes on the rank that was last before it: which one that is, is known where
    all have the same load (the slowest, no faster than the mean), else it may be the fastest with the least load.
    """
    together = np.einsum("wdlr,dr->wl", skew.loads, skew.slowness) / skew.slowness.size
    mean = float(skew.slowness.mean())
    played = Skewness(mean, float(together.min()), float(skew.loads.mean(axis=(1, 3)).min()))
    least_load = float(skew.loads.min())
    if least_load == float(skew.loads.max()):
        return Skewnesses(played, Skewness(mean, mean * least_load, least_load))
    slowest = float(skew.slowness.min())
    return Skewnesses(played, Skewness(slowest, slowest * least_load, least_load))


def of_block(block: Block, by: Skewness) -> Sums:
    """The sums of one block."""
    alone, shared, out, beside = block.alone, block.shared, block.exchange, block.beside
    late = shared if block.routed else alone
    forward, inputs = (by.computing(*parts) for parts in (_ahead(alone), _behind(alone)))
    ahead, behind = _moved_ahead(out, by), _moved_back(out, by)
    mixed = by.moving(out.split_b, out.again, out.combine_back, beside.dispatch_back)
    least_ahead = min(ahead, _moved_ahead(beside, by))
    ways = [by.computing(*_ahead(one)) for one in (alone, shared)]
    whole = [by.computing(*_behind(one), one.mlp_w, one.attention_w) for one in (alone, shared)]
    return Sums(
        forward=forward + ahead,
        inputs=inputs + behind,
        weights=by.computing(alone.mlp_w, alone.attention_w),
        backward=inputs + by.computing(late.mlp_w, late.attention_w),
        backward_way=inputs + mixed,
        forward_moves=ahead,
        inputs_moves=behind,
        backward_moves=mixed,
        pair_forward=min(ways),
        pair_backward=min(*whole, inputs + by.computing(late.mlp_w, late.attention_w)),
        pair_forward_moves=least_ahead,
        pair_backward_moves=min(behind, mixed, _moved_back(beside, by)),
        pair_way=min(ways) + least_ahead,
    )


def _ahead(of: Compute) -> tuple[Seconds, Seconds]:
    """A forward's computing."""
    return of.attention_f, of.mlp_f


def _behind(of: Compute) -> tuple[Seconds, Seconds]:
    """Computing of input gradients."""
    return of.mlp_b, of.attention_b


def _moved_ahead(of: Exchange, by: Skewness) -> float:
    """A forward's transfers."""
    return by.moving(of.split_f, of.dispatch, of.combine)


def _moved_back(of: Exchange, by: Skewness) -> float:
    """Transfers of the way back."""
    return by.moving(of.split_b, of.again, of.combine_back, of.dispatch_back)


class Pieces:
    """Sums of any stage of one share of the layers."""

    def __init__(self, blocks: Mapping[str, BlockPlan], skew: Skewnesses) -> None:
        self.played = {kind: np.array(of_block(plan.block, skew.played)) for kind, plan in blocks.items()}
        self.more = {kind: np.array(of_block(plan.block, skew.more)) for kind, plan in blocks.items()}
        self.parameters = {kind: plan.parameters for kind, plan in blocks.items()}

    def stage(self, runs: Runs) -> Floats:
        """Sums of one stage."""
        total = np.zeros(len(Sums._fields))
        for kind, count in runs:
            beyond = max(0, count - PLAYED) if kind in LAYERS else 0
            total += (count - beyond) * self.played[kind] + beyond * self.more[kind]
        return total

    def whole(self, counts: Mapping[str, int], beyond: int) -> Floats:
        """Sums of the whole model, of which so many layers may be continued."""
        total = np.zeros(len(Sums._fields))
        for kind, count in counts.items():
            continued = min(beyond, count) if kind in LAYERS else 0
            total += (count - continued) * self.played[kind] + continued * self.more[kind]
        return total


class Sharded(NamedTuple):
    """Seconds in which a block's parameters come together, and in which its gradients are summed."""

    gather: float
    reduce: float


def sharded(parameters: Parameters, groups: Replicas, formats: Formats, links: Links) -> Sharded:
    """What fully sharded replicas send for one block at least; see `sharding.gathered` and `sharding.reduced`.

    Embedding and output head, which several blocks share, are left out.
    """
    kinds = (
        (parameters.dense, parameters.fp8_dense, groups.dense),
        (parameters.routed, parameters.fp8_routed, groups.routed),
    )
    gather = reduce = 0.0
    for number, fp8, group in kinds:
        if groups.shards_parameters:
            sent = fp8 * formats.weight_bytes + (number - fp8) * formats.wide_bytes
            gather += all_gather(sent, group, links).seconds
        if groups.shards_gradients:
            reduce += reduce_scatter(number * formats.gradient_bytes, group, links).seconds
    return Sharded(gather, reduce)
