"""The few samples of an ordinary run against many: ends of intervals come out the same within 2 %."""

from __future__ import annotations

import pytest

from simulator.uncertainty.intervals import QUICK
from simulator.uncertainty.known import KNOWN
from simulator.uncertainty.propagation import propagate
from simulator.uncertainty.residuals import with_residual
from workloads.scenario import SCENARIOS, load_scenario


@pytest.mark.slow
@pytest.mark.parametrize("name", ["deepseek-v3-pretrain", "llama-3.1-405b-h100"])
def test_an_ordinary_runs_samples_are_within_two_percent_of_a_thousand(name: str) -> None:
    scenario = load_scenario(SCENARIOS / f"{name}.yaml")
    quick, many = (with_residual(propagate(scenario, samples), KNOWN).bands() for samples in (QUICK, 1000))
    for metric, band in many.items():
        assert quick[metric] == pytest.approx(band, rel=0.02), metric
