"""A day without night: the same demand in every hour."""

from __future__ import annotations

from typing import Literal

import numpy as np

from workloads.day_profile import HOURS, DayProfile, Floats


class Flat(DayProfile):
    """Every hour is as the mean."""

    kind: Literal["flat"] = "flat"

    def hourly(self) -> Floats:
        """[hour], all 1."""
        return np.ones(HOURS)
