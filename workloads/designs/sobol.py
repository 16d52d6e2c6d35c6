"""Sobol: a scrambled low-discrepancy sequence."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from topologies.problems import FieldErrors
from workloads.sampled import Sampled


class Sobol(Sampled):
    """The first points of a scrambled Sobol sequence: even in every range and in every pair (Joe and Kuo 2008)."""

    kind: Literal["sobol"] = "sobol"

    @model_validator(mode="after")
    def _is_balanced(self) -> Self:
        """The sequence is even after powers of two."""
        below = 1 << (self.samples.bit_length() - 1)
        if below != self.samples:
            why = f"read `{self.samples}`; a Sobol sequence is even after powers of two: write {below} or {2 * below}"
            raise FieldErrors([("samples", why)])
        return self

    def shares(self) -> NDArray[np.float64]:
        """Points of scipy's sampler: [point, range]."""
        from scipy.stats import qmc

        sampler = qmc.Sobol(len(self.ranges), rng=np.random.default_rng(self.seed))
        return np.asarray(sampler.random_base2(self.samples.bit_length() - 1), dtype=np.float64)
