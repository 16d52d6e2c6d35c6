"""Requests that come in bursts, with pauses between them."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from workloads.drawn_traffic import RatedTraffic
from workloads.requests import Floats
from workloads.router import Seed


class Bursty(RatedTraffic):
    """A renewal process with gamma gaps: one number says how bursty it is, and it is what traces are described by.

    variation   standard deviation of the gaps over their mean; 1 is a Poisson process, less is more even. The variance
                of counts of long windows is variation**2 of their mean
    """

    kind: Literal["bursty"] = "bursty"
    variation: Annotated[float, Field(ge=0.01, le=30)]

    def gaps(self, count: int, seed: Seed) -> Floats:
        """Gamma gaps of mean 1, shape 1 / variation**2: [request]."""
        shape = self.variation**-2
        return np.random.default_rng(seed).standard_gamma(shape, count) / shape
