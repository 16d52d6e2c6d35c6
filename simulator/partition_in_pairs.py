"""Which consecutive items go to which stage where each rank holds two, one from each end of the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simulator.partition import partition_by_cost

Table = NDArray[np.float64]
TIE_RATIO = 1e-12


class _Pairs:
    """Costs of a first stage of `a` items from the front and a last stage of `b` items from the back.

    Tables are [items in front of the first stage, items behind the last].
    """

    def __init__(self, costs: Sequence[float], ranks: int) -> None:
        self.ranks, self.items = ranks, len(costs)
        self.ends = np.concatenate(([0.0], np.cumsum(np.asarray(costs, np.float64))))
        self.whole_s = float(self.ends[-1])
        cut = partition_by_cost(costs, 2 * ranks)
        sums = [float(self.ends[one.stop] - self.ends[one.start]) for one in cut]
        self.bound = max(sums[rank] + sums[-1 - rank] for rank in range(ranks)) * (1 + TIE_RATIO)
        self.sizes = [(a, b) for a in range(1, self.items) for b in range(1, self.items - a + 1) if self._may_be(a, b)]

    def _may_be(self, a: int, b: int) -> bool:
        """Whether stages of so many items can cost a rank no more than the bound, and the others no more either."""
        least = self.whole_s - (self.ranks - 1) * self.bound
        runs = [self.ends[size:] - self.ends[:-size] for size in (a, b)]
        low, high = (sum(float(end(run)) for run in runs) for end in (np.min, np.max))
        return low <= self.bound and high >= least * (1 - TIE_RATIO)

    def stage_costs(self, a: int, b: int) -> tuple[Table, Table]:
        """Cost of the first and of the last stage, each for every place."""
        places = self.items + 1
        front, back = np.full((places, 1), np.inf), np.full((1, places), np.inf)
        front[: places - a, 0] = self.ends[a:] - self.ends[:-a]
        mirrored = self.whole_s - self.ends[::-1]
        back[0, : places - b] = mirrored[b:] - mirrored[:-b]
        return front, back


def partition_in_pairs(costs: Sequence[float], ranks: int) -> tuple[slice, ...]:
    """Cut the items into 2 x `ranks` runs; rank r holds run r and, from the end, run r as well.

    costs     [item]   any unit, each finite and at least 0
    returns   [stage]  slices over the items, at least one item each

    Of all cuts, those whose dearest rank is cheapest; of those, the cheapest dearest stage; of those, the most even
    (least sum of squared stage costs). Exact by dynamic programming from both ends towards the middle.

    Raises ValueError if there are fewer items than stages or a cost is not a number of at least 0.
    """
    if ranks == 1:
        return partition_by_cost(costs, 2)
    pairs = _Pairs(costs, ranks)
    rank_most = _best(pairs, lambda front, back: front + back, np.maximum)[0] * (1 + TIE_RATIO)

    def dearest_stage(front: Table, back: Table) -> Table:
        return np.where(front + back <= rank_most, np.maximum(front, back), np.inf)

    stage_most = _best(pairs, dearest_stage, np.maximum)[0] * (1 + TIE_RATIO)

    def unevenness(front: Table, back: Table) -> Table:
        allowed = (front + back <= rank_most) & (np.maximum(front, back) <= stage_most)
        return np.where(allowed, front**2 + back**2, np.inf)

    _, sizes = _best(pairs, unevenness, np.add)
    lengths = [a for a, _ in sizes] + [b for _, b in reversed(sizes)]
    return tuple(slice(*ends) for ends in pairwise(np.cumsum([0, *lengths]).tolist()))


def _best(
    pairs: _Pairs, value: Callable[[Table, Table], Table], join: np.ufunc
) -> tuple[float, list[tuple[int, int]]]:
    """Least joined value over all ranks, and each rank's numbers of items: [rank] (first stage, last stage)."""
    places = pairs.items + 1
    tables = {(a, b): value(*pairs.stage_costs(a, b)) for a, b in pairs.sizes}
    reached = np.full((places, places), np.inf)
    reached[0, 0] = 0.0
    chosen = []
    for _ in range(pairs.ranks):
        after, choice = np.full((places, places), np.inf), np.full((places, places), -1)
        for number, (a, b) in enumerate(pairs.sizes):
            through = join(reached, tables[a, b])[: places - a, : places - b]
            better = through < after[a:, b:] * (1 - TIE_RATIO)
            after[a:, b:][better] = through[better]
            choice[a:, b:][better] = number
        reached, _ = after, chosen.append(choice)
    used = np.arange(places)
    ends = reached[used, pairs.items - used]
    front = int(ends.argmin())
    best, back, sizes = float(ends[front]), pairs.items - front, []
    for choice in reversed(chosen):
        a, b = pairs.sizes[int(choice[front, back])]
        sizes.append((a, b))
        front, back = front - a, back - b
    return best, sizes[::-1]
