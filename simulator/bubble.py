"""Why ranks wait: the bubble of a step, cause by cause."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pandas as pd

from simulator import budget
from simulator.finish import Finish
from simulator.pipeline import Pace, content
from simulator.plan import Plan
from simulator.run import Key, Played, pace_of, play_pipeline
from workloads.schedule import ChunkTimes

NOTHING_AT_THE_END = Finish((), 0.0, ())


def causes(plan: Plan, played: Played) -> pd.DataFrame:
    """Split the bubble, mean over pipeline ranks, into what one change after the other adds.

    The pipeline is played again with equal stages, without sends and without a step's end; then with the stages as
    they are, then with sends, then whole. The first line is the published formula for equal stages, where there is
    one; the second is by how much the replay differs from it. The lines add up to the bubble.

    returns  [cause]  cause, seconds
    """
    whole = pace_of(plan, played.inside)
    alone = replace(whole, send_s=0.0, finish=[NOTHING_AT_THE_END] * len(plan.orders), by_stage=())
    even = replace(alone, step_s=_equal_stages(plan, whole))
    with_sends = replace(alone, send_s=whole.send_s)
    bubbles = [_bubble_s(plan, played, pace) for pace in (even, alone, with_sends, whole)]
    rows = [
        ("Stages that differ", bubbles[1] - bubbles[0]),
        ("Sends between stages", bubbles[2] - bubbles[1]),
        ("Waiting for the other ranks at the step's end", bubbles[3] - bubbles[2]),
    ]
    formula_s = _formula_s(plan, even)
    if formula_s is None:
        rows.insert(0, ("Order of the chunks, equal stages", bubbles[0]))
    else:
        rows.insert(0, ("The schedule's published formula, equal stages", formula_s))
        rows.insert(1, ("Order of the chunks beyond the formula", bubbles[0] - formula_s))
    return pd.DataFrame(rows, columns=["cause", "seconds"])


def _bubble_s(plan: Plan, played: Played, pace: Pace) -> float:
    """Mean bubble over ranks of the pipeline at another pace."""
    table = budget.by_rank(play_pipeline(plan, pace, played.inside), len(plan.orders))
    return float(table["step_bubble_s"].mean())


def _equal_stages(plan: Plan, pace: Pace) -> dict[Key, float]:
    """The mean time of each sort of step (F alone, a pair, ...) for all stages."""
    seconds: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for order in plan.orders:
        for step in order:
            seconds[tuple(work.op for work in step)].append(pace.step_s[content(step)])
    means = {sort: float(np.mean(values)) for sort, values in seconds.items()}
    return {key: means[tuple(work.op for work in key)] for key in pace.step_s}


def _formula_s(plan: Plan, even: Pace) -> float | None:
    """The schedule's published bubble at these times; None where it has no formula for them.

    A schedule without any full backward takes the time of its two halves for one.
    """
    by_sort = {tuple(work.op for work in key): seconds for key, seconds in even.step_s.items()}
    forward_s, input_s, weight_s = (by_sort.get((op,), 0.0) for op in ("F", "I", "W"))
    backward_s = by_sort.get(("B",), input_s + weight_s)
    pair_s = by_sort.get(("F", "B"), forward_s + backward_s)
    times = ChunkTimes(forward_s, backward_s - weight_s, weight_s, pair_s)
    return plan.scenario.layout.schedule.published_bubble_s(len(plan.orders), times)
