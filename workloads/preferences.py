"""Which experts the tokens of each domain prefer, layer by layer, and how that drifts."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workloads.router import Floats, Seed


@dataclass(frozen=True, slots=True)
class Preferences:
    """Synthetic affinities: a domain's mean logits are normal around 0; tokens add Gumbel noise of their own.

    domains      that sequences are of, each equally likely
    strength     standard deviation of a domain's logits; without a limit on groups a sequence's loads then vary by
                 about root(exp(strength^2) - 1) over their mean
    correlation  of the logits of two domains: the part that all domains prefer alike
    """

    domains: int
    strength: float
    correlation: float

    def first(self, layers: int, experts: int, seed: Seed) -> Taste:
        """What there is at the beginning."""
        normal = np.random.default_rng(seed).standard_normal((layers, self.domains + 1, experts))
        return Taste(self, normal, np.zeros((layers, self.domains, experts)))


@dataclass(frozen=True, slots=True, eq=False)
class Taste:
    """Preferences of one moment.

    normal    [layer, 1 + domain, expert]  independent standard normal; the first is common to all domains
    learned   [layer, domain, expert]      what training has added to the mean logits
    """

    preferences: Preferences
    normal: NDArray[np.float64]
    learned: NDArray[np.float64]

    @property
    def weights(self) -> Floats:
        """Exponentials of the domains' mean logits: [layer, domain, expert]."""
        of = self.preferences
        common, own = self.normal[:, :1], self.normal[:, 1:]
        logits = of.strength * (math.sqrt(of.correlation) * common + math.sqrt(1 - of.correlation) * own)
        weights: Floats = np.exp(logits + self.learned)
        return weights

    def moved(self, drift: float, seed: Seed) -> Taste:
        """Preferences after a step at random that leaves their spread as it is.

        drift   of the new normal numbers, the part that is fresh; the correlation with the old ones is
                root(1 - drift^2): 0 leaves all, 1 forgets all
        """
        if not drift:
            return self
        fresh = np.random.default_rng(seed).standard_normal(self.normal.shape)
        return replace(self, normal=math.sqrt(1 - drift**2) * self.normal + drift * fresh)
