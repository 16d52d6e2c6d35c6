"""What is known of a recorded trace, as a few tables: lengths, gaps, and how far gaps hang together."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from topologies.entry import Entry
from topologies.problems import FieldErrors
from topologies.units import RequestsPerS
from workloads.quantiles import Quantiles, Shares, drawn, mean
from workloads.requests import Floats, Integers
from workloads.router import Seed, seeds

INPUT, OUTPUT, FAST, SLOW = range(4)


class TrafficFit(Entry):
    """Quantiles of a trace; which one a request has is drawn.

    rate_per_s           mean over the trace
    input_shares         [quantile]   of prompts that are at most as long as the same entry of input_tokens
    input_tokens         [quantile]
    output_shares        [quantile]   of answers, the same for all classes
    output_tokens        [class, quantile]   of requests whose prompts are among the shortest, second shortest, ... of
                         classes of equal shares; so any dependence on the prompt's length is kept
    gap_shares           [quantile]   of the gaps
    gap_ratios           [quantile]   gaps between requests over their mean
    gap_persistence      part of a gap's rank that stays for many requests: 0, gaps are independent
    persistent_requests  over which that part falls to 1/e
    """

    group: ClassVar[str] = "traffic-fits"
    rate_per_s: RequestsPerS
    input_shares: Shares
    input_tokens: Quantiles
    output_shares: Shares
    output_tokens: Annotated[tuple[Quantiles, ...], Field(min_length=1)]
    gap_shares: Shares
    gap_ratios: Quantiles
    gap_persistence: Annotated[float, Field(ge=0, le=1)] = 0.0
    persistent_requests: Annotated[float, Field(ge=1)] = 1.0

    @model_validator(mode="after")
    def _tables_are_whole(self) -> Self:
        """As many quantiles as shares."""
        pairs = [(f"output_tokens.{at}", row, self.output_shares) for at, row in enumerate(self.output_tokens)]
        pairs.append(("input_tokens", self.input_tokens, self.input_shares))
        pairs.append(("gap_ratios", self.gap_ratios, self.gap_shares))
        wrong = [(name, row, shares) for name, row, shares in pairs if len(row) != len(shares)]
        if wrong:
            raise FieldErrors((name, f"{len(row)} quantiles for {len(shares)} shares") for name, row, shares in wrong)
        return self

    def lengths(self, count: int, seed: Seed) -> tuple[Integers, Integers]:
        """Tokens of prompts and of answers: [request], [request]."""
        place = np.random.default_rng(seeds(seed, INPUT)).random(count)
        uniform = np.random.default_rng(seeds(seed, OUTPUT)).random(count)
        output_tokens = np.empty(count)
        classes = (place * len(self.output_tokens)).astype(np.int8 if len(self.output_tokens) < 128 else np.int64)
        for at, row in enumerate(self.output_tokens):
            chosen = classes == at
            output_tokens[chosen] = drawn(self.output_shares, row, uniform[chosen])
        return _whole(drawn(self.input_shares, self.input_tokens, place)), _whole(output_tokens)

    def mean_tokens(self) -> tuple[float, float]:
        """Mean of prompts and of answers."""
        answers = [mean(self.output_shares, row) for row in self.output_tokens]
        return mean(self.input_shares, self.input_tokens), math.fsum(answers) / len(answers)

    def gaps(self, count: int, seed: Seed) -> Floats:
        """Gaps between requests, 1 on average: [request].

        Each gap's rank is that of a normal number, the sum of one of its own and of one that changes slowly from
        request to request (a first-order autoregression): a Gaussian copula, which leaves their distribution as it is.
        """
        from scipy.signal import lfilter
        from scipy.special import ndtr

        normal = np.random.default_rng(seeds(seed, FAST)).standard_normal(count)
        if self.gap_persistence:
            kept = math.exp(-1 / self.persistent_requests)
            news = np.random.default_rng(seeds(seed, SLOW)).standard_normal(count) * math.sqrt(1 - kept**2)
            news[:1] /= math.sqrt(1 - kept**2)
            normal *= math.sqrt(1 - self.gap_persistence)
            normal += math.sqrt(self.gap_persistence) * lfilter([1.0], [1.0, -kept], news)
        gaps = drawn(self.gap_shares, self.gap_ratios, ndtr(normal))
        gaps /= mean(self.gap_shares, self.gap_ratios)
        return gaps


def _whole(tokens: Floats) -> Integers:
    """The nearest whole number of tokens, at least 1: [request]."""
    return np.maximum(np.rint(tokens), 1).astype(np.int64)
