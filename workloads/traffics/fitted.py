"""Requests like those of a recorded trace, as many as wanted: what the catalogue's traffic-fits say."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from topologies.catalogue import FromCatalogue
from topologies.units import RequestsPerS
from workloads.drawn_traffic import DrawnTraffic
from workloads.length_kind import LengthSpec
from workloads.lengths.fitted import FittedLengths
from workloads.requests import Floats
from workloads.router import Seed
from workloads.traffic_fit import TrafficFit


class Fitted(DrawnTraffic):
    """Arrivals and lengths of a fit.

    rate_per_s   mean; absent: the trace's own. Gaps all grow or shrink with it, so bursts have as many requests
    """

    kind: Literal["fitted"] = "fitted"
    fit: Annotated[TrafficFit, FromCatalogue("traffic-fits")]
    rate_per_s: RequestsPerS | None = None

    @property
    def mean_rate_per_s(self) -> float:
        """The rate given, else the trace's."""
        return self.fit.rate_per_s if self.rate_per_s is None else self.rate_per_s

    @property
    def drawn_lengths(self) -> LengthSpec:
        """Lengths of the fit."""
        return FittedLengths(fit=self.fit)

    def gaps(self, count: int, seed: Seed) -> Floats:
        """Gaps of the fit: [request]."""
        return self.fit.gaps(count, seed)

    def faster(self, factor: float) -> Self:
        """The same with a rate so many times as high."""
        return type(self).model_validate({**dict(self), "rate_per_s": self.mean_rate_per_s * factor})
