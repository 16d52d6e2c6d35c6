"""All requests alike."""

from __future__ import annotations

from typing import Literal

import numpy as np

from topologies.units import Tokens
from workloads.length_kind import LengthSpec
from workloads.requests import Integers
from workloads.router import Seed


class Fixed(LengthSpec):
    """Every prompt and every answer has the same length."""

    kind: Literal["fixed"] = "fixed"
    input_tokens: Tokens
    output_tokens: Tokens

    def draw(self, count: int, seed: Seed) -> tuple[Integers, Integers]:
        """The same lengths so many times: [request], [request]."""
        return np.full(count, self.input_tokens, np.int64), np.full(count, self.output_tokens, np.int64)

    def mean_tokens(self) -> tuple[float, float]:
        """What was given."""
        return float(self.input_tokens), float(self.output_tokens)
