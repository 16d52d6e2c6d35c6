"""What to do about failures: how often to write checkpoints, how many spare nodes to keep for a promised date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulator.failures.hazards import hazards, mtbf_s
from simulator.failures.lives import simulate, simulate_phases
from simulator.failures.longrun import LongRun
from simulator.failures.outcomes import together
from simulator.failures.renewal import daly_s, young_s
from simulator.refusal import Refused
from topologies.units import pretty

AROUND = tuple(2.0 ** (power / 4) for power in range(-8, 9))
"""Intervals that are tried, as multiples of Daly's: from a quarter to four times."""


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Checkpoint intervals that were tried, with the same luck each.

    interval_s   [tried]  seconds of work;  wall_s   [tried]  mean wall time
    error_s      [tried]  standard error of the difference from the best
    """

    interval_s: NDArray[np.float64]
    wall_s: NDArray[np.float64]
    error_s: NDArray[np.float64]
    young_s: float
    daly_s: float

    @property
    def best_s(self) -> float:
        """Interval with the least mean wall time."""
        return float(self.interval_s[self.wall_s.argmin()])

    @property
    def as_good_s(self) -> tuple[float, float]:
        """Shortest and longest interval that cannot be told from the best: within two standard errors."""
        close = self.interval_s[self.wall_s - self.wall_s.min() <= 2 * self.error_s]
        return float(close.min()), float(close.max())


@dataclass(frozen=True, slots=True)
class Spares:
    """Spare nodes that keep a promise.

    nodes         fewest that do
    probability   by number of spare nodes that was tried, share of the runs that were done by the date
    """

    nodes: int
    probability: tuple[tuple[int, float], ...]


def best_interval(run: LongRun, tried_s: Sequence[float] | None = None, runs: int = 200, seed: int = 0) -> Intervals:
    """Play the run with several checkpoint intervals; Young's and Daly's for what steps wait and the MTBF.

    tried_s   seconds of work, rounded to whole steps; around Daly's if left out

    Raises Refused where nothing stops the run, or where checkpoints cost nothing.
    """
    between_s, block_s = mtbf_s(hazards(run.reliability, run.components)), run.saving.block_s
    if block_s == 0:
        raise Refused("steps do not wait for checkpoints, so the best interval is the shortest: after each step")
    daly = daly_s(block_s, between_s)
    wanted_s = tried_s if tried_s is not None else [daly * ratio for ratio in AROUND]
    steps = sorted({min(max(1, round(one / run.step_s)), run.steps) for one in wanted_s})
    walls_s = np.stack([simulate(_every(run, one), runs, seed).wall_s for one in steps])
    mean_s = walls_s.mean(axis=1)
    apart_s = walls_s - walls_s[mean_s.argmin()]
    error_s = apart_s.std(axis=1, ddof=1) / np.sqrt(runs) if runs > 1 else np.full(len(steps), np.inf)
    return Intervals(np.array(steps) * run.step_s, mean_s, error_s, young_s(block_s, between_s), daly)


def _every(run: LongRun, steps: int) -> LongRun:
    """The run with another checkpoint interval."""
    return replace(run, saving=replace(run.saving, every_steps=steps))


def with_spares(run: LongRun, nodes: int) -> LongRun:
    """The run with another number of spare nodes."""
    return replace(run, reliability=run.reliability.with_changes({"recovery.spare_nodes": nodes}))


def spares_for(
    run: LongRun | Sequence[LongRun],
    date_s: float,
    probability: float,
    most: int = 64,
    runs: int = 1000,
    seed: int = 0,
) -> Spares:
    """Fewest spare nodes with which the run, or all of its phases, are done by a date with a probability.

    Found by halving. Raises Refused if not even `most` would do, with what they reach.
    """
    tried: dict[int, float] = {}

    def keeps(nodes: int) -> bool:
        if isinstance(run, LongRun):
            done = simulate(with_spares(run, nodes), runs, seed, until_s=date_s)
        else:
            done = together(simulate_phases([with_spares(phase, nodes) for phase in run], runs, seed))
        tried[nodes] = done.probability_by(date_s)
        return tried[nodes] >= probability

    if not keeps(most):
        raise Refused(
            f"done in {pretty(date_s, 's')} with a probability of {tried[most]:.1%}, not {probability:.1%}, even with "
            f"{most} spare nodes: promise a later date, write checkpoints at a better interval, or restart faster"
        )
    too_few, enough = -1, most
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if keeps(middle) else (middle, enough)
    return Spares(enough, tuple(sorted(tried.items())))
