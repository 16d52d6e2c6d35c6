"""How sure a difference is: both scenarios drawn with the same inputs, so that what they have in common cancels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from simulator.comparing.comparison import Compared
from simulator.uncertainty.fast_step import FastStep, fast_step
from simulator.uncertainty.inputs import HIGH_SHARE, LOW_SHARE, Input, factors
from simulator.uncertainty.sampling import points

Who: TypeAlias = tuple[str, str, float, str]
"""What makes two scenarios' inputs the same: path, source, spread and shape."""
SAMPLES = 256
COLUMNS = ("scenario", "figure", "low_ratio", "high_ratio")


def paired(base: Compared, other: Compared, samples: int = SAMPLES) -> pd.DataFrame:
    """The 90 % interval of each figure's relative difference, from the inputs alone.

    An input that both have from one source is drawn once for both; one that only one of them has is drawn for it. The
    simulator's own error is not added: most of it is in both, and how much is not known. The interval is put around
    the simulated difference in proportion.

    returns  [figure]  scenario (the other's label), figure, low_ratio, high_ratio
    Raises Refused, ScheduleError and TooLarge as `Estimator.parts`.
    """
    steps = fast_step(base.scenario), fast_step(other.scenario)
    known = {_who(one): one for step in steps for one in step.inputs.inputs}
    names = list(known)
    drawn = factors(list(known.values()), points(samples, len(names), base.scenario.seed))
    first, second = (_values(step, drawn, names) for step in steps)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(first[1:] != 0, second[1:] / first[1:], 1.0)
        nominal = np.where(first[0] != 0, second[0] / first[0], 1.0)
    low, high = np.quantile(ratios, [LOW_SHARE, HIGH_SHARE], axis=0)
    rows = []
    for at, metric in enumerate(steps[0].metrics):
        before, after = (one.result.headline[metric].value for one in (base, other))
        simulated = after / before if before else 1.0
        scale = simulated / float(nominal[at]) if nominal[at] else 1.0
        rows.append((other.label, metric, float(low[at]) * scale - 1, float(high[at]) * scale - 1))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _who(one: Input) -> Who:
    """What an input is known by."""
    return (one.name, one.source, one.spread, one.shape)


def _values(step: FastStep, drawn: np.ndarray, names: Sequence[Who]) -> np.ndarray:
    """Figures of one scenario, first with all inputs as they are: [1 + sample, metric]."""
    own = drawn[:, [names.index(_who(one)) for one in step.inputs.inputs]]
    return step(np.concatenate([np.ones((1, own.shape[1])), own]))
