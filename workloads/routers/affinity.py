"""Synthetic affinities through the gate: sequences have domains, and each domain has experts that it prefers."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from topologies.units import Share
from workloads.bias_balancing import settled_bias
from workloads.preferences import Preferences
from workloads.router import Batch, Floats, RouterSpec, Seed, seeds

FIRST, DRIFT, TOKENS, SETTLING = 0, 1, 2, 3


class Affinity(RouterSpec):
    """All tokens of a sequence share its domain; the domains of a step's sequences are drawn.

    domains           that sequences are of
    domain_strength   standard deviation of a domain's mean logits; tokens differ by Gumbel noise, whose own is 1.28
    correlation       of the mean logits of two domains; what all prefer alike overloads experts step after step
    drift_share       part of the preferences that is new after each step, in standard deviations (a random walk that
                      keeps its spread): after n steps they are alike by (1 - drift_share^2)^(n/2)
    selection_bias    balanced: found on tokens of all domains before the first step, kept from then on
    """

    kind: Literal["affinity"] = "affinity"
    domains: Annotated[int, Field(ge=1, le=1000)] = 16
    domain_strength: Annotated[float, Field(ge=0, le=5)] = 0.8
    correlation: Annotated[float, Field(ge=0, le=1)] = 0.0
    drift_share: Share = 0.0
    selection_bias: Literal["none", "balanced"] = "none"

    @property
    def preferences(self) -> Preferences:
        """What the domains' logits are drawn from."""
        return Preferences(self.domains, self.domain_strength, self.correlation)

    def routed(self, batch: Batch, seed: Seed) -> Floats:
        """Tokens that choose each expert: [step, layer, expert]."""
        from workloads.gating import tokens_by_domain

        taste = self.preferences.first(batch.layers, batch.gate.experts, seeds(seed, FIRST))
        bias = settled_bias(taste, batch.gate, seeds(seed, SETTLING)) if self.selection_bias == "balanced" else None
        steps, before = [], batch.moments[0]
        for step in batch.moments:
            if step > before:
                taste = taste.moved(drift_over(self.drift_share, step - before), seeds(seed, DRIFT, before))
            steps.append(tokens_by_domain(batch, taste.weights, bias, seeds(seed, TOKENS, step)).sum(axis=1))
            before = step
        return np.stack(steps)


def drift_over(drift_share: float, steps: int) -> float:
    """Part that is new after so many steps of a random walk, each of which makes `drift_share` new."""
    return math.sqrt(1 - (1 - drift_share**2) ** steps)
