"""Closed forms of waiting and of shared steps against plain simulations of the same units."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulator.serving.fleet.decode import DecodeOption
from simulator.serving.fleet.offered import Offered, steady
from simulator.serving.fleet.prefill import PrefillOption
from simulator.serving.fleet.queues import erlang_c, waiting
from simulator.serving.tables import StepTable
from tests.simulated_units import times_per_output_token, times_to_first_token, waits
from workloads.service import Promises

FREE = 0.0


def table(rows: list[float], seconds: list[float]) -> StepTable:
    return StepTable(np.array(rows), np.array([0.0, 1e6]), np.array([seconds, seconds]).T)


READS = PrefillOption("toy", 8, 8, table([256, 1024, 8192], [0.06, 0.15, 1.05]), 8192, True, FREE)
STEPS = table([1, 8, 16, 32], [0.02, 0.03, 0.042, 0.07])


@pytest.mark.parametrize(("servers", "load"), [(1, 0.8), (4, 3.0), (32, 29.0)])
def test_erlangs_formula_is_its_sum_and_poisson_waits_are_exponential(servers: int, load: float) -> None:
    terms = [load**k / math.factorial(k) for k in range(servers + 1)]
    last = terms[-1] * servers / (servers - load)
    chance = last / (sum(terms[:-1]) + last)
    assert erlang_c(servers, load) == pytest.approx(chance, rel=1e-9)
    line = waiting(servers, load, 1.0, 1.0, 1.0)
    assert line.mean_s == pytest.approx(1 / (servers - load))
    assert float(line.within_share(0.5)) == pytest.approx(1 - chance * math.exp(-0.5 * (servers - load)), rel=1e-9)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.8), (4, 3.4), (32, 30.0)])
@pytest.mark.parametrize("variation", [0.0, 2.0])
def test_waits_of_many_servers_are_as_simulated(servers: int, load: float, variation: float) -> None:
    """Times within which 80, 90 and 95 % of the customers wait: within 6 points of those shares."""
    draw = np.random.default_rng(3)
    number = 60_000
    arrivals_s = np.cumsum(draw.exponential(1 / load, number))
    services_s = draw.gamma(1 / variation, variation, number) if variation else np.ones(number)
    simulated_s = waits(servers, arrivals_s, services_s)
    line = waiting(servers, load, 1.0, 1.0, variation)
    for share in (0.8, 0.9, 0.95):
        wait_s = float(np.quantile(simulated_s, share))
        assert float(line.within_share(wait_s)) == pytest.approx(share, abs=0.06)


@pytest.mark.parametrize("load", [0.4, 0.7, 0.9])
@pytest.mark.parametrize("spread", [0.0, 0.8])
def test_times_to_the_first_token_are_as_simulated(load: float, spread: float) -> None:
    """Median and 90th percentile of two units of eight groups within a fifth; lengths alike, and widely spread."""
    draw = np.random.default_rng(7)
    number = 12_000
    prompts = np.maximum(np.round(2000 * np.exp(spread * draw.standard_normal(number) - spread**2 / 2)), 1.0)
    per_s = load * 2 * READS.most_per_unit_per_s(steady(1.0, float(prompts.mean()), 1.0))[0]
    arrivals_s = np.cumsum(draw.exponential(1 / per_s, number))
    simulated_s = times_to_first_token(READS, 2, arrivals_s, prompts)
    offered = Offered(per_s, prompts, np.zeros(number), np.ones(number))
    for share in (0.5, 0.9):
        ttft_s = float(np.quantile(simulated_s, share))
        low, high = (READS.outcome(2, offered, Promises(ttft_s=ttft_s * by, tpot_s=1.0)).share for by in (0.8, 1.2))
        assert low <= share <= high


@pytest.mark.parametrize(("groups", "load"), [(4, 0.5), (4, 0.8), (16, 0.5)])
def test_times_per_output_token_are_as_simulated(groups: int, load: float) -> None:
    """10th, 50th and 90th percentile of one unit within 5 %; answers of geometric length."""
    draw = np.random.default_rng(11)
    number = 4_000
    option = DecodeOption("toy", groups, groups, STEPS, 32, 1e9, FREE)
    answers = draw.geometric(1 / 60, number) + 1
    per_s = load * groups * 32 / 0.07 / float((answers - 1).mean())
    simulated_s = times_per_output_token(option, np.cumsum(draw.exponential(1 / per_s, number)), answers)
    offered = Offered(per_s, np.ones(number), np.zeros(number), answers.astype(np.float64))
    for share in (0.1, 0.5, 0.9):
        tpot_s = float(np.quantile(simulated_s, share))
        low, high = (option.outcome(1, offered, Promises(ttft_s=1.0, tpot_s=tpot_s * by)).share for by in (0.95, 1.05))
        assert low <= share <= high
