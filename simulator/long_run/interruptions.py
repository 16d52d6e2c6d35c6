"""What failures, checkpoints and pauses add to a run's phases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.failures.choices import Intervals, Spares, best_interval, spares_for
from simulator.failures.hazards import hazards, mtbf_s, stops_per_s
from simulator.failures.lives import PATIENCE, simulate_phases
from simulator.failures.longrun import LongRun
from simulator.failures.outcomes import Outcomes, together
from simulator.failures.sizes import CheckpointSize
from simulator.long_run import parts
from simulator.long_run.phases import PhaseTime
from simulator.refusal import Refused
from topologies.units import pretty
from workloads.checkpoints import Checkpoints
from workloads.long_run import Run
from workloads.reliability import Reliability

INTERVAL_LIVES = 100
"""Lives for each checkpoint interval that is tried."""
INTERVAL_FAILURES = 10
"""Mean times between failures of work in which intervals are tried: which is best does not hang on the length."""
PROMISE_LIVES = 400
"""Most lives with which a promise is held against each number of spare nodes."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A run as it goes with everything that interrupts it.

    names      [stretch]  phase and stretch;  runs   [stretch]  as they are played
    outcomes   [stretch]  lives of each;  whole   all of them, life by life
    mtbf_s     from the rates, infinite where nothing stops the job
    intervals  None where no checkpoint interval is best: nothing fails, or none is waited for
    spares     nodes for the promised date; None without one
    """

    names: tuple[str, ...]
    runs: tuple[LongRun, ...]
    outcomes: tuple[Outcomes, ...]
    whole: Outcomes
    mtbf_s: float
    checkpoint: CheckpointSize
    intervals: Intervals | None
    spares: Spares | None

    @property
    def usual(self) -> int:
        """The life whose wall time is nearest to the median, the first of those."""
        wall_s = self.whole.wall_s
        return int(np.abs(wall_s - np.median(wall_s)).argmin())


def interrupted(run: Run, times: Sequence[PhaseTime], stated_s: float) -> Interrupted | None:
    """Play all trained phases many times; None for a run in which nothing fails.

    stated_s   seconds of phases that are not simulated, which a promised date has to hold too
    Raises Refused where the run would hardly get on, or a promise cannot be kept.
    """
    if run.reliability is None or run.checkpoints is None or run.hbm_stacks_per_gpu is None:
        return None
    given = (run.reliability, run.checkpoints, run.hbm_stacks_per_gpu)
    named = [(name, one) for phase in times for name, one in _long_runs(phase, *given)]
    runs, seed = tuple(one for _, one in named), run.scenario.seed
    _require_in_time(run, times, stated_s)
    outcomes = simulate_phases(runs, run.lives, seed)
    _require_done(outcomes)
    found = hazards(runs[0].reliability, runs[0].components)
    longest = max(runs, key=lambda one: one.work_s)
    first = next(phase for phase in times if phase.plan is not None)
    return Interrupted(
        names=tuple(name for name, _ in named),
        runs=runs,
        outcomes=outcomes,
        whole=together(outcomes),
        mtbf_s=mtbf_s(found) if stops_per_s(found) else float("inf"),
        checkpoint=parts.size(first.plan) if first.plan is not None else CheckpointSize(0.0, 0.0, 0.0),
        intervals=_intervals(longest, seed),
        spares=_spares(run, runs, stated_s),
    )


def _long_runs(
    phase: PhaseTime, reliability: Reliability, checkpoints: Checkpoints, hbm_stacks: int
) -> list[tuple[str, LongRun]]:
    """Each stretch of a phase in whole steps that take as long together."""
    if phase.plan is None:
        return []
    failing, found = parts.components(phase.plan.scenario.cluster, hbm_stacks), []
    for stretch in phase.stretches:
        steps = max(1, round(stretch.steps))
        step_s = stretch.work_s / steps
        saving = parts.written(phase.plan, checkpoints, step_s)
        name = phase.name if len(phase.stretches) == 1 else f"{phase.name}, {stretch.name}"
        found.append((name, LongRun(steps, step_s, failing, saving, reliability)))
    return found


def _require_in_time(run: Run, times: Sequence[PhaseTime], stated_s: float) -> None:
    """Refuse a date that is too early even if nothing fails."""
    least_s = stated_s + sum(stretch.work_s for phase in times for stretch in phase.stretches)
    if run.promise is not None and run.promise.by_s < least_s:
        raise Refused(
            f"promise.by_s: {pretty(run.promise.by_s, 's')} is too early: the run takes {pretty(least_s, 's')} if "
            "nothing fails; promise a later date"
        )


def _require_done(outcomes: Sequence[Outcomes]) -> None:
    """Refuse means over lives of which some were given up: those that are left flatter."""
    share = 1 - min(float(one.finished.mean()) for one in outcomes)
    if share:
        raise Refused(
            f"{100 * share:.1f} % of lives were given up after {PATIENCE:g} times the time without failures: "
            "give more reliability.recovery.spare_nodes, a shorter repair or restart, or a lower reliability.rate_ratio"
        )


def _intervals(longest: LongRun, seed: int) -> Intervals | None:
    """Checkpoint intervals of the longest stretch; None where none is best."""
    found = hazards(longest.reliability, longest.components)
    if longest.saving.block_s == 0 or not stops_per_s(found):
        return None
    enough = math.ceil(INTERVAL_FAILURES * mtbf_s(found) / longest.step_s)
    return best_interval(replace(longest, steps=min(longest.steps, enough)), runs=INTERVAL_LIVES, seed=seed)


def _spares(run: Run, runs: Sequence[LongRun], stated_s: float) -> Spares | None:
    """Spare nodes that keep the promise."""
    if run.promise is None:
        return None
    left_s = run.promise.by_s - stated_s
    if left_s <= 0:
        raise Refused("promise.by_s: the phases that are not simulated take longer already; promise a later date")
    try:
        lives = min(run.lives, PROMISE_LIVES)
        return spares_for(runs, left_s, run.promise.probability_share, runs=lives, seed=run.scenario.seed)
    except Refused as refused:
        raise Refused(f"promise: {refused}") from None
