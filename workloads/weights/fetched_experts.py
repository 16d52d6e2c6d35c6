"""Routed experts in host memory, fetched to the GPUs once they are chosen, busy ones cached there."""

from __future__ import annotations

from typing import Literal

from topologies.units import CountOrZero, Positive
from workloads.weights.base import WeightsSpec


class FetchedExperts(WeightsSpec):
    """GPUs hold all but the routed experts and a cache of these; a chosen one that is not there comes over PCIe.

    cached_experts   of each layer; null: as many as fit
    hotness          how many times as often as the mean a cached expert is chosen; 1: all are chosen alike
    """

    kind: Literal["fetched-experts"] = "fetched-experts"
    cached_experts: CountOrZero | None = None
    hotness: Positive = 1.0
