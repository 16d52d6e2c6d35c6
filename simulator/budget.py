"""Where each pipeline rank's time goes: six parts that add up to the step exactly."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from simulator.result import BUDGET_TOLERANCE_RATIO, BudgetError
from simulator.run import Played

PARTS: Mapping[str, str] = MappingProxyType(
    {
        "1f": "Forward chunks that run alone (their transfers included)",
        "1b": "Backward chunks that run alone: full ones with their weight gradient, or input gradients only",
        "1w": "Weight gradients postponed out of their backward",
        "1f1b": "Overlapped pairs of a forward and a full backward",
        "bubble": "The rank waits for another rank: a neighbour's activation, or all ranks at the end",
        "optimizer": "Gradients summed over replicas, optimiser update, parameters sent back",
    }
)
"""Each part and what counts under it."""


def by_rank(played: Played, ranks: int) -> pd.DataFrame:
    """Seconds of each part on each pipeline rank.

    The bubble is what no chunk and no part of the optimiser fills. Raises BudgetError where the parts would not add
    up to the step: where a rank did two things at once.

    returns  [rank]  step_1f_s, step_1b_s, step_1w_s, step_1f1b_s, step_bubble_s, step_optimizer_s
    """
    trace = played.step
    step_s = trace.makespan_s
    seconds = trace.end_s - trace.start_s
    kinds = np.asarray(played.categories)
    table = pd.DataFrame({"rank": range(ranks)})
    for part in PARTS:
        chosen = kinds == part
        table[f"step_{part}_s"] = np.bincount(trace.rank[chosen], seconds[chosen], minlength=ranks)
    table["step_bubble_s"] = _idle_s(played, ranks)
    added = table.drop(columns="rank").sum(axis=1).to_numpy()
    worst = float(np.abs(added - step_s).max())
    if worst > BUDGET_TOLERANCE_RATIO * max(step_s, 1e-30):
        raise BudgetError(f"the parts of a rank miss the step of {step_s} s by {worst} s")
    return table


def _idle_s(played: Played, ranks: int) -> np.ndarray:
    """Seconds in which nothing that counts runs on a rank: step less the union of its intervals."""
    trace = played.step
    counted = np.isin(np.asarray(played.categories), [part for part in PARTS if part != "bubble"])
    busy_s = [trace.covered_s(counted & (trace.rank == rank)) for rank in range(ranks)]
    idle_s: np.ndarray = trace.makespan_s - np.array(busy_s)
    rounding = np.abs(idle_s) <= BUDGET_TOLERANCE_RATIO * trace.makespan_s
    return np.where(rounding, 0.0, idle_s)


def mean_parts(table: pd.DataFrame) -> dict[str, float]:
    """Seconds of each part, mean over pipeline ranks."""
    return {part: float(table[f"step_{part}_s"].mean()) for part in PARTS}
