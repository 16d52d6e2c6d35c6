"""Traffic that is drawn: gaps between requests, stretched by a rate that may change, and lengths beside them."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Annotated, Self

import numpy as np
from pydantic import model_validator

from topologies.discovery import Discovered
from topologies.problems import FieldErrors, InvalidInput, Mark, Problem
from topologies.units import Count, RequestsPerS, Seconds
from workloads.length_kind import LengthSpec
from workloads.prefixes import Prefixes
from workloads.requests import Floats, Requests, without_prefixes
from workloads.router import Seed, seeds
from workloads.traffic_kind import Means, TrafficSpec

GAPS, LENGTHS, PREFIXES = range(3)
SPARE = 1.1
"""How many more requests than expected are drawn at first, if a duration ends them."""
MOST_REQUESTS = 50_000_000


class DrawnTraffic(TrafficSpec):
    """Requests at random moments; what kinds differ in are the gaps and how the rate changes.

    duration_s, most_requests   where it ends: at one of them, with both at the earlier
    prefixes    what prompts have in common; lengths are then those of what is new in each; None: nothing is known
    """

    duration_s: Seconds | None = None
    most_requests: Count | None = None
    prefixes: Prefixes | None = None

    @model_validator(mode="after")
    def _ends(self) -> Self:
        """It ends somewhere, and in memory."""
        if self.duration_s is None and self.most_requests is None:
            said = "traffic without an end: write `duration_s`, `most_requests` or both"
            raise FieldErrors([("most_requests", said)])
        wanted = min(self.most_requests or math.inf, self.expected(self.duration_s or math.inf))
        if wanted > MOST_REQUESTS:
            raise FieldErrors([("most_requests", f"{wanted:.3g} requests; at most {MOST_REQUESTS} can be drawn")])
        return self

    @property
    @abstractmethod
    def mean_rate_per_s(self) -> float:
        """Requests a second over all time."""

    @property
    @abstractmethod
    def drawn_lengths(self) -> LengthSpec:
        """Lengths of the requests, or with prefixes of what is new in each."""

    @abstractmethod
    def gaps(self, count: int, seed: Seed) -> Floats:
        """Gaps before each request, 1 on average; the first of more gaps of a seed are the same: [request]."""

    def expected(self, until_s: float) -> float:
        """Requests from the beginning until a moment, on average."""
        return self.mean_rate_per_s * until_s

    def moments_s(self, expected: Floats) -> Floats:
        """Moments until which so many requests are expected: the inverse of `expected`; [request] -> [request]."""
        return expected / self.mean_rate_per_s

    def arrivals_s(self, seed: Seed) -> Floats:
        """Moments of all requests, ascending: [request]."""
        end = math.inf if self.duration_s is None else self.expected(self.duration_s)
        most = self.most_requests or MOST_REQUESTS
        count = self.most_requests or 0
        if end < math.inf:
            count = min(most, math.ceil(SPARE * end) + 100)
        while True:
            moments = np.cumsum(self.gaps(count, seed))
            if count == most or moments[-1] >= end:
                return self.moments_s(moments[: np.searchsorted(moments, end)])
            count = min(2 * count, most)

    def requests(self, seed: Seed) -> Requests:
        """Draw moments, lengths and what prompts have in common. Raises InvalidInput if no request comes."""
        arrival_s = self.arrivals_s(seeds(seed, GAPS))
        if not len(arrival_s):
            said = f"no request comes within {self.duration_s} s at {self.mean_rate_per_s:.3g} requests/s"
            raise InvalidInput([Problem.at(Mark("traffic"), "duration_s", said)])
        lengths = self.drawn_lengths.draw(len(arrival_s), seeds(seed, LENGTHS))
        if self.prefixes is None:
            return without_prefixes(arrival_s, *lengths)
        return self.prefixes.shared(arrival_s, lengths, seeds(seed, PREFIXES))

    def means(self) -> Means:
        """Means over all time; of long traffic, if conversations go on in it."""
        input_tokens, output_tokens = self.drawn_lengths.mean_tokens()
        if self.prefixes is None:
            return Means(self.mean_rate_per_s, input_tokens, output_tokens)
        mean_tokens = self.prefixes.mean_input_tokens(input_tokens, output_tokens)
        return Means(self.mean_rate_per_s, mean_tokens, output_tokens)


class RatedTraffic(DrawnTraffic):
    """Traffic of a rate and of lengths that are given.

    rate_per_s   mean over all time;  lengths   workloads/lengths
    """

    rate_per_s: RequestsPerS
    lengths: Annotated[LengthSpec, Discovered("workloads.lengths")]

    @property
    def mean_rate_per_s(self) -> float:
        """What was given."""
        return self.rate_per_s

    @property
    def drawn_lengths(self) -> LengthSpec:
        """What was given."""
        return self.lengths

    def faster(self, factor: float) -> Self:
        """The same with a rate so many times as high."""
        return type(self).model_validate({**dict(self), "rate_per_s": self.rate_per_s * factor})
