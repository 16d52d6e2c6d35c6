"""How far a whole run's figures may be off: its steady step's inputs and the simulator's own error, then luck."""

from __future__ import annotations

import math
from dataclasses import replace

from simulator.long_run.result import RunResult
from simulator.result import Figure
from simulator.uncertainty.fast_step import fast_step
from simulator.uncertainty.intervals import Asked, Tell, drawn_and_whole, in_pieces, inputs_table, tornado_table, untold
from simulator.uncertainty.propagation import Band
from simulator.uncertainty.tables import INPUTS, TORNADO
from workloads.long_run import Run

TIMES = ("gpu_hours", "productive_gpu_hours", "ramp_gpu_hours", "days", "days_per_trillion_tokens")
RENTS = ("cost_usd", "productive_usd", "usd_per_trillion_tokens")
"""Figures that follow the step's time, and those that follow its rent, the price's interval among it."""


def with_error_bars(result: RunResult, run: Run, asked: Asked, tell: Tell = untold) -> RunResult:
    """The result with low, mid and high at 90 % of times and rents, and what moves the step most.

    Every phase's steps are taken to be off as the run's scenario's step is, whose band goes around each figure in
    proportion. Luck is independent of it: the logarithms of both half widths are added as squares. Raises as
    `Estimator.parts`.
    """
    step = fast_step(run.scenario)
    drawn, whole = drawn_and_whole(step, asked.samples, tell)
    bands = whole.bands()
    nominal = dict(zip(step.metrics, drawn.nominal.tolist(), strict=True))
    of_time = _over(bands["step_s"], nominal["step_s"])
    of_rent = _over(bands["cost_usd"], nominal["cost_usd"])
    widening = dict.fromkeys(RENTS, of_rent) | dict.fromkeys(TIMES, of_time)
    widening |= {f"gpu_hours.{phase.name}": of_time for phase in run.phases if phase.kind != "stated"}
    headline = {
        name: _widened(figure, widening[name]) if name in widening else figure
        for name, figure in result.headline.items()
    }
    turned = in_pieces(step, "Turning inputs one by one", tell)
    tables = {TORNADO: tornado_table(turned, step), INPUTS: inputs_table(step)}
    return replace(result, headline=headline, tables={**result.tables, **tables})


def _over(band: Band, nominal: float) -> Band:
    """A band in units of its nominal value."""
    return Band(*(end / nominal for end in band))


def _widened(figure: Figure, band: Band) -> Figure:
    """The figure inside of the band, and of its own ends where it has any."""
    value = figure.value
    ends = {}
    for name, luck, ratio in (("low", figure.low, band.low), ("high", figure.high, band.high)):
        own = math.log(luck / value) if luck else 0.0
        width = math.hypot(own, math.log(ratio))
        ends[name] = value * math.exp(-width if name == "low" else width)
    return replace(figure, low=ends["low"], mid=value * band.mid, high=ends["high"])
