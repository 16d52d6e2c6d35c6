"""An uncertain input: its nominal value, the interval that holds 9 values of 10, and how values lie in it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from topologies.entry import Provenance

Floats = NDArray[np.float64]
Shape = Literal["lognormal", "loguniform", "exact"]

INSIDE_SHARE = 0.9
"""Share of the values that lie in an interval."""
LOW_SHARE, HIGH_SHARE = (1 - INSIDE_SHARE) / 2, (1 + INSIDE_SHARE) / 2
NORMAL_HIGH = 1.6448536269514722
"""Quantile of the standard normal distribution at HIGH_SHARE."""

DEFAULT_SPREADS: Mapping[str, float] = MappingProxyType(
    {"published": 0.01, "measured": 0.03, "derived": 0.08, "assumed": 0.2}
)
"""Spread of a value whose source states none, by its basis. Published: the rounding of a printed figure. Measured: from
one device to the next. Derived and assumed: about the median of the spreads that the catalogue's sources do state."""

SHAPES: Mapping[str, Shape] = MappingProxyType(
    {"published": "lognormal", "measured": "lognormal", "derived": "lognormal", "assumed": "loguniform"}
)
"""A figure that somebody found is likelier near than far; of an assumed one no part of the range is likelier."""


@dataclass(frozen=True, slots=True)
class Input:
    """One uncertain input.

    name     dotted path of the value, or of the part whose values stand on one source
    nominal  in SI; 1 where the input is a common factor on several values
    spread   nine values of ten lie between nominal / (1 + spread) and nominal x (1 + spread), so that none is negative
             and a rate is as uncertain as the time that it means
    """

    name: str
    nominal: float
    spread: float
    shape: Shape
    basis: str
    source: str

    @property
    def low(self) -> float:
        """Value that one in twenty falls short of."""
        return self.nominal * float(self.factor(np.array(LOW_SHARE)))

    @property
    def high(self) -> float:
        """Value that one in twenty exceeds."""
        return self.nominal * float(self.factor(np.array(HIGH_SHARE)))

    def factor(self, shares: Floats) -> Floats:
        """Value over the nominal one at cumulative shares between 0 and 1, of any shape."""
        if self.shape == "exact" or self.spread == 0:
            return np.ones_like(shares)
        width = math.log1p(self.spread)
        if self.shape == "loguniform":
            return np.exp((2 * shares - 1) * width / INSIDE_SHARE)
        from scipy.special import ndtri

        scores: Floats = ndtri(shares)
        return np.exp(scores * (width / NORMAL_HIGH))


def uncertain(name: str, nominal: float, told: Provenance) -> Input:
    """An input with the spread that its source states, else the default of its basis."""
    spread = DEFAULT_SPREADS[told.basis] if told.spread is None else told.spread
    return Input(name, nominal, spread, SHAPES[told.basis] if spread else "exact", told.basis, told.source)


def factors(inputs: Sequence[Input], shares: Floats) -> Floats:
    """Factors of all inputs; shares, returns   [sample, input]."""
    return np.stack([one.factor(shares[:, at]) for at, one in enumerate(inputs)], axis=1)
