"""A distribution told by its quantiles, and what lies between two of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field

from workloads.requests import Floats

Share = Annotated[float, Field(ge=0, le=1)]
Value = Annotated[float, Field(gt=0)]


def ascending_from_0_to_1(shares: tuple[float, ...]) -> tuple[float, ...]:
    """Shares of a distribution: the first is 0, the last 1, each above the one before. Raises ValueError."""
    if len(shares) < 2 or shares[0] != 0 or shares[-1] != 1 or any(a >= b for a, b in pairwise(shares)):
        raise ValueError("write shares that ascend from 0 to 1")
    return shares


def not_falling(values: tuple[float, ...]) -> tuple[float, ...]:
    """Values of which none is below the one before. Raises ValueError."""
    for before, value in pairwise(values):
        if value < before:
            raise ValueError(f"quantiles ascend, but {value:g} comes after {before:g}")
    return values


Shares = Annotated[tuple[Share, ...], AfterValidator(ascending_from_0_to_1)]
Quantiles = Annotated[tuple[Value, ...], Field(min_length=2), AfterValidator(not_falling)]


def drawn(shares: Sequence[float], values: Sequence[float], uniform: Floats) -> Floats:
    """Value below which a share of all lies, its logarithm straight between two quantiles: [any] -> [any]."""
    logarithms: Floats = np.interp(uniform, shares, np.log(values))
    return np.exp(logarithms, out=logarithms)


def mean(shares: Sequence[float], values: Sequence[float]) -> float:
    """Mean of what `drawn` draws: between quantiles a and b, (b - a) / ln(b / a)."""
    parts = zip(pairwise(shares), pairwise(values), strict=True)
    return math.fsum((q - p) * (a if a == b else (b - a) / math.log(b / a)) for (p, q), (a, b) in parts)
