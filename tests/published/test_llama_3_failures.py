"""Llama 3's 54 days on 16,384 H100s (arXiv 2407.21783, section 3.3.4): interruptions and effective training time.

The interruptions are input: that their number comes out again only says that rates, counts and clock are put together
rightly. Published about the effective training time is "higher than 90 %"; detection, restart and checkpoint interval
are not. So it is evidence of a weak sort: with quick recovery the figure is met, and what would miss it is stated.
"""

from __future__ import annotations

import math
from functools import cache

import pytest

from simulator.failures.lives import simulate
from simulator.failures.longrun import LongRun
from simulator.failures.outcomes import Outcomes
from simulator.failures.sizes import CheckpointSize, Holders, Kept, Replicated, checkpoint_size, saving
from tests.long_runs import DAY_S, HOUR_S, llama_rates, recovery, reliability
from topologies.spec import load_entry
from workloads.checkpoints import Checkpoints, Storage
from workloads.scenario import catalogue

UNEXPECTED, PLANNED, DAYS, RUNS = 419, 47, 54, 200
STEP_S = 6.2
"""16 M tokens x 6 x 405 G parameters on 16,384 GPUs at 400 TFLOP/s each."""
HOLDERS = Holders(gpus=16384, gpus_per_node=8, zero_stage=1)
MODEL_PARALLEL = 8 * 16
PCIE_BYTES_PER_S = 50e9


def size() -> CheckpointSize:
    """BF16 weights, FP32 master weights and moments of 405 billion parameters."""
    return checkpoint_size([Replicated(405e9, HOLDERS.gpus // MODEL_PARALLEL)], Kept(2, 4, 8), HOLDERS)


@cache
def played(minutes_down: float, minutes_between: float, found_h: float = 6) -> Outcomes:
    """54 days with so many minutes from a failure to the restart's end and so many between checkpoints.

    A planned interruption is taken to last as long as an unexpected one; 32 spare nodes, repaired in a day, are enough
    that the job never waits long.

    found_h   hours until a silent corruption is found
    """
    down_s = minutes_down * 60
    back = recovery(detection_s=down_s / 2, restart_s=down_s / 2, spare_nodes=32, repair_s=DAY_S, fails="always")
    found = reliability(
        llama_rates(),
        recovery=back,
        silent={"found_s": found_h * HOUR_S},
        planned={"interval_s": DAYS / PLANNED * DAY_S, "length_s": down_s / 2},
    )
    storage = load_entry("storage", "tectonic-llama-3", Storage, catalogue())
    checkpoints = Checkpoints(interval_s=minutes_between * 60, mode="synchronous", storage=storage)
    written = saving(size(), HOLDERS, checkpoints, STEP_S, PCIE_BYTES_PER_S)
    run = LongRun(10**6, STEP_S, llama_rates().observed, written, found)
    return simulate(run, RUNS, until_s=DAYS * DAY_S)


def test_419_interruptions_in_54_days_come_out_in_the_mean() -> None:
    counts = played(10, 10).failures.sum(axis=1)
    assert abs(counts.mean() - UNEXPECTED) < 3.3 * math.sqrt(UNEXPECTED / RUNS)
    assert abs(counts.std(ddof=1) / math.sqrt(UNEXPECTED) - 1) < 0.2


def test_each_cause_comes_out_as_often_as_counted() -> None:
    outcomes = played(10, 10)
    for name, cause in llama_rates().causes.items():
        assert abs(outcomes.by_cause().get(name, 0) - cause.failures) < 4 * math.sqrt(cause.failures / RUNS), name


def test_a_gpus_part_of_a_checkpoint_is_within_the_published_4_gigabytes() -> None:
    """Published: 1 MB to 4 GB a GPU. A GPU's state share alone is 0.3 GB; with the weights of its replica 6.6 GB, so
    that weights must be spread over replicas too, as fully sharded data parallelism does."""
    spread = checkpoint_size([Replicated(405e9, 128)], Kept(2, 4, 8), Holders(16384, 8, 3))
    assert 1e6 < spread.gpu_bytes < 4e9 < size().gpu_bytes


@pytest.mark.parametrize(("down", "between", "found_h"), [(5, 5, 6), (5, 10, 6), (10, 10, 0)])
def test_effective_training_time_is_above_90_percent_with_quick_recovery(down: int, between: int, found_h: int) -> None:
    """Minutes down and between checkpoints, hours until a corruption is found: the mean run is above 90 %."""
    assert played(down, between, found_h).effective_ratio.mean() > 0.9


def test_six_corruptions_found_after_six_hours_cost_more_than_all_detection_in_five_minutes() -> None:
    late, at_once = played(5, 10), played(5, 10, 0)
    apart = at_once.effective_ratio.mean() - late.effective_ratio.mean()
    assert 0.02 < apart < 6 * 6 / (DAYS * 24) + 0.005
    assert apart > late.part_s("detection").mean() / late.wall_s.mean()


def test_half_an_hour_down_at_each_interruption_would_miss_it() -> None:
    """466 interruptions may cost 16.7 minutes each: a tenth of 54 days."""
    assert played(30, 10).effective_ratio.max() < 0.9
