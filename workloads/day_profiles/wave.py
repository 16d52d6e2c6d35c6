"""A day as one wave: a busiest hour, and twelve hours from it the quietest."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from workloads.day_profile import HOURS, DayProfile, Floats


class Wave(DayProfile):
    """Demand(h) = 1 + (peak - 1) cos(2 pi (h - busiest) / 24).

    peak          the busiest hour over the mean; at 2 the quietest has no demand
    busiest_hour  which one it is
    """

    kind: Literal["wave"] = "wave"
    peak: Annotated[float, Field(ge=1, le=2)]
    busiest_hour: Annotated[int, Field(ge=0, lt=HOURS)] = 14

    def hourly(self) -> Floats:
        """[hour]; its mean is 1, its largest value `peak`, both exactly."""
        turn = 2 * np.pi * (np.arange(HOURS) - self.busiest_hour) / HOURS
        shape: Floats = 1 + (self.peak - 1) * np.cos(turn)
        return np.maximum(shape, 0.0)
