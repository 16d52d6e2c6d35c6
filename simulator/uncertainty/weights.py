"""What each input of a scenario weighs: a tornado of one at a time, and Sobol indices of the largest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from simulator.uncertainty.fast_step import FastStep, fast_step
from simulator.uncertainty.indices import Indices, sobol_indices
from simulator.uncertainty.inputs import HIGH_SHARE, LOW_SHARE, Input, factors
from simulator.uncertainty.propagation import Fast
from topologies.problems import meant
from workloads.scenario import Scenario

LARGEST = 12
"""Inputs that a tornado shows."""
REST = "all others"
SAMPLES = 256
"""Samples of Sobol indices: their number times (inputs + 2) is what is evaluated."""


class Swing(NamedTuple):
    """A metric with one input at its low and at its high end, all others at their nominal values."""

    input: Input
    at_low: float
    at_high: float

    @property
    def width(self) -> float:
        """What lies between the two."""
        return abs(self.at_high - self.at_low)


class Tornado(NamedTuple):
    """The largest swings of a metric, widest first, around its nominal value."""

    metric: str
    nominal: float
    swings: tuple[Swing, ...]

    def table(self) -> pd.DataFrame:
        """One row an input: input, nominal, low, high, at_low, at_high, basis, source."""
        rows = [
            (put.name, put.nominal, put.low, put.high, at_low, at_high, put.basis, put.source)
            for put, at_low, at_high in self.swings
        ]
        columns = ["input", "nominal", "low", "high", "at_low", "at_high", "basis", "source"]
        return pd.DataFrame(rows, columns=columns)


def tornado(fast: Fast, inputs: Sequence[Input], metrics: Sequence[str], metric: str, most: int = LARGEST) -> Tornado:
    """Turn one input at a time to the ends of its interval; inputs that change nothing are left out.

    Raises ValueError for a metric that is not among `metrics`.
    """
    if metric not in metrics:
        raise ValueError(f"no metric `{metric}`{meant(metric, metrics)}; there are {', '.join(metrics)}")
    at = list(metrics).index(metric)
    ends = np.ones((2 * len(inputs) + 1, len(inputs)))
    shares = np.array([[LOW_SHARE] * len(inputs), [HIGH_SHARE] * len(inputs)])
    if inputs:
        low, high = factors(inputs, shares)
        for number in range(len(inputs)):
            ends[2 * number, number], ends[2 * number + 1, number] = low[number], high[number]
    found = fast(ends)[:, at].tolist()
    swings = [Swing(one, *found[2 * number : 2 * number + 2]) for number, one in enumerate(inputs)]
    widest = sorted((swing for swing in swings if swing.width > 0), key=lambda swing: -swing.width)
    return Tornado(metric, found[-1], tuple(widest[:most]))


def scenario_tornado(scenario: Scenario, metric: str = "step_s", most: int = LARGEST) -> Tornado:
    """The tornado of a scenario's headline figure. Raises as `Estimator.parts`, ValueError for an unknown metric."""
    step = fast_step(scenario)
    return tornado(step, step.inputs.inputs, step.metrics, metric, most)


def scenario_indices(
    scenario: Scenario, metric: str = "step_s", samples: int = SAMPLES, seed: int = 0, largest: int = LARGEST
) -> Indices:
    """Sobol indices of all headline figures for the inputs that swing one of them most, the others taken as one.

    Raises as `scenario_tornado`.
    """
    step = fast_step(scenario)
    return indices(step, step, metric, samples, seed, largest)


def indices(
    fast: Fast, step: FastStep, metric: str, samples: int = SAMPLES, seed: int = 0, largest: int = LARGEST
) -> Indices:
    """The same of a step that was prepared already; `fast` is the step or what stands for it."""
    inputs = step.inputs.inputs
    swings = tornado(step, inputs, step.metrics, metric, largest).swings
    names = [one.name for one in inputs]
    groups = {swing.input.name: [names.index(swing.input.name)] for swing in swings}
    others = [at for at, name in enumerate(names) if name not in groups]
    if others:
        groups[REST] = others
    return sobol_indices(lambda shares: fast(factors(inputs, shares)), groups, step.metrics, samples, seed)
