"""Engines set up as queues of the textbook wait as long as its closed forms say, inside their confidence intervals.

Mean waits are means over replications with seeds of their own, the first fifth of each left out; the interval is
Student's, at 99.9 %.
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from simulator.serving.tables import StepTable
from simulator.serving.world.playing import play
from simulator.serving.world.spec import DecodeUnits, Disaggregated, Kv, PrefillUnits, Transfer, World
from tests.made_worlds import requests_of

Floats = NDArray[np.float64]
Waits = Callable[[np.random.Generator], Floats]
REPLICATIONS = 20
KEYS = np.array([0.0, 1e10])


def flat(rows: list[float], seconds: list[float]) -> StepTable:
    """A table in which keys do not matter."""
    return StepTable(np.array(rows), KEYS, np.repeat(np.array(seconds)[:, None], 2, axis=1))


def interval_s(waits: Waits) -> tuple[float, float]:
    """Mean wait over replications, and half the width of its interval."""
    means = []
    for seed in range(REPLICATIONS):
        waited_s = waits(np.random.default_rng(seed))
        means.append(waited_s[len(waited_s) // 5 :].mean())
    half = t.ppf(0.9995, REPLICATIONS - 1) * np.std(means, ddof=1) / np.sqrt(REPLICATIONS)
    return float(np.mean(means)), float(half)


def one_prompt_a_step(arrival_s: Floats, service_s: Floats) -> Floats:
    """Waits before a prefill rank that takes one whole prompt a step, a microsecond a token."""
    tokens = np.maximum(np.rint(service_s * 1e6), 1).astype(np.int64)
    prefill = PrefillUnits(1, 1, 1, False, flat([0.0, 1e9], [0.0 + 1e-12, 1e3]))
    decode = DecodeUnits(1, 1, Kv(1, 10**9), flat([1.0], [1.0]))
    world = World(Disaggregated(prefill, decode, Transfer(0.0, 1.0, 0.0)), sample_s=1e9)
    played = play(requests_of(arrival_s, tokens, np.ones_like(tokens)), world)
    return played.prefill_start_s - played.arrival_s


def arrivals_s(draw: np.random.Generator, count: int, rate_per_s: float) -> Floats:
    """A Poisson stream from 0 on."""
    return np.cumsum(draw.exponential(1 / rate_per_s, count))


def test_random_prompts_wait_as_in_m_m_1() -> None:
    """Wq = rho / (mu - lambda): 0.7 / 0.3 services."""
    mean_s, half_s = interval_s(
        lambda draw: one_prompt_a_step(arrivals_s(draw, 30_000, 0.7), draw.exponential(1.0, 30_000))
    )
    assert abs(mean_s - 0.7 / 0.3) < half_s
    assert half_s < 0.12 * mean_s


def test_equal_prompts_wait_half_as_long_as_in_m_d_1() -> None:
    """Wq = rho / (2 mu (1 - rho)) (Pollaczek and Khinchine without variance)."""
    mean_s, half_s = interval_s(lambda draw: one_prompt_a_step(arrivals_s(draw, 30_000, 0.7), np.ones(30_000)))
    assert abs(mean_s - 0.7 / (2 * 0.3)) < half_s
    assert half_s < 0.12 * mean_s


def test_prompts_of_two_lengths_wait_as_pollaczek_and_khinchine_say() -> None:
    """Wq = lambda E[S^2] / (2 (1 - rho)): one prompt in ten takes 5.5 s, the others half a second."""
    mean_s, half_s = interval_s(
        lambda draw: one_prompt_a_step(arrivals_s(draw, 30_000, 0.6), np.where(draw.random(30_000) < 0.1, 5.5, 0.5))
    )
    assert abs(mean_s - 0.6 * (0.1 * 5.5**2 + 0.9 * 0.5**2) / (2 * 0.4)) < half_s


def erlang_c(servers: int, load: float) -> float:
    """Probability of waiting in M/M/c (Erlang, 1917)."""
    last = load**servers / factorial(servers) * servers / (servers - load)
    return last / (sum(load**n / factorial(n) for n in range(servers)) + last)


def seats(arrival_s: Floats, steps: NDArray[np.int64], most: int, step_s: float) -> Floats:
    """Waits before a decode rank with so many seats whose steps all take equally long."""
    prefill = PrefillUnits(1, 1, 1000, True, flat([0.0, 1e6], [1e-9, 1e-9]))
    decode = DecodeUnits(1, 1, Kv(most, 10**9), flat([1.0, float(most)], [step_s, step_s]))
    world = World(Disaggregated(prefill, decode, Transfer(0.0, 1.0, 0.0)), sample_s=1e9)
    played = play(requests_of(arrival_s, np.ones_like(steps), steps + 1), world)
    return played.decode_start_s - played.transfer_end_s


def shared(arrival_s: Floats, steps: NDArray[np.int64], token_s: float) -> Floats:
    """Sojourns at a decode rank whose steps take as long as its sequences are many."""
    prefill = PrefillUnits(1, 1, 1000, True, flat([0.0, 1e6], [1e-9, 1e-9]))
    decode = DecodeUnits(1, 1, Kv(10_000, 10**9), flat([0.0, 1e4], [1e-12, 1e4 * token_s]))
    world = World(Disaggregated(prefill, decode, Transfer(0.0, 1.0, 0.0)), sample_s=1e9)
    played = play(requests_of(arrival_s, np.ones_like(steps), steps + 1), world)
    return played.finish_s - played.transfer_end_s


def test_sequences_that_slow_each_other_down_stay_as_under_processor_sharing() -> None:
    """T = E[S] / (1 - rho), however lengths scatter (Kleinrock, 1967): here one sequence in ten is 11 times as long.

    A sequence begins between steps only: up to one step, of about 2.5 sequences, more.
    """
    token_s, rate_per_s = 1 / 200, 0.6

    def waits(draw: np.random.Generator) -> Floats:
        steps = np.where(draw.random(8000) < 0.1, 1100, 100)
        return shared(arrivals_s(draw, 8000, rate_per_s), steps, token_s)

    mean_s, half_s = interval_s(waits)
    assert abs(mean_s - 1.0 / (1 - rate_per_s)) < half_s + 2.5 * token_s
    assert half_s < 0.12 * mean_s


def test_sequences_wait_for_one_of_four_seats_as_in_m_m_c() -> None:
    """Wq = C(c, a) / (c mu - lambda); sequences begin between steps only: one step of 1/200 s more or less."""
    step_s, rate_per_s = 1 / 200, 3.2
    mean_s, half_s = interval_s(
        lambda draw: seats(arrivals_s(draw, 8000, rate_per_s), draw.geometric(step_s, 8000), 4, step_s)
    )
    assert abs(mean_s - erlang_c(4, rate_per_s) / (4 - rate_per_s)) < half_s + step_s
