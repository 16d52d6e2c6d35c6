"""What requests ask of units, as moments and quantiles: how often they come, how long prompts and answers are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workloads.requests import Requests

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Offered:
    """A stream of requests in the steady state; columns say which lengths come together, all rows equally often.

    requests_per_s     mean
    new_tokens         [row]  of a prompt, those that no cache has; above 0
    cached_tokens      [row]  of the same prompt, those that a cache has
    output_tokens      [row]  of the answer, at least 1; the first comes with the prompt's last step
    burstiness_ratio   squared coefficient of variation of the time between two requests: 1 for a Poisson process
    """

    requests_per_s: float
    new_tokens: Floats
    cached_tokens: Floats
    output_tokens: Floats
    burstiness_ratio: float = 1.0

    @property
    def new_mean_tokens(self) -> float:
        """New tokens of a prompt."""
        return float(self.new_tokens.mean())

    @property
    def new_variation(self) -> float:
        """Squared standard deviation of a prompt's new tokens over their squared mean."""
        return float(self.new_tokens.var()) / self.new_mean_tokens**2

    @property
    def met_tokens(self) -> float:
        """New tokens of the prompt that a token taken at random belongs to: E[x^2] / E[x]."""
        return float((self.new_tokens**2).mean()) / self.new_mean_tokens

    @property
    def decoded_mean_tokens(self) -> float:
        """Tokens of an answer that decode steps write: all but the first."""
        return float((self.output_tokens - 1).mean())

    @property
    def prefill_keys_tokens(self) -> float:
        """Earlier tokens that a new token of a prompt looks at: E[x (c + x / 2)] / E[x]."""
        seen = self.new_tokens * (self.cached_tokens + self.new_tokens / 2)
        return float(seen.mean()) / self.new_mean_tokens

    @property
    def decode_keys_tokens(self) -> float:
        """Earlier tokens that a written token looks at; long answers are met in more steps: E[o (p + o / 2)] / E[o]."""
        return self._over_answers(1)

    @property
    def decode_keys_deviation_tokens(self) -> float:
        """Standard deviation of the same over the sequences of a step."""
        return float(np.sqrt(max(self._over_answers(2) - self._over_answers(1) ** 2, 0.0)))

    def _over_answers(self, power: int) -> float:
        """Mean of (tokens cached)^power over written tokens: beside p of a prompt, evenly p .. p + o."""
        prompts, written = self.new_tokens + self.cached_tokens, self.output_tokens - 1
        if not written.sum():
            return float((prompts**power).mean())
        exponent = power + 1
        integral = ((prompts + written) ** exponent - prompts**exponent) / exponent
        return float(integral.mean()) / self.decoded_mean_tokens

    def times(self, ratio: float) -> Offered:
        """The same requests, so many times as often. Raises ValueError where nothing would be left."""
        if not ratio > 0:
            raise ValueError(f"{ratio:g} times as many requests: write a ratio above 0")
        return replace(self, requests_per_s=self.requests_per_s * ratio)


def steady(requests_per_s: float, new_tokens: float, output_tokens: float, cached_tokens: float = 0.0) -> Offered:
    """Requests that are all alike and come as a Poisson process."""
    new, cached, output = (np.array([float(tokens)]) for tokens in (new_tokens, cached_tokens, output_tokens))
    return Offered(requests_per_s, new, cached, output)


def offered(requests: Requests, cached_share: float, burst_s: float) -> Offered:
    """Moments of a stream; cached_share   of each prompt, what caches have (at least one token is new).

    burst_s   length of the intervals over which requests are counted: variance over mean of the counts is taken for
              the squared coefficient of variation (equal for a renewal process over long intervals; Cox 1962)
    Raises ValueError for fewer than two requests.
    """
    if requests.count < 2:
        raise ValueError(f"{requests.count} requests have no rate: give at least two")
    span_s = float(requests.arrival_s[-1] - requests.arrival_s[0])
    prompts = requests.input_tokens.astype(np.float64)
    cached = np.minimum(np.floor(prompts * cached_share), prompts - 1)
    bins = int(span_s // burst_s)
    counts = np.bincount(((requests.arrival_s - requests.arrival_s[0]) // burst_s).astype(np.int64))[:bins]
    burstiness = float(counts.var() / counts.mean()) if bins > 1 else 1.0
    answers = requests.output_tokens.astype(np.float64)
    return Offered((requests.count - 1) / span_s, prompts - cached, cached, answers, max(burstiness, 1e-3))
