"""All weights in the memory of the GPUs."""

from __future__ import annotations

from typing import Literal

from workloads.weights.base import WeightsSpec


class OnGpus(WeightsSpec):
    """Each layer is split over the unit's GPUs, which keep their part of it."""

    kind: Literal["on-gpus"] = "on-gpus"
