"""Units that do both, in closed form and in a plain simulation of one unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.serving.fleet.offered import Offered
from simulator.serving.fleet.whole import WholeOption
from simulator.serving.tables import MixedTable, StepTable
from tests.simulated_whole import times_of_whole
from workloads.service import Promises


def table(rows: list[float], seconds: list[float]) -> StepTable:
    return StepTable(np.array(rows), np.array([0.0, 1e6]), np.array([seconds, seconds]).T)


STEPS = MixedTable(
    np.array([0.0, 64.0, 512.0, 2048.0]), np.array([0.015, 0.02, 0.035, 0.11]),
    decode=table([1.0, 256.0], [0.0, 0.008]), prefill=table([1.0, 2048.0], [0.0, 0.01]),
)  # fmt: skip
SHARED = replace(STEPS, own_rest_s=np.array([0.006, 0.008, 0.014, 0.044]))
WHOLE = WholeOption("toy", 4, 4, STEPS, 1024.0, 256.0, 1e9, 0.0)


@pytest.mark.parametrize("load", [0.4, 0.6])
@pytest.mark.parametrize("spread", [0.0, 0.8])
@pytest.mark.parametrize("steps", [STEPS, SHARED], ids=["by-themselves", "shared"])
def test_both_times_of_whole_units_are_as_simulated(load: float, spread: float, steps: MixedTable) -> None:
    """Percentiles of the time to the first token within a fifth, of the time a token within a quarter."""
    option = replace(WHOLE, table=steps)
    draw = np.random.default_rng(5)
    number = 4_000
    prompts = np.maximum(np.round(400 * np.exp(spread * draw.standard_normal(number) - spread**2 / 2)), 1.0)
    answers = draw.geometric(1 / 100, number) + 1
    alone = Offered(1.0, prompts, np.zeros(number), answers.astype(np.float64))
    offered = alone.times(load * option.most_per_unit_per_s(alone)[0] * 0.8)
    arrivals_s = np.cumsum(draw.exponential(1 / offered.requests_per_s, number))
    simulated = times_of_whole(option, arrivals_s, prompts, answers)
    for share in (0.5, 0.9):
        ttft_s, tpot_s = float(np.quantile(simulated.ttft_s, share)), float(np.quantile(simulated.tpot_s, share))
        low = option.outcome(1, offered, Promises(ttft_s=0.8 * ttft_s, tpot_s=0.75 * tpot_s))
        high = option.outcome(1, offered, Promises(ttft_s=1.2 * ttft_s, tpot_s=1.25 * tpot_s))
        assert low.ttft_share <= share <= high.ttft_share
        assert low.tpot_share <= share <= high.tpot_share
