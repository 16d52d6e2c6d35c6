"""How unevenly ranks are loaded and how fast their GPUs are: drawn from one seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Loads:
    """Loads of the ranks that share the experts, in units of their mean; every draw is one possible micro-batch.

    rank       [draw, layer, rank]  tokens of the rank's experts
    node       [draw, layer, rank]  the same, mean over the rank's node
    slowness   [draw, rank]  seconds of a computation over those of a GPU at the mean speed; or one for all
    """

    rank: NDArray[np.float64]
    node: NDArray[np.float64]
    slowness: NDArray[np.float64] | float = 1.0

    @property
    def worst_node(self) -> NDArray[np.float64]:
        """Load of the fullest node: [draw, layer, 1]."""
        worst: NDArray[np.float64] = self.node.max(axis=-1, keepdims=True)
        return worst


def even(draws: int, layers: int, ranks: int) -> Loads:
    """The mean load for everybody."""
    one = np.ones((draws, layers, ranks))
    return Loads(one, one)


def of_experts(tokens: NDArray[np.float64], ranks: int, ranks_per_node: int) -> Loads:
    """Add up the loads of experts by rank and node; experts lie in order, equally many on each rank.

    tokens   [draw, layer, expert]  in any unit
    """
    rank = tokens.reshape(*tokens.shape[:2], ranks, -1).mean(axis=-1)
    rank /= rank.mean(axis=-1, keepdims=True)
    together = min(ranks_per_node, ranks)
    begins = np.arange(0, ranks, together)
    sizes = np.diff(np.append(begins, ranks))
    by_node = np.add.reduceat(rank, begins, axis=-1) / sizes
    return Loads(rank, np.repeat(by_node, sizes, axis=-1))


def speeds(variation: float, shape: tuple[int, ...], seed: int | Sequence[int]) -> NDArray[np.float64]:
    """Draw how fast GPUs compute, in units of the mean: independently, gamma, so always above 0.

    variation   standard deviation over the mean;  shape   of the array that comes back
    """
    return around_one(variation, shape, seed) if variation > 0 else np.ones(shape)


def around_one(variation: float, shape: tuple[int, ...], seed: int | Sequence[int]) -> NDArray[np.float64]:
    """Draw from a gamma distribution of mean 1 and this standard deviation."""
    concentration = variation**-2
    return np.random.default_rng(seed).gamma(concentration, 1 / concentration, shape)
