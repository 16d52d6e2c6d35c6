"""Which consecutive items go to which pipeline stage, so that the dearest stage is as cheap as can be."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

TIE_RATIO = 1e-12
"""Sums closer than this share of each other count as equal, so that the order of adding decides nothing."""


def partition_by_cost(costs: Sequence[float], stages: int) -> tuple[slice, ...]:
    """Cut the items into `stages` runs of at least one item each.

    costs     [item]   any unit, each finite and at least 0
    returns   [stage]  slices over the items

    Of all cuts, those whose dearest stage is cheapest; of those, the most even (least sum of squared stage
    costs); of those, the one whose earlier stages take more items. Exact by dynamic programming, in time
    stages x items^2.

    Raises ValueError if there are fewer items than stages or a cost is not a number of at least 0.
    """
    if not 1 <= stages <= len(costs):
        raise ValueError(f"{len(costs)} items cannot fill {stages} stages of at least one item each")
    run = _run_costs(costs)
    dearest = _least_tails(run, stages, np.maximum)[stages][0]
    squares = np.where(run <= _or_equal(dearest), run**2, np.inf)
    tails = _least_tails(squares, stages, np.add)
    cuts = [0]
    for left in range(stages - 1, -1, -1):
        through = squares[cuts[-1]] + tails[left]
        cuts.append(int(np.flatnonzero(through <= _or_equal(through.min()))[-1]))
    return tuple(slice(first, last) for first, last in pairwise(cuts))


def _run_costs(costs: Sequence[float]) -> NDArray[np.float64]:
    """Cost of a stage of items first to last - 1: [first, last], infinite where that is no item."""
    values = np.asarray(costs, np.float64)
    if not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError("each cost must be finite and at least 0")
    ends = np.concatenate(([0.0], np.cumsum(values)))
    run: NDArray[np.float64] = ends[None, :] - ends[:, None]
    run[np.tril_indices(len(ends))] = np.inf
    return run


def _least_tails(run: NDArray[np.float64], stages: int, join: np.ufunc) -> list[NDArray[np.float64]]:
    """Least cost of the items from one on, in 0, 1, ... `stages` runs: an array [first item] for each."""
    tail = np.full(len(run), np.inf)
    tail[-1] = 0.0
    tails = [tail]
    for _ in range(stages):
        tails.append(join(run, tails[-1]).min(axis=1))
    return tails


def _or_equal(value: float) -> float:
    """Largest value that counts as equal to this one."""
    return value * (1 + TIE_RATIO)
