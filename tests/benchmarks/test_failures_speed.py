"""How fast long runs are played, beside the promise: 1,000 runs of two months on 2,048 GPUs within 30 s."""

from __future__ import annotations

import time

from simulator.failures.lives import simulate
from simulator.failures.sizes import Saving
from tests.long_runs import DAY_S, H100, HOUR_S, llama_rates, long_run, recovery, reliability

LIMIT_S = 30.0


def test_a_thousand_runs_of_two_months_on_2048_gpus_take_less_than_30_s() -> None:
    """Checkpoints every ten minutes, evaluations, stragglers, lost links; on one core, compiled before."""
    found = reliability(
        llama_rates(),
        recovery=recovery(detection_s=180.0, restart_s=300.0, spare_nodes=4, repair_s=DAY_S, fails="always"),
        silent={"found_s": 6 * HOUR_S},
        stragglers={"node_between_s": 1800 * DAY_S, "slowdown_ratio": 1.3, "found_s": 2 * HOUR_S},
        network_loss={"slowdown_ratio": 1.05, "repair_s": 8 * HOUR_S},
        planned={"interval_s": DAY_S, "length_s": 1800.0},
        pauses={"evaluation": {"interval_s": 6 * HOUR_S, "length_s": 300.0}},
    )
    run = long_run(found, round(60 * DAY_S / 20), 20.0, H100, Saving(30, 10.0, 60.0, 60.0))
    simulate(run, 1)
    begin_s = time.perf_counter()
    played = simulate(run, 1000)
    taken_s = time.perf_counter() - begin_s
    failures = played.failures.sum(axis=1).mean()
    print(
        f"\n1,000 runs with {failures:.0f} failures each: {taken_s:.1f} s, {taken_s / LIMIT_S:.2f} of {LIMIT_S:.0f} s"
    )
    assert taken_s < LIMIT_S
