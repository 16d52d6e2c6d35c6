"""Routed experts in host memory, multiplied by the host's processors."""

from __future__ import annotations

from typing import Literal

from topologies.units import CountOrZero, Positive
from workloads.weights.base import WeightsSpec


class HostExperts(WeightsSpec):
    """GPUs hold and compute all but the routed experts; tokens go to the processors and back (KTransformers).

    copied        every socket has a copy of its own of the experts; else each socket holds and reads its part of each
    gpu_experts   of each layer, that GPUs hold and compute themselves, beside the processors
    hotness       how many times as often as the mean such an expert is chosen; 1: all are chosen alike
    """

    kind: Literal["host-experts"] = "host-experts"
    copied: bool = False
    gpu_experts: CountOrZero = 0
    hotness: Positive = 1.0
