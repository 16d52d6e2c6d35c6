"""How a day's demand is spread over its hours; how much it is in all is somebody else's business."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topologies.spec import Spec

Floats = NDArray[np.float64]
HOURS = 24


class DayProfile(Spec):
    """Shape of a day. A file in workloads/day_profiles with one subclass adds one."""

    kind: str

    def hourly(self) -> Floats:
        """Demand of each hour over the day's mean: [hour], mean 1."""
        raise NotImplementedError(f"{type(self).__name__} has no hours")

    @property
    def peak_ratio(self) -> float:
        """The busiest hour over the mean."""
        return float(self.hourly().max())
