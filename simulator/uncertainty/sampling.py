"""Quasi-random points of the unit cube: Sobol's sequence, scrambled, seeded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EDGE = 1e-4
"""Points keep this far from the cube's faces, where an unbounded shape has no value."""


def points(samples: int, dimensions: int, seed: int) -> Floats:
    """The first points of the sequence, strictly inside the cube: [sample, dimension].

    Their balance is best where their number is a power of two. Raises ValueError for fewer than one sample.
    """
    if samples < 1:
        raise ValueError(f"{samples} samples: write at least 1")
    if dimensions == 0:
        return np.empty((samples, 0))
    from scipy.stats import qmc

    found = qmc.Sobol(dimensions, scramble=True, seed=np.random.default_rng(seed))
    drawn: Floats = found.random_base2((samples - 1).bit_length())
    return np.clip(drawn[:samples], EDGE, 1 - EDGE)
