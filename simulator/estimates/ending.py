"""The end of an estimated step: gradients, update and parameters after the last chunk, or beside chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.estimates.compiled_order import CompiledOrder
from simulator.estimates.layer_costs import RankCosts
from simulator.finish import Finish

Floats = NDArray[np.float64]


class End(NamedTuple):
    """Seconds of the whole step, and of each rank's own part of its end: [rank]."""

    step_s: float
    optimizer_s: Floats


def after_chunks(last: Floats, ranks: RankCosts, peers: NDArray[np.int_]) -> End:
    """As `sync.after_chunks`: sums over those who hold the same, a norm over all, update, parameters sent back.

    last   [rank]  end of its last chunk;  peers   [rank, peer]
    """
    normed = float((last[peers].max(axis=1) + ranks.reduce_s).max())
    after = ranks.update_s + ranks.gather_s
    return End(normed + float(after.max()), ranks.reduce_s + after)


def released(order: CompiledOrder, by_stage: Sequence[Finish]) -> tuple[Floats, Floats]:
    """Earliest start of each step where parameters come back stage by stage, and when the last are there.

    by_stage   [stage]  of each stage's parameters alone; empty where they come back after the step
    returns    [step], [rank]
    """
    release, there = np.zeros(len(order.rank)), np.zeros(int(order.rank.max()) + 1)
    if not by_stage:
        return release, there
    for held in sorted(order.held, key=lambda held: (held.rank, held.first)):
        there[held.rank] += by_stage[held.stage].gather_s
        release[held.first] = there[held.rank]
    return release, there


def beside_chunks(
    order: CompiledOrder, end: Floats, by_stage: Sequence[Finish], update_s: Floats, there: Floats
) -> End:
    """As `sync.beside_chunks`: each stage's gradients are summed after its last backward on all ranks that hold it.

    end   [step];  there   [rank]  when the transfers before are done, see `released`
    """
    ready: dict[int, float] = {}
    for held in order.held:
        ready[held.stage] = max(ready.get(held.stage, 0.0), float(end[held.last]))
    free, own = there.copy(), update_s.copy()
    for held in sorted(order.held, key=lambda held: (held.rank, held.last)):
        free[held.rank] = max(free[held.rank], ready[held.stage]) + by_stage[held.stage].reduce_s
    for rank in range(len(own)):
        mine = [held for held in order.held if held.rank == rank]
        own[rank] += by_stage[min(mine, key=lambda held: held.first).stage].gather_s
        own[rank] += by_stage[max(mine, key=lambda held: held.last).stage].reduce_s
    return End(float(free.max()) + float(update_s.max()), own)
