"""The event simulation of long runs against what probability theory gives in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulator.failures.lives import simulate
from simulator.failures.renewal import segment_s, segment_with_failing_restarts_s
from simulator.failures.sizes import Saving
from tests.long_runs import DAY_S, HOUR_S, long_run, one_cause, recovery, reliability

RUNS = 2000
WITHIN = 3.3
"""Standard errors: one in a thousand would lie further away by chance; luck is fixed by the seed."""
SETS = [
    (7200.0, 600.0, 30.0, 300.0),
    (3600.0, 600.0, 0.0, 0.0),
    (1200.0, 1200.0, 120.0, 600.0),
    (900.0, 60.0, 5.0, 60.0),
]
"""Mean time between failures, interval, checkpoint, restart."""
STEP_S = 10.0


def assert_mean(values: np.ndarray, expected: float) -> None:
    """The mean of the runs lies within its confidence interval of what is expected."""
    error = values.std(ddof=1) / math.sqrt(len(values))
    assert abs(values.mean() - expected) < WITHIN * error, (values.mean(), expected, error)


def saving(interval_s: float, checkpoint_s: float) -> Saving:
    """Synchronous checkpoints."""
    return Saving(round(interval_s / STEP_S), checkpoint_s, 0.0, 0.0)


@pytest.mark.parametrize(("between_s", "interval_s", "checkpoint_s", "restart_s"), SETS)
def test_failures_while_running_give_the_renewal_formula(
    between_s: float, interval_s: float, checkpoint_s: float, restart_s: float
) -> None:
    """What detection and restart share of the time down does not matter: a third is detection here."""
    back = recovery(detection_s=restart_s / 3, restart_s=restart_s * 2 / 3)
    found = reliability(one_cause("software", between_s), recovery=back)
    segments = 40
    steps = segments * round(interval_s / STEP_S)
    played = simulate(long_run(found, steps, STEP_S, saving=saving(interval_s, checkpoint_s)), RUNS)
    expected = segment_s(1 / between_s, interval_s, checkpoint_s, restart_s)
    assert_mean(played.wall_s, segments * expected)


@pytest.mark.parametrize(("between_s", "interval_s", "checkpoint_s", "restart_s"), SETS)
def test_failures_during_restarts_too_give_dalys_formula(
    between_s: float, interval_s: float, checkpoint_s: float, restart_s: float
) -> None:
    found = reliability(one_cause("software", between_s), recovery=recovery(restart_s=restart_s, fails="always"))
    segments = 40
    steps = segments * round(interval_s / STEP_S)
    played = simulate(long_run(found, steps, STEP_S, saving=saving(interval_s, checkpoint_s)), RUNS)
    expected = segment_with_failing_restarts_s(1 / between_s, interval_s, checkpoint_s, restart_s)
    assert_mean(played.wall_s, segments * expected)


def test_failures_strike_as_often_as_their_rate_says() -> None:
    found = reliability(one_cause("gpu", HOUR_S), recovery=recovery(fails="always", restart_s=60.0, spare_nodes=1000))
    run = long_run(found, 100_000, saving=Saving(100, 0.0, 0.0, 0.0))
    played = simulate(run, RUNS, until_s=10 * DAY_S)
    assert_mean(played.failures.sum(axis=1), 240)
    assert played.mtbf_s == pytest.approx(HOUR_S, rel=0.01)


def test_without_a_spare_each_failure_waits_for_the_repair() -> None:
    repair_s = 5000.0
    found = reliability(one_cause("gpu", HOUR_S), recovery=recovery(repair_s=repair_s))
    played = simulate(long_run(found), 50)
    assert played.failures.sum() > 50
    assert played.part_s("waiting") == pytest.approx(repair_s * played.failures.sum(axis=1), rel=1e-9)


def test_lost_links_are_as_many_as_servers_busy_in_a_queue_without_waiting() -> None:
    """M/D/infinity: Poisson with rate x repair time as its mean; steps slow down with each loss."""
    between_s, repair_s, slower = 6 * HOUR_S, 9 * HOUR_S, 1.2
    network = {"slowdown_ratio": slower, "repair_s": repair_s}
    found = reliability(one_cause("link", between_s), network_loss=network)
    played = simulate(long_run(found, 400_000), 200)
    mean = repair_s / between_s
    shares = [math.exp(-mean) * mean**n / math.factorial(n) / (1 + n * (slower - 1)) for n in range(60)]
    assert played.goodput_ratio.mean() == pytest.approx(sum(shares), rel=2e-3)
    assert not played.part_s("lost").any()


def test_a_straggler_slows_until_it_is_found() -> None:
    """Fast for a mean time between stragglers, slow for as long as the search takes, in turns; the run begins fast."""
    between_s, found_s, slower = 5 * HOUR_S, 2 * HOUR_S, 1.5
    slow = {"node_between_s": between_s, "slowdown_ratio": slower, "found_s": found_s}
    found = reliability(one_cause("gpu", 1e15), stragglers=slow, recovery=recovery(spare_nodes=10))
    played = simulate(long_run(found, 2_000_000, saving=Saving(1000, 0.0, 0.0, 0.0)), 100)
    slowly = found_s / (found_s + between_s)
    assert played.part_s("slowed").sum() / played.wall_s.sum() == pytest.approx(slowly * (1 - 1 / slower), rel=5e-3)
    assert not played.part_s("lost").any()


def test_an_asynchronous_checkpoint_loses_the_work_since_the_last_safe_one() -> None:
    """A failure strikes uniformly between two copies: half an interval is lost, and a whole one until it is safe."""
    interval_s, write_s = 1000.0, 400.0
    found = reliability(one_cause("software", 100 * HOUR_S))
    played = simulate(long_run(found, 200_000, saving=Saving(100, 0.0, write_s, 0.0)), 1000)
    lost_s = played.part_s("lost").sum() / played.failures.sum()
    assert lost_s == pytest.approx(interval_s / 2 + write_s, rel=0.02)


def test_a_corruption_found_late_loses_what_was_done_since_the_checkpoint_before_it() -> None:
    """Half an interval before it in the mean, and all the time until it is found."""
    interval_s, found_s = 1000.0, 7300.0
    found = reliability(one_cause("gpu", 100 * HOUR_S, silent=True), silent={"found_s": found_s})
    played = simulate(long_run(found, 200_000, saving=Saving(100, 0.0, 0.0, 0.0)), 1000)
    expected_s = played.failures.sum() * (interval_s / 2 + found_s)
    ignored = found_s / (100 * HOUR_S)
    assert played.part_s("lost").sum() == pytest.approx(expected_s * (1 - ignored), rel=0.02)
