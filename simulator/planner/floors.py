"""A step's least seconds and a GPU's least bytes under a layout: what its schedule cannot avoid."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.estimates.layer_costs import RankCosts
from simulator.partition_in_pairs import SLACK_RATIO
from simulator.planner.pieces import Sums
from workloads.schedule import ScheduleSpec

Floats = NDArray[np.float64]
AT = {name: place for place, name in enumerate(Sums._fields)}


class Habits(NamedTuple):
    """What a schedule does on so many ranks, whatever it is given.

    overlaps    a chunk may run beside one the other way;  postpones   weight gradients may come later
    holders     ranks that hold a stage;  own   [rank] stages that it holds
    in_pairs    each rank holds one stage from each end of the model
    """

    overlaps: bool
    postpones: bool
    holders: int
    own: tuple[tuple[int, ...], ...]
    in_pairs: bool


@lru_cache(maxsize=1000)
def habits(schedule: ScheduleSpec, ranks: int) -> Habits:
    """Read off the order of as few micro-batches as the schedule runs with."""
    own = tuple(schedule.stages_of(rank, ranks) for rank in range(ranks))
    stages = schedule.stages(ranks)
    fewest = next(number for number in range(1, 4 * ranks + 3) if not schedule.problems(ranks, number))
    number = fewest + (2 * ranks if not schedule.problems(ranks, fewest + 2 * ranks) else 0)
    orders = schedule.orders(ranks, number)
    return Habits(
        overlaps=any(len(step) > 1 for order in orders for step in order),
        postpones=any(work.op in ("I", "W") for order in orders for step in order for work in step),
        holders=sum(map(len, own)) // stages,
        own=own,
        in_pairs=all(set(held) == {min(held), stages - 1 - min(held)} for held in own),
    )


class LayerRange(NamedTuple):
    """Cost of the cheapest and the dearest layer of a model, and of what it has before and behind its layers."""

    cheapest: float
    dearest: float
    ends: float


class Moved(NamedTuple):
    """Seconds in which the parameters of each stage come together, and its gradients are summed: [stage]."""

    gather: Floats
    reduce: Floats


class Works(NamedTuple):
    """Least seconds of a micro-batch's chunks in each stage: [stage], by computing and by transfers.

    way   of a first forward, before which the next stage cannot begin;  back   of a last backward
    """

    computing: Floats
    moving: Floats
    way: Floats
    back: Floats


def works(sums: Floats, moved: Moved, how: Habits) -> Works:
    """What a stage's forward and backward take at least; sums   [stage, `Sums`]."""
    col = {name: sums[:, place] for name, place in AT.items()}
    forward = np.maximum(col["forward"], col["forward_moves"] + moved.gather)
    backward = np.maximum(
        np.maximum(col["backward"], col["backward_way"]), col["backward_moves"] + moved.gather + moved.reduce
    )
    apart = np.maximum(col["inputs"], col["inputs_moves"] + moved.gather) + np.maximum(col["weights"], moved.reduce)
    behind = np.minimum(backward, apart) if how.postpones else backward
    if not how.overlaps:
        both = forward + behind
        return Works(both, both, forward, np.zeros_like(both) if how.postpones else backward)
    ahead = np.minimum(forward, col["pair_forward"])
    moves = np.minimum(forward, col["pair_forward_moves"] + moved.gather)
    moves_back = np.minimum(behind, col["pair_backward_moves"] + moved.gather + moved.reduce)
    computing = ahead + np.minimum(behind, col["pair_backward"])
    back = np.zeros_like(ahead) if how.postpones else np.minimum(backward, col["pair_backward"])
    return Works(computing, moves + moves_back, np.minimum(forward, col["pair_way"]), back)


class Line(NamedTuple):
    """Least seconds of a rank as a line over the number of micro-batches, by computing and by transfers: [rank]."""

    fixed: Floats
    computing: Floats
    moving: Floats


def line(of: Works, how: Habits) -> Line:
    """A rank begins after the first forward has come to it, and what it did last must go on to the first stage.

    Where several ranks hold a stage, micro-batches may be shared out among them anyhow: then all ranks together.
    """
    before = np.concatenate(([0.0], np.cumsum(of.way)))[:-1]
    after = np.concatenate(([0.0], np.cumsum(of.back)))[:-1]
    first = [min(own) for own in how.own]
    fixed = before[first] + after[first]
    if how.holders > 1:
        ranks = len(how.own)
        return Line(
            np.array([fixed.mean()]), np.array([of.computing.sum() / ranks]), np.array([of.moving.sum() / ranks])
        )
    computing, moving = (np.array([kind[list(own)].sum() for own in how.own]) for kind in (of.computing, of.moving))
    return Line(fixed, computing, moving)


def chunks_s(of: Line, number: int) -> float:
    """Least seconds until the last chunk of so many micro-batches is done."""
    return float((of.fixed + number * np.maximum(of.computing, of.moving)).max())


def step_s(of: Line, number: int, ends: RankCosts, beside: bool) -> float:
    """Least seconds of a step of so many micro-batches; beside   gradients and parameters travel beside chunks."""
    last = chunks_s(of, number)
    if beside:
        return last + float(ends.update_s.max())
    return last + float(ends.reduce_s.min()) + float((ends.update_s + ends.gather_s).max())


def least_held(kept: Floats, how: Habits) -> Floats:
    """Bytes of activations that each rank holds at some moment at least: [rank].

    When the first micro-batch has passed the last stage, every stage on its way holds it. Where micro-batches go
    several ways, a rank holds one of its stages' at least.

    kept   [stage]  what a micro-batch leaves until its backward
    """
    if how.holders > 1:
        return np.array([kept[list(own)].max() for own in how.own])
    return np.array([kept[list(own)].sum() for own in how.own])


def longest_stage(layers: int, stages: int, costs: LayerRange, in_pairs: bool) -> float:
    """Most layers that the cheapest cut can give one stage: it costs no more than the dearest stage of an even cut.

    in_pairs   stages are cut in pairs, whose sum counts, with the slack that is left for evenness
    """
    most = -(-layers // stages) * costs.dearest + costs.ends
    return (2 * most * (1 + 3 * SLACK_RATIO) if in_pairs else most) / costs.cheapest
