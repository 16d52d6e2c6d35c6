"""How sure a difference is: both scenarios drawn with the same inputs, so that what they have in common cancels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.comparing.comparison import Compared
from simulator.uncertainty.fast_step import FastStep, fast_step
from simulator.uncertainty.inputs import HIGH_SHARE, LOW_SHARE, Input, factors
from simulator.uncertainty.sampling import points

Floats = NDArray[np.float64]
Who: TypeAlias = tuple[str, str, float, str]
"""What makes two scenarios' inputs the same: path, source, spread and shape."""
SAMPLES = 256
COLUMNS = ("scenario", "figure", "low_ratio", "high_ratio")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two scenarios as one function of all their inputs; one that both have from one source is there once."""

    first: FastStep
    second: FastStep
    inputs: tuple[Input, ...]

    def __call__(self, drawn: Floats) -> tuple[Floats, Floats]:
        """Figures of either scenario, [sample, metric]; drawn  [sample, input] factors."""
        return self._values(self.first, drawn), self._values(self.second, drawn)

    def _values(self, step: FastStep, drawn: Floats) -> Floats:
        """Figures of one scenario; samples that are the same to it are worked out once."""
        names = [_who(one) for one in self.inputs]
        own = drawn[:, [names.index(_who(one)) for one in step.inputs.inputs]]
        different, which = np.unique(own, axis=0, return_inverse=True)
        return step(different)[which.reshape(-1)]

    def draws(self, samples: int) -> Floats:
        """Factors of all inputs as they are, then drawn: [1 + sample, input]."""
        shares = points(samples, len(self.inputs), self.first.nominal.seed)
        return np.concatenate([np.ones((1, len(self.inputs))), factors(list(self.inputs), shares)])


def pair(base: Compared, other: Compared) -> Pair:
    """Both prepared for draws. Raises Refused, ScheduleError and TooLarge as `Estimator.parts`."""
    first, second = fast_step(base.scenario), fast_step(other.scenario)
    known = {_who(one): one for step in (first, second) for one in step.inputs.inputs}
    return Pair(first, second, tuple(known.values()))


def paired(base: Compared, other: Compared, samples: int = SAMPLES) -> pd.DataFrame:
    """The 90 % interval of each figure's relative difference, from the inputs alone.

    An input that both have from one source is drawn once for both; one that only one of them has is drawn for it. The
    simulator's own error is not added: most of it is in both, and how much is not known. The interval is put around
    the simulated difference in proportion.

    returns  [figure]  scenario (the other's label), figure, low_ratio, high_ratio
    Raises as `pair`.
    """
    both = pair(base, other)
    first, second = both(both.draws(samples))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(first[1:] != 0, second[1:] / first[1:], 1.0)
        nominal = np.where(first[0] != 0, second[0] / first[0], 1.0)
    low, high = np.quantile(ratios, [LOW_SHARE, HIGH_SHARE], axis=0)
    rows = []
    for at, metric in enumerate(both.first.metrics):
        before, after = (one.result.headline[metric].value for one in (base, other))
        simulated = after / before if before else 1.0
        scale = simulated / float(nominal[at]) if nominal[at] else 1.0
        rows.append((other.label, metric, float(low[at]) * scale - 1, float(high[at]) * scale - 1))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _who(one: Input) -> Who:
    """What an input is known by."""
    return (one.name, one.source, one.spread, one.shape)
