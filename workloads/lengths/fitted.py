"""Lengths as in a recorded trace: what the catalogue's traffic-fits say."""

from __future__ import annotations

from typing import Annotated, Literal

from topologies.catalogue import FromCatalogue
from workloads.length_kind import LengthSpec
from workloads.requests import Integers
from workloads.router import Seed
from workloads.traffic_fit import TrafficFit


class FittedLengths(LengthSpec):
    """Lengths of a fit; its arrivals are left aside."""

    kind: Literal["fitted"] = "fitted"
    fit: Annotated[TrafficFit, FromCatalogue("traffic-fits")]

    def draw(self, count: int, seed: Seed) -> tuple[Integers, Integers]:
        """Prompts by their quantiles, answers by those of prompts of about the same length: [request], [request]."""
        return self.fit.lengths(count, seed)

    def mean_tokens(self) -> tuple[float, float]:
        """Means of the fit's distributions."""
        return self.fit.mean_tokens()
