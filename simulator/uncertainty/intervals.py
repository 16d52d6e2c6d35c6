"""A result with low, mid and high of every headline figure, and what each uncertain input weighs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.result import Figure, Result
from simulator.uncertainty.fast_step import FastStep, fast_step
from simulator.uncertainty.input_text import ends
from simulator.uncertainty.known import KNOWN
from simulator.uncertainty.propagation import Band, Fast, Propagation, noted, propagated
from simulator.uncertainty.residuals import with_residual
from simulator.uncertainty.tables import INPUTS, INTERVALS, NOTES, SOBOL, TORNADO
from simulator.uncertainty.weights import LARGEST, indices, tornado
from workloads.scenario import Scenario

Floats = NDArray[np.float64]
Tell = Callable[[str, int, int], None]
"""Told what is being done, how many samples are done, of how many."""
QUICK = 256
"""Samples that put a band's ends within 2 % of those of 4,096, in some two seconds (tests/crosscheck)."""
AT_ONCE = 32
SAME_AS = {"step_every_gpu_s": "step_s"}
"""Figures that the fast estimate does not have, and whose relative interval is theirs."""
STEP = "step_s"


def untold(what: str, done: int, whole: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How intervals are found: so many samples; whether Sobol indices are estimated too."""

    samples: int = QUICK
    sobol: bool = False


class _Ends(NamedTuple):
    """A figure's value, its band with everything, and its band from the inputs alone."""

    value: float
    whole: Band
    inputs: Band


def with_intervals(result: Result, scenario: Scenario, asked: Asked = Asked(), tell: Tell = untold) -> Result:
    """The result with an interval for each headline figure and tables of what makes it wide.

    A band of the fast estimate is put around the simulated value in proportion. Tables: INTERVALS, TORNADO (of the
    step), INPUTS, NOTES and, if asked, SOBOL. Raises as `Estimator.parts`.
    """
    step = fast_step(scenario)
    drawn, whole = drawn_and_whole(step, asked.samples, tell)
    found = {name: _around(figure, name, whole, drawn) for name, figure in result.headline.items()}
    headline = {name: _with_ends(figure, found.get(name)) for name, figure in result.headline.items()}
    turned = in_pieces(step, "Turning inputs one by one", tell)
    tables = {
        INTERVALS: _intervals(result.headline, found),
        TORNADO: tornado_table(turned, step),
        INPUTS: inputs_table(step),
        NOTES: pd.DataFrame({"note": whole.notes}),
    }
    if asked.sobol:
        explained = indices(in_pieces(step, "Sampling for Sobol indices", tell), step, STEP, seed=scenario.seed)
        tables[SOBOL] = explained.table(STEP).rename(columns={"group": "input"})
    return replace(result, headline=headline, tables={**result.tables, **tables})


def drawn_and_whole(step: FastStep, samples: int, tell: Tell) -> tuple[Propagation, Propagation]:
    """The step's figures under so many draws of its inputs, and with the simulator's own error added."""
    fast = in_pieces(step, "Drawing inputs from their intervals", tell)
    drawn = noted(propagated(fast, step.inputs.inputs, step.metrics, samples, step.nominal.seed))
    return drawn, with_residual(drawn, KNOWN)


def in_pieces(fast: Fast, what: str, tell: Tell) -> Fast:
    """The same function, which tells how far it is after every AT_ONCE samples."""

    def piecewise(factors: Floats) -> Floats:
        found = []
        for start in range(0, len(factors), AT_ONCE):
            tell(what, start, len(factors))
            found.append(fast(factors[start : start + AT_ONCE]))
        return np.concatenate(found)

    return piecewise


def _around(figure: Figure, name: str, whole: Propagation, drawn: Propagation) -> _Ends | None:
    """The bands of a figure, None where the estimate has none for it."""
    metric = SAME_AS.get(name, name)
    if metric not in whole.metrics:
        return None
    nominal = float(whole.nominal[whole.metrics.index(metric)])
    scale = figure.value / nominal if nominal else 1.0
    bands = (Band(*(scale * end for end in of.bands()[metric])) for of in (whole, drawn))
    return _Ends(figure.value, *bands)


def _with_ends(figure: Figure, ends: _Ends | None) -> Figure:
    """A figure with its interval."""
    if ends is None:
        return figure
    return replace(figure, low=ends.whole.low, mid=ends.whole.mid, high=ends.whole.high)


def _intervals(headline: Mapping[str, Figure], found: Mapping[str, _Ends | None]) -> pd.DataFrame:
    """One row a figure: figure, unit, value, low, mid, high, and the ends that the inputs alone would give."""
    rows = [
        (name, headline[name].unit, ends.value, *ends.whole, ends.inputs.low, ends.inputs.high)
        for name, ends in found.items()
        if ends is not None
    ]
    return pd.DataFrame(rows, columns=["figure", "unit", "value", "low", "mid", "high", "inputs_low", "inputs_high"])


def tornado_table(fast: Fast, step: FastStep) -> pd.DataFrame:
    """One row an input: input, low, high (as text), step_nominal_s, step_at_low_s, step_at_high_s, basis, source."""
    found = tornado(fast, step.inputs.inputs, step.metrics, STEP, LARGEST)
    rows: Sequence[tuple[object, ...]] = [
        (one.input.name, *ends(one.input)[1:], found.nominal, one.at_low, one.at_high, one.input.basis,
         one.input.source)
        for one in found.swings
    ]  # fmt: skip
    columns = ["input", "low", "high", "step_nominal_s", "step_at_low_s", "step_at_high_s", "basis", "source"]
    return pd.DataFrame(rows, columns=columns)


def inputs_table(step: FastStep) -> pd.DataFrame:
    """One row an input that varies: input, value, low, high (as text), basis, source."""
    rows = [(one.name, *ends(one), one.basis, one.source) for one in step.inputs.inputs if one.shape != "exact"]
    return pd.DataFrame(rows, columns=["input", "value", "low", "high", "basis", "source"])
