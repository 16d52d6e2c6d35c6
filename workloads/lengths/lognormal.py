"""Lengths whose logarithms are normal: most are short, a few are very long."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from topologies.problems import FieldErrors
from topologies.spec import Spec
from topologies.units import Tokens
from workloads.length_kind import LengthSpec
from workloads.requests import Floats, Integers
from workloads.router import Seed, seeds

INPUT, OUTPUT = 0, 1
NORMAL = NormalDist()
MOST_TOKENS = 10_000_000


class Lognormal(Spec):
    """Tokens of prompts, or of answers.

    median_tokens   half of all are shorter
    variation       standard deviation over the mean, as if there were no bounds
    least_tokens, most_tokens   what is drawn outside of them is put on them
    """

    median_tokens: Tokens
    variation: Annotated[float, Field(ge=0, le=20)]
    least_tokens: Tokens = 1
    most_tokens: Tokens = MOST_TOKENS

    @model_validator(mode="after")
    def _median_is_within(self) -> Self:
        """Bounds hold the median between them."""
        if not self.least_tokens <= self.median_tokens <= self.most_tokens:
            said = f"median {self.median_tokens} is not from {self.least_tokens} to {self.most_tokens} tokens"
            raise FieldErrors([("median_tokens", said)])
        return self

    @property
    def spread(self) -> float:
        """Standard deviation of the logarithm: variation**2 = exp(spread**2) - 1."""
        return math.sqrt(math.log1p(self.variation**2))

    def lengths(self, normal: Floats) -> Integers:
        """Tokens for standard normal numbers: [request] -> [request]."""
        drawn = np.rint(self.median_tokens * np.exp(self.spread * normal))
        tokens: Integers = np.clip(drawn, self.least_tokens, self.most_tokens).astype(np.int64)
        return tokens

    def mean(self) -> float:
        """Mean tokens: E[min(max(X, a), b)] = a F(a) + b (1 - F(b)) + the part of the mean from a to b."""
        if not self.spread:
            return float(self.median_tokens)
        low = math.log(self.least_tokens / self.median_tokens) / self.spread
        high = math.log(self.most_tokens / self.median_tokens) / self.spread
        within = NORMAL.cdf(high - self.spread) - NORMAL.cdf(low - self.spread)
        unbounded = self.median_tokens * math.exp(self.spread**2 / 2)
        return self.least_tokens * NORMAL.cdf(low) + self.most_tokens * NORMAL.cdf(-high) + unbounded * within


class LognormalLengths(LengthSpec):
    """Prompts and answers, each lognormal.

    correlation   of the two logarithms
    """

    kind: Literal["lognormal"] = "lognormal"
    input: Lognormal
    output: Lognormal
    correlation: Annotated[float, Field(ge=-1, le=1)] = 0.0

    def draw(self, count: int, seed: Seed) -> tuple[Integers, Integers]:
        """Lengths of pairs of correlated normal numbers: [request], [request]."""
        first = np.random.default_rng(seeds(seed, INPUT)).standard_normal(count)
        second = np.random.default_rng(seeds(seed, OUTPUT)).standard_normal(count)
        second = self.correlation * first + math.sqrt(1 - self.correlation**2) * second
        return self.input.lengths(first), self.output.lengths(second)

    def mean_tokens(self) -> tuple[float, float]:
        """Means of both, in closed form."""
        return self.input.mean(), self.output.mean()
