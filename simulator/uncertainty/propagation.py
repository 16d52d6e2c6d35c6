"""Low, mid and high of every headline figure: inputs drawn from their intervals, put through a fast function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.uncertainty.fast_step import KEPT, fast_step
from simulator.uncertainty.inputs import HIGH_SHARE, LOW_SHARE, Input, factors
from simulator.uncertainty.sampling import points
from workloads.scenario import Scenario

Floats = NDArray[np.float64]
Fast = Callable[[Floats], Floats]
"""Factors on the inputs [sample, input] -> metrics [sample, metric]."""
SAMPLES = 1000


class Band(NamedTuple):
    """Interval that holds nine of ten, and its median."""

    low: float
    mid: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Propagation:
    """What the inputs' uncertainty makes of the metrics.

    factors  [sample, input]   on the inputs' nominal values
    values   [sample, metric];  nominal   [metric]  with all inputs at their nominal values
    notes    what was not varied
    """

    inputs: tuple[Input, ...]
    metrics: tuple[str, ...]
    factors: Floats
    values: Floats
    nominal: Floats
    seed: int
    notes: tuple[str, ...] = ()

    def bands(self) -> dict[str, Band]:
        """The 90 % interval of each metric; a metric that no input moves has one of no width."""
        found = np.quantile(self.values, [LOW_SHARE, 0.5, HIGH_SHARE], axis=0)
        return {metric: Band(*found[:, at].tolist()) for at, metric in enumerate(self.metrics)}

    def table(self) -> pd.DataFrame:
        """One row a metric: metric, nominal, low, mid, high."""
        rows = [
            (metric, float(nominal), *band)
            for (metric, band), nominal in zip(self.bands().items(), self.nominal, strict=True)
        ]
        return pd.DataFrame(rows, columns=["metric", "nominal", "low", "mid", "high"])


def propagate(scenario: Scenario, samples: int = SAMPLES, seed: int = 0, workers: int = 1) -> Propagation:
    """Draw a training scenario's inputs and estimate its step for each, in several processes if asked.

    Raises as `Estimator.parts`.
    """
    step = fast_step(scenario)
    fast: Fast = step if workers == 1 else lambda drawn: _shared(step, drawn, workers)
    return noted(propagated(fast, step.inputs.inputs, step.metrics, samples, seed))


def propagated(fast: Fast, inputs: Sequence[Input], metrics: Sequence[str], samples: int, seed: int) -> Propagation:
    """Draw inputs and put them through any function."""
    drawn = factors(inputs, points(samples, len(inputs), seed)) if inputs else np.empty((samples, 0))
    nominal = fast(np.ones((1, len(inputs))))[0]
    return Propagation(tuple(inputs), tuple(metrics), drawn, fast(drawn), nominal, seed)


def _shared(fast: Fast, drawn: Floats, workers: int) -> Floats:
    """The same with the samples shared among processes."""
    with ProcessPoolExecutor(workers) as pool:
        return np.concatenate(list(pool.map(fast, np.array_split(drawn, min(workers, len(drawn))))))


def noted(found: Propagation) -> Propagation:
    """The same with notes on what was not varied, and how many inputs were."""
    number = sum(one.shape != "exact" for one in found.inputs)
    said = (
        f"{len(found.values):,} samples: {number} inputs vary, each by itself; values that stand on one source vary "
        "together"
    )
    return replace(found, notes=(said, *KEPT))
