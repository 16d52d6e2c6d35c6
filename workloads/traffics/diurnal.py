"""Requests of people who sleep: the rate follows the hour of the day."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from topologies.problems import FieldErrors
from topologies.units import parse
from workloads.drawn_traffic import RatedTraffic
from workloads.requests import Floats
from workloads.router import Seed

DAY_S = parse("1 day", "s")
HOURS = 24
STEPS = 12 * HOURS
"""Parts of a day in each of which the rate is taken as constant: 5 minutes."""
Hour = Annotated[float, Field(ge=0, lt=HOURS)]
Weight = Annotated[float, Field(ge=0)]


class Diurnal(RatedTraffic):
    """A Poisson process whose rate changes over the day; `rate_per_s` is its mean over whole days.

    peak_ratio      highest rate over the mean; the rate is a cosine around its mean
    peak_hour       of the highest rate
    hourly_weights  24 numbers in proportion to the rates from 0 to 1 o'clock, ..., instead of a cosine
    begin_hour      of the day at the beginning
    """

    kind: Literal["diurnal"] = "diurnal"
    peak_ratio: Annotated[float, Field(ge=1, le=2)] | None = None
    peak_hour: Hour | None = None
    hourly_weights: Annotated[tuple[Weight, ...], Field(min_length=HOURS, max_length=HOURS)] | None = None
    begin_hour: Hour = 0.0

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        """A cosine with both its numbers, or weights."""
        cosine = self.peak_ratio is not None, self.peak_hour is not None
        if all(cosine) != any(cosine) or any(cosine) == (self.hourly_weights is not None):
            said = "write `peak_ratio` and `peak_hour`, or 24 `hourly_weights`, and not both"
            raise FieldErrors([("hourly_weights" if self.hourly_weights else "peak_ratio", said)])
        if self.hourly_weights is not None and not sum(self.hourly_weights):
            raise FieldErrors([("hourly_weights", "at least one weight is above zero")])
        return self

    def gaps(self, count: int, seed: Seed) -> Floats:
        """Exponential gaps of mean 1, in expected requests: [request]."""
        return np.random.default_rng(seed).standard_exponential(count)

    def expected(self, until_s: float) -> float:
        """The rate's integral."""
        if until_s == math.inf:
            return math.inf
        days, rest_s = divmod(until_s, DAY_S)
        edges_s, shares = self._day()
        return self.rate_per_s * DAY_S * (days + float(np.interp(rest_s, edges_s, shares)))

    def moments_s(self, expected: Floats) -> Floats:
        """The inverse of the rate's integral, whole days and the rest: [request] -> [request]."""
        edges_s, shares = self._day()
        days, rest = np.divmod(expected / (self.rate_per_s * DAY_S), 1)
        moments_s: Floats = days * DAY_S + np.interp(rest, shares, edges_s)
        return moments_s

    def _day(self) -> tuple[Floats, Floats]:
        """Edges of the parts of a day from the beginning, and its requests' share until each: [step + 1] twice."""
        edges_s = np.linspace(0, DAY_S, STEPS + 1)
        begin = self.begin_hour / HOURS
        if self.hourly_weights is None:
            angle = 2 * math.pi * (edges_s / DAY_S + begin - (self.peak_hour or 0) / HOURS)
            integral = edges_s / DAY_S + ((self.peak_ratio or 1) - 1) / (2 * math.pi) * np.sin(angle)
        else:
            until = np.concatenate([[0], np.cumsum(self.hourly_weights) / sum(self.hourly_weights)])
            days, hour = np.divmod(HOURS * (edges_s / DAY_S + begin), HOURS)
            integral = days + np.interp(hour, np.arange(HOURS + 1.0), until)
        shares: Floats = integral - integral[0]
        shares[-1] = 1.0
        return edges_s, np.maximum.accumulate(shares)
