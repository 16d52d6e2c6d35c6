"""How fast a step is simulated and estimated: DeepSeek-V3, one step, many configurations, many GPUs."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from typing import TypeVar

from simulator.estimates.choices import choices
from simulator.estimates.estimator import Estimator, estimates
from simulator.plan import plan, planned
from simulator.run import simulate
from tests.benchmarks.test_engine_speed import timed
from workloads.scenario import SCENARIOS, Scenario, catalogue, load_scenario

LEAST_PER_S = 2_000
MOST_STEP_S = 1.0
WORKERS = 2
PER_S_OF_PEERS = {"SimuMax": 6, "Calculon": 400}
"""Configurations a second of one core (measured in November 2026)."""
EVENT_REPLAY_OF_A_PEER_S = 195
"""SimuMax's event replay of 120 micro-batches was not done after so long."""
R = TypeVar("R")


def base() -> Scenario:
    return load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")


def spent(action: Callable[[], R]) -> tuple[R, float, float]:
    """Result, seconds on the clock, seconds of this process."""
    begin, begin_cpu = time.perf_counter(), time.process_time()
    result = action()
    return result, time.perf_counter() - begin, time.process_time() - begin_cpu


def test_a_step_of_16_ranks_and_120_micro_batches_is_simulated_within_a_second() -> None:
    """Every chunk inside, on 64 GPUs and 32 draws, then every chunk of every rank."""
    scenario = base()
    decided = timed("plan DeepSeek-V3", lambda: plan(scenario), most_s=MOST_STEP_S)
    timed("simulate DeepSeek-V3's step, plan included", lambda: simulate(plan(scenario)), most_s=MOST_STEP_S)
    best_s = min(spent(lambda: simulate(decided))[1] for _ in range(3))
    print(f"more than {EVENT_REPLAY_OF_A_PEER_S / best_s:,.0f} times faster than a peer's event replay")


def test_two_thousand_configurations_are_estimated_in_a_second() -> None:
    """All valid choices on 2,048 GPUs, in two processes, with everything that it takes to start them."""
    scenario = base()
    every = list(choices(scenario))
    Estimator(scenario).estimate(every[0])
    some = random.Random(0).sample(every, 4_000)
    _, alone_s, alone_cpu_s = spent(lambda: estimates(scenario, some))
    shares = len({choice.share for choice in some})
    cold = f"{len(some) / alone_s:,.0f} a second, {len(some) / alone_cpu_s:,.0f} a second of CPU"
    print(f"\n{len(some):,} at random over {shares} shares of layers, one process: {cold}")
    _, together_s, _ = spent(lambda: estimates(scenario, every, workers=WORKERS))
    rate = len(every) / together_s
    told = ", ".join(f"{rate / WORKERS / peer:,.0f} times {name}" for name, peer in PER_S_OF_PEERS.items())
    print(f"{len(every):,} in {WORKERS} processes: {together_s:.1f} s, {rate:,.0f} a second; a core's is {told}")
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores (limit {LEAST_PER_S:,} a second)")
    assert rate >= LEAST_PER_S


def test_more_gpus_take_no_longer() -> None:
    """More replicas change nothing that is computed; more pipeline ranks and micro-batches take in proportion."""
    rows = []
    for times in (1, 2, 4, 8, 16, 32, 64):
        changes = {
            "cluster.nodes": 256 * times, "layout.dp": 128 * times, "job.sequences_per_step": 15_360 * times,
            "cluster.topology.layers": 3,
        }  # fmt: skip
        rows.append(measured(base().with_changes(changes, catalogue())))
    for ranks, micro_batches in ((4, 120), (8, 120), (16, 240), (16, 480)):
        changes = {
            "layout.pp": ranks, "layout.dp": 2_048 // ranks, "job.sequences_per_step": micro_batches * 2_048 // ranks,
        }  # fmt: skip
        rows.append(measured(base().with_changes(changes, catalogue())))
    print("\n   GPUs  ranks  micro-batches  contents  chunks    plan  simulate  estimate")
    for row in rows:
        print("{:>7,}  {:>5}  {:>13}  {:>8}  {:>6,}  {:>5.0f} ms  {:>5.0f} ms  {:>5.2f} ms".format(*row))
    assert max(row[6] for row in rows[:7]) < 3 * min(row[6] for row in rows[:7])


def measured(scenario: Scenario) -> tuple[int, int, int, int, int, float, float, float]:
    """GPUs, pipeline ranks, micro-batches, distinct contents, chunks; milliseconds of plan, simulation, estimate."""
    from simulator.estimates.choices import Choice

    decided, plan_s, _ = spent(lambda: planned(scenario))
    simulate_s = min(spent(lambda: simulate(decided))[1] for _ in range(3))
    estimator = Estimator(scenario)
    choice = Choice(scenario.layout, scenario.job.sequences_per_micro_batch, scenario.job.recompute)
    estimator.estimate(choice)
    estimate_s = min(spent(lambda: estimator.estimate(choice))[1] for _ in range(5))
    chunks = sum(map(len, decided.orders))
    numbers = scenario.job.sequences_per_step // scenario.layout.dp
    sizes = (scenario.cluster.gpus, scenario.layout.pp, numbers, len(decided.timelines), chunks)
    return (*sizes, 1e3 * plan_s, 1e3 * simulate_s, 1e3 * estimate_s)
