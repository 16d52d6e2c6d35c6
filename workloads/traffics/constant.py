"""Requests like clockwork."""

from __future__ import annotations

from typing import Literal

import numpy as np

from workloads.drawn_traffic import RatedTraffic
from workloads.requests import Floats
from workloads.router import Seed


class Constant(RatedTraffic):
    """Evenly spaced requests, the first half a gap after the beginning."""

    kind: Literal["constant"] = "constant"

    def gaps(self, count: int, seed: Seed) -> Floats:
        """Half a gap, then whole ones: [request]."""
        gaps = np.ones(count)
        gaps[:1] = 0.5
        return gaps
