"""GPU-hours and rent of a run, line by line: phases at their steady rate, then all that comes on top."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from simulator.failures.outcomes import PARTS
from simulator.headline import HOUR_S
from simulator.long_run.interruptions import Interrupted
from simulator.long_run.phases import PhaseTime
from simulator.result import BUDGET_TOLERANCE_RATIO, BudgetError
from workloads.long_run import Run
from workloads.run_phases.stated import Stated

LOST = {
    "lost": "Work lost since the last checkpoint",
    "slowed": "Steps slowed by slow nodes and lost links",
    "checkpoint": "Waiting for checkpoints",
    "pause": "Pauses",
    "planned": "Planned stops",
    "detection": "Until failures are noticed",
    "waiting": "Waiting for a repaired node",
    "restart": "Restarts",
}
"""Parts of the wall time beside productive steps, as lines of the bill."""


class Line(NamedTuple):
    """One line. kind   phase, input (put in, not predicted), ramp, lost or spare"""

    what: str
    kind: str
    gpu_hours: float
    usd: float


def bill(run: Run, times: Sequence[PhaseTime], found: Interrupted | None) -> tuple[Line, ...]:
    """Every line with GPU-hours above zero, in the order of the run; means of all lives.

    Raises BudgetError where the lines do not add up to the wall time of the GPUs that are paid.
    """
    gpus, price = run.scenario.cluster.gpus, run.scenario.price.gpu_usd_per_s
    lines = tuple(
        Line(what, kind, seconds * gpus / HOUR_S, seconds * gpus * price)
        for what, kind, seconds in _seconds(run, times, found)
        if seconds > 0
    )
    paid_hours, told_hours = paid_gpus(run) * wall_s(times, found) / HOUR_S, sum(line.gpu_hours for line in lines)
    if not math.isclose(paid_hours, told_hours, rel_tol=BUDGET_TOLERANCE_RATIO):
        raise BudgetError(f"lines of {told_hours} GPU-hours for a run that takes {paid_hours}")
    return lines


def _seconds(run: Run, times: Sequence[PhaseTime], found: Interrupted | None) -> Iterator[tuple[str, str, float]]:
    """Lines as wall seconds of the GPUs that work."""
    for phase in times:
        yield phase.name, "input" if isinstance(phase.phase, Stated) else "phase", phase.work_s - phase.ramp_extra_s
    for phase in times:
        yield f"growing the batch of {phase.name}", "ramp", phase.ramp_extra_s
    if found is None:
        return
    for part in PARTS:
        if part in LOST:
            yield LOST[part], "lost", float(found.whole.part_s(part).mean())
    spares = paid_gpus(run) - run.scenario.cluster.gpus
    yield "spare nodes", "spare", wall_s(times, found) * spares / run.scenario.cluster.gpus


def wall_s(times: Sequence[PhaseTime], found: Interrupted | None) -> float:
    """From the first step to the last, mean of all lives."""
    if found is None:
        return sum(phase.work_s for phase in times)
    return float(found.whole.wall_s.mean()) + stated_s(times)


def stated_s(times: Sequence[PhaseTime]) -> float:
    """Wall seconds of phases that are not simulated."""
    return sum(phase.work_s for phase in times if phase.plan is None)


def paid_gpus(run: Run) -> int:
    """GPUs that are paid: those that work, and those of spare nodes."""
    cluster = run.scenario.cluster
    spares = run.reliability.recovery.spare_nodes if run.reliability is not None else 0
    return cluster.gpus + spares * cluster.node.gpus


def table(lines: Sequence[Line]) -> pd.DataFrame:
    """One row a line."""
    return pd.DataFrame(list(lines), columns=list(Line._fields))
