"""Which consecutive items go to which stage where each rank holds two, one from each end of the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simulator.partition import partition_by_cost

Table = NDArray[np.float64]
Sizes = NDArray[np.int64]
Extend = Callable[[Table, Table, Sizes, float, int, bool], tuple[Table, Sizes]]
TIE_RATIO = 1e-12
SLACK_RATIO = 0.02
"""What the dearest rank may cost beyond the least, as a share."""


def partition_in_pairs(costs: Sequence[float], ranks: int, extend: Extend | None = None) -> tuple[slice, ...]:
    """Cut the items into 2 x `ranks` runs; rank r holds run r and, from the end, run r as well.

    costs     [item]   any unit, each finite and at least 0
    extend    `one_rank_more`, compiled
    returns   [stage]  slices over the items, at least one item each

    Of all cuts, those whose dearest rank costs at most SLACK_RATIO more than it has to; of those, the most even (least
    sum of squared stage costs): ranks work in step, so that an uneven cut loses more than a rank gains by it. Exact by
    dynamic programming from both ends towards the middle.

    Raises ValueError if there are fewer items than stages or a cost is not a number of at least 0.
    """
    even = partition_by_cost(costs, 2 * ranks)
    if ranks == 1:
        return even
    ends = np.concatenate(([0.0], np.cumsum(np.asarray(costs, np.float64))))
    sums = [float(ends[one.stop] - ends[one.start]) for one in even]
    bound = max(sums[rank] + sums[-1 - rank] for rank in range(ranks)) * (1 + SLACK_RATIO)
    sizes = _sizes(ends, ranks, bound)
    play = extend or one_rank_more
    dearest, _ = _best(ends, sizes, (ranks, bound, False), play)
    _, found = _best(ends, sizes, (ranks, dearest * (1 + SLACK_RATIO), True), play)
    lengths = [a for a, _ in found] + [b for _, b in reversed(found)]
    return tuple(slice(*cut) for cut in pairwise(np.cumsum([0, *lengths]).tolist()))


def _sizes(ends: Table, ranks: int, bound: float) -> Sizes:
    """Numbers of items of a rank's two stages by which neither it nor the others can cost more than the bound."""
    runs = [ends[size:] - ends[:-size] for size in range(1, len(ends) - 2 * ranks + 1)]
    least, most = (np.array([float(end(run)) for run in runs]) for end in (np.min, np.max))
    rest = (float(ends[-1]) - (ranks - 1) * bound) * (1 - TIE_RATIO)
    kept = (least[:, None] + least <= bound) & (most[:, None] + most >= rest)
    return np.argwhere(kept) + 1


def _best(
    ends: Table, sizes: Sizes, rule: tuple[int, float, bool], extend: Extend
) -> tuple[float, list[tuple[int, int]]]:
    """Least value over all cuts, and each rank's numbers of items: [rank] (first stage, last stage).

    rule   ranks; most that a rank may cost; whether squares are added up instead of taking the dearest rank
    """
    ranks, limit, squares = rule
    items = len(ends) - 1
    value = np.full((items + 1, items + 1), np.inf)
    value[0, 0] = 0.0
    choices = []
    for left in range(ranks - 1, -1, -1):
        value, choice = extend(value, ends, sizes, limit, left, squares)
        choices.append(choice)
    front = int(value[np.arange(items + 1), items - np.arange(items + 1)].argmin())
    least, back, found = float(value[front, items - front]), items - front, []
    for choice in reversed(choices):
        a, b = sizes[choice[front, back]].tolist()
        found.append((a, b))
        front, back = front - a, back - b
    return least, found[::-1]


def one_rank_more(
    value: Table, ends: Table, sizes: Sizes, limit: float, left: int, squares: bool
) -> tuple[Table, Sizes]:
    """Give one more rank its two stages, next to what the ranks before it have from both ends.

    value     [items in front, items behind]  least value so far, infinite where there is none
    left      ranks that come after it
    returns   the same with its stages, and which of `sizes` it took; plain loops, so that they can be compiled
    """
    items = len(ends) - 1
    after, choice = np.full(value.shape, np.inf), np.full(value.shape, -1)
    for front, back in np.argwhere(value < np.inf):
        for number in range(len(sizes)):
            i, j = front + sizes[number, 0], back + sizes[number, 1]
            if items - i - j < 2 * left or (left == 0 and i + j != items):
                continue
            first, last = ends[i] - ends[front], ends[items - back] - ends[items - j]
            if first + last > limit or ends[items - j] - ends[i] > left * limit:
                continue
            through = value[front, back] + first**2 + last**2 if squares else max(value[front, back], first + last)
            if through < after[i, j] * (1 - TIE_RATIO):
                after[i, j], choice[i, j] = through, number
    return after, choice
