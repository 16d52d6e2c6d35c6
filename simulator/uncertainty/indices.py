"""Sobol indices: which share of a metric's variance an input explains alone, and with all that it takes part in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.uncertainty.inputs import HIGH_SHARE, LOW_SHARE
from simulator.uncertainty.sampling import points

Floats = NDArray[np.float64]
OnCube = Callable[[Floats], Floats]
"""Points of the unit cube [sample, dimension] -> metrics [sample, metric]."""
RESAMPLED = 200
"""Bootstrap draws behind a confidence interval."""


@dataclass(frozen=True, slots=True, eq=False)
class Indices:
    """First and total indices with the 90 % interval of each estimate: all [group, metric]; zero where nothing varies.

    groups   names of inputs, or of several that are taken as one
    """

    groups: tuple[str, ...]
    metrics: tuple[str, ...]
    first: Floats
    first_low: Floats
    first_high: Floats
    total: Floats
    total_low: Floats
    total_high: Floats

    def table(self, metric: str) -> pd.DataFrame:
        """One row a group, the weightiest first: group, first, total, each with low and high."""
        at = self.metrics.index(metric)
        columns = ("first", "first_low", "first_high", "total", "total_low", "total_high")
        table = pd.DataFrame({"group": self.groups, **{name: getattr(self, name)[:, at] for name in columns}})
        return table.sort_values("total", ascending=False, kind="stable").reset_index(drop=True)


def sobol_indices(
    function: OnCube, groups: Mapping[str, Sequence[int]], metrics: Sequence[str], samples: int, seed: int
) -> Indices:
    """Estimate the indices of groups of dimensions; takes samples x (groups + 2) evaluations.

    First: mean of f(B) (f(AB) - f(A)) over the variance (Saltelli et al., Computer Physics Communications 181, 2010,
    Table 2 b). Total: half the mean square of f(A) - f(AB) over the variance (Jansen, Computer Physics Communications
    117, 1999). AB is A with the group's columns from B. Confidence by bootstrap over samples.

    groups   name -> its dimensions; together they number all dimensions from 0, each once
    Raises ValueError where they do not.
    """
    dimensions = sorted(at for group in groups.values() for at in group)
    if dimensions != list(range(len(dimensions))):
        raise ValueError(f"groups hold the dimensions {dimensions}; write each from 0 to {len(dimensions) - 1} once")
    both = points(samples, 2 * len(dimensions), seed)
    a, b = both[:, : len(dimensions)], both[:, len(dimensions) :]
    at_a, at_b = function(a), function(b)
    mixed = np.stack([function(_exchanged(a, b, group)) for group in groups.values()])
    centre = np.concatenate([at_a, at_b]).mean(axis=0)
    at_a, at_b, mixed = at_a - centre, at_b - centre, mixed - centre
    rng = np.random.default_rng((seed, 1))
    drawn = [
        _estimate(at_a[rows], at_b[rows], mixed[:, rows]) for rows in rng.integers(0, samples, (RESAMPLED, samples))
    ]
    first, total = _estimate(at_a, at_b, mixed)
    low, high = np.quantile(np.array(drawn), [LOW_SHARE, HIGH_SHARE], axis=0)
    return Indices(tuple(groups), tuple(metrics), first, low[0], high[0], total, low[1], high[1])


def _exchanged(a: Floats, b: Floats, group: Sequence[int]) -> Floats:
    """A with the columns of a group from B."""
    mixed = a.copy()
    mixed[:, list(group)] = b[:, list(group)]
    return mixed


def _estimate(at_a: Floats, at_b: Floats, mixed: Floats) -> tuple[Floats, Floats]:
    """First and total indices from evaluations.

    at_a, at_b   [sample, metric];  mixed   [group, sample, metric];  returns   [group, metric] each
    """
    variance = np.concatenate([at_a, at_b]).var(axis=0)
    still = variance <= 1e-24 * np.maximum(np.abs(at_a).max(axis=0) ** 2, 1e-300)
    scale = np.where(still, np.inf, variance)
    first = (at_b * (mixed - at_a)).mean(axis=1) / scale
    total = ((at_a - mixed) ** 2).mean(axis=1) / (2 * scale)
    return first, total
