"""Tokens choose evenly: loads differ by chance only."""

from __future__ import annotations

from typing import Literal

import numpy as np

from workloads.router import Batch, Floats, RouterSpec, Seed


class Uniform(RouterSpec):
    """Every token's affinities are independent and alike for all experts; the gate chooses as always."""

    kind: Literal["uniform"] = "uniform"

    def routed(self, batch: Batch, seed: Seed) -> Floats:
        """Tokens that choose each expert: [step, layer, expert]."""
        from workloads.gating import tokens_through_gate

        return tokens_through_gate(batch, np.ones((batch.layers, batch.gate.experts)), seed)
