"""Tables of a run: phases, layouts that were tried, where the time goes, failures, what to do about them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from simulator.failures.choices import Intervals, Spares
from simulator.failures.outcomes import PARTS
from simulator.headline import HOUR_S
from simulator.long_run import stretches
from simulator.long_run.interruptions import Interrupted
from simulator.long_run.layouts import Tried
from simulator.long_run.phases import PhaseTime
from workloads.fit import micro_batches
from workloads.layout import Layout


def phases(times: Sequence[PhaseTime], gpus: int) -> pd.DataFrame:
    """One row a phase: name, kind, sequences and tokens of a step, layout, micro_batches, step_s, tokens, gpu_hours."""
    rows = []
    for phase in times:
        told: tuple[object, ...] = ("", "", "", float("nan"), float("nan"))
        if phase.plan is not None:
            scenario = phase.plan.scenario
            job, layout = scenario.job, scenario.layout
            shape = f"{job.sequences_per_step:,} x {job.sequence_length:,}"
            number = micro_batches(layout, scenario.demands)
            told = (shape, axes(layout), layout.schedule.kind, float(number), phase.stretches[-1].step_s)
        hours = phase.gpu_hours(gpus)
        rows.append((phase.name, phase.phase.kind, *told, phase.tokens, hours - phase.ramp_extra_s * gpus / HOUR_S))
    columns = ["phase", "kind", "step", "layout", "schedule", "micro_batches", "step_s", "tokens", "gpu_hours"]
    return pd.DataFrame(rows, columns=columns)


def axes(layout: Layout) -> str:
    """The sizes of a layout's axes that are more than one."""
    sizes = {axis: getattr(layout, axis) for axis in ("tp", "pp", "cp", "dp", "ep", "etp")}
    return ", ".join(f"{axis} {size}" for axis, size in sizes.items() if size > 1)


def layouts(times: Sequence[PhaseTime], gpus: int) -> pd.DataFrame:
    """One row a size of context parallelism.

    returns  [tried]  phase, cp, dp, schedule, recompute, step_s, memory_bytes, fits, gpu_hours, chosen
    """
    rows = [
        (
            phase.name,
            *_tried(one),
            _work_s(phase, one) * gpus / HOUR_S,
            one.choice.layout == phase.chosen.scenario.layout,
        )
        for phase in times
        if phase.chosen is not None and phase.range_s is not None
        for one in phase.chosen.tried
    ]
    columns = [
        "phase", "cp", "dp", "schedule", "recompute", "step_s", "memory_bytes", "fits", "gpu_hours", "chosen",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _work_s(phase: PhaseTime, one: Tried) -> float:
    """Wall seconds of a phase on a layout that was tried."""
    return phase.stretches[0].steps * (phase.before_s + one.estimate.step_s)


def _tried(one: Tried) -> tuple[object, ...]:
    """What was tried and what it takes."""
    layout, found = one.choice.layout, one.estimate
    told = (layout.cp, layout.dp, layout.schedule.kind, one.choice.recompute)
    return (*told, found.step_s, found.memory_bytes, one.fits)


def ramps(times: Sequence[PhaseTime]) -> pd.DataFrame:
    """One row a batch of a ramp."""
    return stretches.table({phase.name: phase.rises for phase in times if phase.rises})


def parts(found: Interrupted) -> pd.DataFrame:
    """One row a part of the wall time: part, mean, 5 %, median, 95 % of all lives, what it counts."""
    told = found.whole.percentiles()
    spent = [told.loc[f"{part}_s"].to_numpy(np.float64).tolist() for part in PARTS]
    rows = [(part, *numbers, meaning) for (part, meaning), numbers in zip(PARTS.items(), spent, strict=True)]
    columns = ["part", "mean_s", "low_s", "median_s", "high_s", "meaning"]
    return pd.DataFrame(rows, columns=columns)


def failures(found: Interrupted) -> pd.DataFrame:
    """One row a cause: cause, failures in the mean life, whether it stops the job at once."""
    rows = zip(found.whole.causes, found.whole.by_cause().values(), found.whole.interrupts.tolist(), strict=True)
    table = pd.DataFrame(list(rows), columns=["cause", "failures", "stops"])
    return table.sort_values("failures", ascending=False, kind="stable", ignore_index=True)


def intervals(found: Intervals) -> pd.DataFrame:
    """One row a checkpoint interval that was tried: interval_s, lost_share (of the best's wall time), error_share."""
    least_s = float(found.wall_s.min())
    columns = {
        "interval_s": found.interval_s,
        "longer_share": found.wall_s / least_s - 1,
        "error_share": found.error_s / least_s,
    }
    return pd.DataFrame(columns)


def spares(found: Spares) -> pd.DataFrame:
    """One row a number of spare nodes that was tried: nodes, probability_share."""
    return pd.DataFrame(list(found.probability), columns=["nodes", "probability_share"])
