"""Zipf's law: the r-th most popular expert of a layer is chosen r^exponent times less often than the first."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from workloads.router import Batch, Floats, RouterSpec, Seed, seeds

ORDER, TOKENS = 0, 1


class Zipf(RouterSpec):
    """Popularity falls with a power of the rank; which expert has which rank is shuffled layer by layer.

    The logarithm of the popularity is what logits have in common, Gumbel noise what tokens differ by. So first choices
    are in proportion to the popularity, further ones likewise among the experts left, and a limit on groups holds.
    """

    kind: Literal["zipf"] = "zipf"
    exponent: Annotated[float, Field(ge=0, le=4)] = 1.0

    def routed(self, batch: Batch, seed: Seed) -> Floats:
        """Tokens that choose each expert: [step, layer, expert]."""
        from workloads.gating import tokens_through_gate

        popularity = self.popularity(batch.layers, batch.gate.experts, seeds(seed, ORDER))
        return tokens_through_gate(batch, popularity, seeds(seed, TOKENS))

    def popularity(self, layers: int, experts: int, seed: Seed) -> Floats:
        """Popularity of each expert, 1 on average: [layer, expert]."""
        falling = np.arange(1, experts + 1) ** -self.exponent
        rows = np.tile(falling * experts / falling.sum(), (layers, 1))
        return np.random.default_rng(seed).permuted(rows, axis=1)
