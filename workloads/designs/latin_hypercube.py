"""Latin hypercube: each of n points alone in its n-th of every range."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workloads.sampled import Sampled


class LatinHypercube(Sampled):
    """Every range is cut into as many parts as there are points, and each part has one point (McKay et al. 1979)."""

    kind: Literal["latin-hypercube"] = "latin-hypercube"

    def shares(self) -> NDArray[np.float64]:
        """Points of scipy's sampler: [point, range]."""
        from scipy.stats import qmc

        sampler = qmc.LatinHypercube(len(self.ranges), rng=np.random.default_rng(self.seed))
        return np.asarray(sampler.random(self.samples), dtype=np.float64)
