"""What a result says of a step played on every GPU: beside the symmetric step, how long GPUs wait, and for whom."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from simulator.gpus.every_gpu import EveryGpu
from simulator.result import Figure, Result
from topologies.units import pretty

FIGURE = "step_every_gpu_s"
STEPS, WAITS, SLOWEST, ALL = "every_gpu", "gpu_waits", "slowest_gpus", "gpus"
"""Names of the tables."""
NAMED = 10
"""How many GPUs are named that others wait for."""
KINDS = ("wait_for_slowest_s", "wait_for_pipeline_s", "wait_at_end_s")
QUANTILES = {"least_s": 0.0, "p10_s": 0.1, "median_s": 0.5, "p90_s": 0.9, "p99_s": 0.99, "most_s": 1.0}


def with_every_gpu(result: Result, every: EveryGpu) -> Result:
    """The same result with the step of every GPU as a figure, a sentence, and the tables named above.

    every_gpu      [step]  what, seconds, share (of the symmetric step)
    gpu_waits      [kind]  wait, mean_s, and percentiles over the GPUs
    slowest_gpus   [gpu]   at most ten, those that others waited for most
    gpus           [gpu]   see `EveryGpu`
    """
    text = "Wall time of one optimiser step with every GPU played by itself, each with its own expert loads and speed."
    tables = {STEPS: _steps(result, every), WAITS: _waits(every), SLOWEST: slowest(every), ALL: every.gpus}
    return replace(
        result,
        headline={**result.headline, FIGURE: Figure(every.step_s, "s", text)},
        answer=(*result.answer, _sentence(result, every)),
        tables={**result.tables, **tables},
    )


def slowest(every: EveryGpu) -> pd.DataFrame:
    """GPUs that others waited for, most first; where nobody waited inside a chunk, those that waited least themselves.

    Empty where all GPUs are alike: nobody waits for a slower one.
    """
    gpus = every.gpus.assign(waited_s=every.gpus[list(KINDS)].sum(axis=1))
    columns = ["gpu", "pipeline_rank", "dp_index", "speed_ratio", "kept_waiting_s", "waited_s"]
    if not gpus["kept_waiting_s"].any() and gpus["speed_ratio"].nunique() == 1:
        return gpus.loc[[], columns]
    ordered = gpus.sort_values(["kept_waiting_s", "waited_s", "gpu"], ascending=[False, True, True])
    return ordered[columns].head(NAMED).reset_index(drop=True)


def _steps(result: Result, every: EveryGpu) -> pd.DataFrame:
    """Both steps and their difference."""
    symmetric_s = result.headline["step_s"].value
    rows = [
        ("Every GPU by itself", every.step_s),
        ("One GPU standing for each pipeline rank", symmetric_s),
        ("Difference", every.step_s - symmetric_s),
    ]
    return pd.DataFrame([(*row, row[1] / symmetric_s) for row in rows], columns=["what", "seconds", "share"])


def _waits(every: EveryGpu) -> pd.DataFrame:
    """How each kind of waiting is spread over the GPUs."""
    waits = every.gpus[list(KINDS)]
    table = pd.DataFrame({"wait": KINDS, "mean_s": waits.mean().to_numpy()})
    for column, quantile in QUANTILES.items():
        table[column] = waits.quantile(quantile).to_numpy()
    return table


def _sentence(result: Result, every: EveryGpu) -> str:
    """By how much the step of every GPU differs, and what waiting for slower ones takes."""
    symmetric_s = result.headline["step_s"].value
    ratio = every.step_s / symmetric_s - 1
    differs = f"{100 * abs(ratio):.2f} % {'more' if ratio > 0 else 'less'} than" if abs(ratio) > 5e-5 else "as long as"
    waited_s = float(every.gpus["wait_for_slowest_s"].mean())
    return (
        f"With each of the {len(every.gpus):,} GPUs played by itself the step takes {pretty(every.step_s, 's')}, "
        f"{differs} with one standing for each pipeline rank ({pretty(symmetric_s, 's')}); inside its chunks a GPU "
        f"stands still {pretty(waited_s, 's')} in the mean for slower ones."
    )
