"""How many tokens the experts of each rank get: uneven loads, drawn from one seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Loads:
    """Loads of the ranks that share the experts, in units of their mean; every draw is one possible micro-batch.

    rank   [draw, layer, rank]  tokens of the rank's experts
    node   [draw, layer, rank]  the same, mean over the rank's node
    """

    rank: NDArray[np.float64]
    node: NDArray[np.float64]

    @property
    def worst_node(self) -> NDArray[np.float64]:
        """Load of the fullest node: [draw, layer, 1]."""
        worst: NDArray[np.float64] = self.node.max(axis=-1, keepdims=True)
        return worst


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who shares the experts of a layer.

    variation   standard deviation of one expert's tokens in a micro-batch over their mean
    """

    experts: int
    ranks: int
    ranks_per_node: int
    variation: float


def draw(sharing: Sharing, draws: int, layers: int, seed: int) -> Loads:
    """Draw the loads of each expert independently (gamma, so never below 0) and add them up by rank and node.

    The mean over all ranks is 1 in every draw: uneven routing moves tokens, it makes none.
    """
    shape = (draws, layers, sharing.ranks, sharing.experts // sharing.ranks)
    if sharing.variation <= 0:
        one = np.ones(shape[:3])
        return Loads(one, one)
    concentration = sharing.variation**-2
    experts = np.random.default_rng(seed).gamma(concentration, 1 / concentration, shape)
    rank = experts.mean(axis=-1)
    rank /= rank.mean(axis=-1, keepdims=True)
    together = min(sharing.ranks_per_node, sharing.ranks)
    by_node = rank.reshape(draws, layers, -1, together).mean(axis=-1)
    return Loads(rank, np.repeat(by_node, together, axis=-1))
