"""Popularities drawn from a Dirichlet distribution: some experts of a layer are in demand, others are not."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from workloads.router import Batch, Floats, RouterSpec, Seed, seeds

POPULARITY, TOKENS = 0, 1


class Dirichlet(RouterSpec):
    """Popularity is drawn once for each layer and stays; logits are its logarithm plus Gumbel noise (as in `zipf`).

    concentration   of the distribution, the same for all experts: popularities vary by about 1 / root of it over their
                    mean
    """

    kind: Literal["dirichlet"] = "dirichlet"
    concentration: Annotated[float, Field(ge=0.01, le=1e6)] = 1.0

    def routed(self, batch: Batch, seed: Seed) -> Floats:
        """Tokens that choose each expert: [step, layer, expert]."""
        from workloads.gating import tokens_through_gate

        popularity = self.popularity(batch.layers, batch.gate.experts, seeds(seed, POPULARITY))
        return tokens_through_gate(batch, popularity, seeds(seed, TOKENS))

    def popularity(self, layers: int, experts: int, seed: Seed) -> Floats:
        """Popularity of each expert, 1 on average: [layer, expert]."""
        drawn = np.random.default_rng(seed).dirichlet(np.full(experts, self.concentration), layers)
        popularity: Floats = drawn * experts
        return popularity
