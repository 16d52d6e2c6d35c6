"""Requests of very many users who know nothing of each other."""

from __future__ import annotations

from typing import Literal

import numpy as np

from workloads.drawn_traffic import RatedTraffic
from workloads.requests import Floats
from workloads.router import Seed


class Poisson(RatedTraffic):
    """A Poisson process: gaps are exponential and independent."""

    kind: Literal["poisson"] = "poisson"

    def gaps(self, count: int, seed: Seed) -> Floats:
        """Exponential gaps of mean 1: [request]."""
        return np.random.default_rng(seed).standard_exponential(count)
