"""Bounds of one share of the layers, for any schedule and number of pipeline ranks; what was asked is remembered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from simulator.estimates.chunk_times import PLAYED, Runs, skewed
from simulator.estimates.layer_costs import Cut, LayerCosts
from simulator.finish import Replicas
from simulator.plan import formats_of
from simulator.planner.floors import (
    AT,
    Habits,
    LayerRange,
    Line,
    Moved,
    chunks_s,
    least_held,
    line,
    longest_stage,
    step_s,
    works,
)
from simulator.planner.pieces import LAYERS, Pieces, Sharded, Skewnesses, sharded, skewnesses
from simulator.run import Skew
from workloads.layout import Layout

NOTHING = Sharded(0.0, 0.0)


class Turn(NamedTuple):
    """Seconds of all of the model's chunks for one micro-batch at least, by computing and by transfers."""

    computing: float
    moving: float

    @property
    def least_s(self) -> float:
        """The longer one."""
        return max(self)


@lru_cache(maxsize=8)
def _skewnesses(skew: Skew) -> Skewnesses:
    """Factors of loads and speeds, remembered for all ways of recomputing."""
    return skewnesses(skewed(skew))


class LayerFloors:
    """Bounds from the costs of layers whose parameters are not spread; what spread ones send is added to them."""

    def __init__(self, layers: LayerCosts) -> None:
        self.layers = layers
        self.pieces = Pieces(layers.blocks, _skewnesses(layers.times.skew))
        self.formats = formats_of(layers.scenario, layers.links)
        self.kinds: Counter[str] = Counter(layers.scenario.model.block_kinds())
        self.count = sum(self.kinds[kind] for kind in LAYERS)
        self.turns: dict[Hashable, Turn] = {}
        self.sent: dict[Hashable, Sharded] = {}
        self.lines: dict[Hashable, Line] = {}
        costs = {kind: plan.block.cost_s for kind, plan in layers.blocks.items()}
        own = [costs[kind] for kind in LAYERS if kind in costs]
        ends = sum(costs[kind] * number for kind, number in self.kinds.items() if kind not in LAYERS)
        self.range = LayerRange(min(own), max(own), ends)

    def computing_s(self, overlaps: bool) -> float:
        """Seconds in which kernels compute for one micro-batch in all stages, at mean loads."""
        total = 0.0
        for kind, number in self.kinds.items():
            block = self.layers.blocks[kind].block
            total += number * (block.shared if overlaps and block.routed else block.alone).total_s
        return total

    def turn(self, layout: Layout, groups: Replicas, how: Habits) -> Turn:
        """One micro-batch through all stages, however these are cut."""
        stages = layout.schedule.stages(layout.pp)
        longest = longest_stage(self.count, stages, self.range, how.in_pairs)
        beyond = 0 if longest <= PLAYED else max(0, self.count - PLAYED)
        key = (beyond, how.overlaps, how.postpones, groups if groups.shards_gradients else None)
        if key not in self.turns:
            self.turns[key] = self._turn(beyond, groups, how)
        return self.turns[key]

    def _turn(self, beyond: int, groups: Replicas, how: Habits) -> Turn:
        """Sums of blocks, each of the least that any order makes of it."""
        sums = dict(zip(AT, self.pieces.whole(self.kinds, beyond).tolist(), strict=True))
        moved = self._moved(tuple(self.kinds.items()), groups)
        gather, reduce = moved.gather, moved.reduce
        if how.overlaps:
            moving = sums["pair_forward_moves"] + sums["pair_backward_moves"] + 2 * gather + reduce
            return Turn(sums["pair_forward"] + sums["pair_backward"], moving)
        forward = max(sums["forward"], sums["forward_moves"] + gather)
        if how.postpones:
            return Turn(forward + sums["pair_backward"], forward + sums["pair_backward_moves"] + gather + reduce)
        both = max(sums["backward"], sums["backward_way"], sums["backward_moves"] + gather + reduce)
        return Turn(forward + both, 0.0)

    def _moved(self, kinds: Runs, groups: Replicas) -> Sharded:
        """What spread parameters of so many blocks of each kind send."""
        if not groups.shards_gradients:
            return NOTHING
        gather = reduce = 0.0
        for kind, number in kinds:
            if (kind, groups) not in self.sent:
                own = self.pieces.parameters[kind]
                self.sent[kind, groups] = sharded(own, groups, self.formats, self.layers.links)
            gather += number * self.sent[kind, groups].gather
            reduce += number * self.sent[kind, groups].reduce
        return Sharded(gather, reduce)

    def chunks_s(self, layout: Layout, groups: Replicas, how: Habits, number: int) -> float:
        """Least seconds of so many micro-batches' chunks, with the stages as they are cut."""
        return chunks_s(self.line(layout, groups, how), number)

    def step_s(self, layout: Layout, groups: Replicas, how: Habits, turns: tuple[int, bool]) -> float:
        """Least seconds of a step, its end included.

        turns   micro-batches, and whether gradients and parameters travel beside chunks
        """
        ends = self.layers.ranks(layout, self.layers.cut(layout), groups)
        return step_s(self.line(layout, groups, how), turns[0], ends, turns[1])

    def line(self, layout: Layout, groups: Replicas, how: Habits) -> Line:
        """Bounds of the ranks over the number of micro-batches, with the stages as they are cut."""
        key = (layout.schedule, layout.pp, groups if groups.shards_gradients else None)
        if key not in self.lines:
            self.lines[key] = self._line(self.layers.cut(layout), groups, how)
        return self.lines[key]

    def _line(self, cut: Cut, groups: Replicas, how: Habits) -> Line:
        """Bounds of the ranks over the number of micro-batches."""
        sums = np.array([self.pieces.stage(runs) for runs in cut.alike])
        moved = [self._moved(runs, groups) for runs in cut.alike]
        gather, reduce = (np.array([one[place] for one in moved], np.float64) for place in (0, 1))
        sort = list(cut.sort)
        return line(works(sums[sort], Moved(gather[sort], reduce[sort]), how), how)

    def handed_bytes(self, layout: Layout, groups: Replicas, how: Habits) -> float:
        """Least bytes that the fullest rank hands out, with the stages as they are cut."""
        cut = self.layers.cut(layout)
        kept = np.array([self.layers.stage(cut.alike[sort]).kept.total for sort in cut.sort])
        return float((self.layers.ranks(layout, cut, groups).constant_bytes + least_held(kept, how)).max())
