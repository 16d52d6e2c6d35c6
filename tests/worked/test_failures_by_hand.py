"""Long runs worked out by hand: sizes of checkpoints, intervals, rates, and runs without a failure."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from simulator.failures.choices import best_interval, spares_for, with_spares
from simulator.failures.hazards import hazards, mtbf_s
from simulator.failures.lives import EVENTS, simulate, simulate_phases, timeline
from simulator.failures.longrun import failure_free_s
from simulator.failures.outcomes import together
from simulator.failures.renewal import daly_s, segment_s, young_s
from simulator.failures.sizes import Holders, Kept, Replicated, Saving, checkpoint_size, saving
from simulator.refusal import Refused
from tests.long_runs import (
    DAY_S,
    H100,
    HOUR_S,
    NONE,
    llama_rates,
    long_run,
    one_cause,
    one_of_each,
    recovery,
    reliability,
)
from topologies.spec import InvalidInput, load_entry, loads
from workloads.checkpoints import Checkpoints, Storage
from workloads.scenario import catalogue

KEPT = Kept(weight_bytes=2, master_bytes=4, moments_bytes=4)
PARTS = (Replicated(parameters=1600, replicas=4), Replicated(parameters=6400, replicas=2))
FAST = load_entry("storage", "3fs-roce", Storage, catalogue()).model_copy(
    update={"write_bytes_per_s": 1000.0, "read_bytes_per_s": 2000.0, "node_bytes_per_s": 800.0}
)


def every_thirty(mode: Literal["synchronous", "asynchronous"]) -> Checkpoints:
    """A checkpoint every 30 steps of 10 s."""
    return Checkpoints(interval_s=300.0, mode=mode, storage=FAST)


def test_a_checkpoint_holds_every_number_once_whatever_the_zero_stage() -> None:
    sizes = [checkpoint_size(PARTS, KEPT, Holders(16, 8, stage)) for stage in range(4)]
    assert [size.total_bytes for size in sizes] == [8000 * 10] * 4
    # Unshared: a GPU holds 1600 x 4 / 16 = 400 and 6400 x 2 / 16 = 800; shared: 100 and 400.
    assert [size.gpu_bytes for size in sizes] == [12000, 1200 * 2 + 500 * 8, 1200 * 2 + 500 * 8, 500 * 10]
    assert [size.held_bytes for size in sizes] == [size.gpu_bytes for size in sizes]


def test_deepseek_v3s_checkpoint_is_6_7_terabytes() -> None:
    """671 billion parameters: BF16 weights, FP32 master weights, two BF16 moments."""
    size = checkpoint_size([Replicated(671e9, 128)], KEPT, Holders(2048, 8, 1))
    assert size.total_bytes == pytest.approx(6.71e12)


def test_a_checkpoint_takes_as_long_as_the_slower_of_storage_and_one_nodes_port() -> None:
    stage_3, stage_1 = Holders(16, 8, 3), Holders(16, 8, 1)
    shared, unshared = checkpoint_size(PARTS, KEPT, stage_3), checkpoint_size(PARTS, KEPT, stage_1)
    # Together 80,000 / 1,000 = 80 s; a node 8 x 5,000 / 800 = 50 s; reading 80,000 / 2,000 = 40 s.
    assert saving(shared, stage_3, every_thirty("synchronous"), 10.0, 100.0) == Saving(30, 80.0, 0.0, 50.0)
    # A node 8 x 6,400 / 800 = 64 s; reading 16 x 6,400 / 2,000 = 51.2 s. The copy: 6,400 / 100.
    assert saving(unshared, stage_1, every_thirty("asynchronous"), 10.0, 100.0) == Saving(30, 64.0, 80.0, 64.0)


def test_young_and_daly_for_a_minutes_checkpoint_and_six_hours_between_failures() -> None:
    assert young_s(60, 6 * HOUR_S) == pytest.approx(1609.97, abs=0.01)
    # C / 2M = 1/720: 1 + 0.037268 / 3 + 0.001389 / 9 = 1.012577.
    assert daly_s(60, 6 * HOUR_S) == pytest.approx(1609.97 * 1.012577 - 60, abs=0.01)
    assert daly_s(500, 200) == 200


def test_a_segment_with_a_failure_every_hundred_seconds() -> None:
    """(100 + 20) (e^(60 / 100) - 1) = 120 x 0.8221188."""
    assert segment_s(0.01, 50, 10, 20) == pytest.approx(98.65426, abs=1e-5)
    assert segment_s(0.0, 50, 10, 20) == 60


def test_rates_are_failures_over_parts_and_time() -> None:
    rates = llama_rates()
    per_s = rates.per_s(H100)
    assert per_s["faulty-gpu"] == pytest.approx(148 / (16384 * 54 * DAY_S) * 2048)
    assert per_s["network-switch"] == pytest.approx(7 / (1152 * 54 * DAY_S) * 96)
    assert sum(rates.per_s(rates.observed).values()) * rates.observed_s == pytest.approx(419)


def test_detected_corruption_stops_and_lost_links_of_a_multi_plane_network_slow() -> None:
    network = {"slowdown_ratio": 1.1, "repair_s": HOUR_S}
    found = reliability(llama_rates(), silent={"found_s": HOUR_S, "detected_share": 0.75}, network_loss=network)
    effect = {hazard.name: hazard for hazard in hazards(found, H100)}
    assert effect["network-cable"].effect == effect["network-switch"].effect == "slow network"
    silent, detected = effect["silent-data-corruption"], effect["silent-data-corruption-detected"]
    assert (silent.effect, detected.effect) == ("silent", "stop, replace node")
    assert detected.per_s == pytest.approx(3 * silent.per_s)


def test_without_failures_a_run_takes_its_steps_checkpoints_pauses_and_plans() -> None:
    """1,000 steps of 10 s; a checkpoint of 2 s + 5 s every 10, safe at the end and before the 4 stops of 40 s + 9 s."""
    pauses = {"evaluation": {"interval_s": 1000.0, "length_s": 30.0}}
    planned = {"interval_s": 2000.0, "length_s": 40.0}
    back = recovery(restart_s=8.0)
    found = reliability(one_cause("gpu", HOUR_S), pauses=pauses, planned=planned, recovery=back)
    run = long_run(found, components=NONE, saving=Saving(10, 2.0, 5.0, 1.0))
    expected_s = 10_000 + 100 * 2 + 5 * 5 + 10 * 30 + 4 * (40 + 9)
    assert failure_free_s(run) == expected_s
    played = simulate(run, 2)
    assert played.wall_s.tolist() == [expected_s, expected_s]
    assert played.goodput_ratio.tolist() == [10_000 / expected_s] * 2


def test_a_copy_waits_until_the_checkpoint_before_is_safe() -> None:
    """Three checkpoints 100 s apart, each written in 130 s: the second and the last wait 30 s."""
    run = long_run(reliability(one_cause("gpu", HOUR_S)), 30, components=NONE, saving=Saving(10, 1.0, 130.0, 0.0))
    expected_s = 300 + 3 * 1 + 2 * 30 + 130
    assert failure_free_s(run) == simulate(run, 1).wall_s[0] == expected_s


def test_a_timeline_tells_what_happened_and_ends_with_the_run() -> None:
    found = reliability(llama_rates(), recovery=recovery(detection_s=60.0, restart_s=100.0, spare_nodes=4))
    run = long_run(found, 60_000, components=H100, saving=Saving(60, 5.0, 30.0, 20.0))
    told = timeline(run, number=3, seed=1).to_frame()
    played = simulate(run, 4, seed=1)
    assert told["time_s"].is_monotonic_increasing
    assert (told["event"].iloc[0], told["event"].iloc[-1]) == ("steps", "done")
    assert told["time_s"].iloc[-1] == played.wall_s[3]
    assert (told["event"] == "failure").sum() == played.failures[3].sum() > 0
    assert set(told["event"]) <= set(EVENTS)


def test_the_best_interval_by_simulation_is_youngs_and_dalys() -> None:
    found = reliability(one_cause("software", 2 * HOUR_S), recovery=recovery(restart_s=300.0))
    tried = best_interval(long_run(found, 50_000, saving=Saving(10, 60.0, 0.0, 0.0)), runs=300)
    shortest_s, longest_s = tried.as_good_s
    assert shortest_s - 10 <= tried.daly_s <= longest_s + 10, "intervals are whole steps of 10 s"
    assert tried.young_s == pytest.approx(tried.daly_s, rel=0.1)
    assert tried.wall_s[0] > 1.02 * tried.wall_s.min() < tried.wall_s[-1]


def test_spares_for_a_date_are_the_fewest_that_keep_it() -> None:
    found = reliability(one_cause("gpu", 12 * HOUR_S), recovery=recovery(restart_s=300.0, repair_s=DAY_S))
    run = long_run(found, 20 * 8640, saving=Saving(90, 10.0, 0.0, 0.0))
    date_s = 1.04 * failure_free_s(run)
    kept = spares_for(run, date_s, 0.9, most=16, runs=300)
    assert 0 < kept.nodes < 12
    tried = dict(kept.probability)
    assert tried[kept.nodes] >= 0.9 > tried[kept.nodes - 1]
    again = simulate(with_spares(run, kept.nodes), 300, seed=1)
    assert again.probability_by(date_s) > 0.8


def test_a_date_that_no_spares_can_keep_is_refused() -> None:
    run = long_run(reliability(one_cause("gpu", HOUR_S), recovery=recovery(restart_s=600.0)))
    with pytest.raises(Refused, match="promise a later date"):
        spares_for(run, failure_free_s(run), 0.9)


def test_what_cannot_be_played_is_refused_with_the_reason() -> None:
    often = reliability(one_cause("gpu", 1.0))
    with pytest.raises(Refused, match="write checkpoints more often"):
        simulate(long_run(often))
    with pytest.raises(Refused, match="nothing stops this run"):
        mtbf_s(hazards(often, NONE))
    with pytest.raises(Refused, match="after each step"):
        best_interval(long_run(reliability(one_cause("gpu", HOUR_S))))
    with pytest.raises(Refused, match="more than zero"):
        long_run(often, steps=0)
    with pytest.raises(Refused, match="at least one"):
        simulate(long_run(often, components=NONE), runs=0)


def test_a_file_of_rates_must_count_the_parts_that_failed() -> None:
    with pytest.raises(InvalidInput, match="no gpus were observed"):
        llama_rates().with_changes({"observed.gpus": 0})


def test_an_interval_is_given_once_in_seconds_or_in_steps() -> None:
    text = "mode: asynchronous\nstorage: 3fs-roce\n"
    known = catalogue()
    assert loads(text + "interval_s: 10 min", Checkpoints, known).steps(19.926) == 30
    assert loads(text + "interval_steps: 7", Checkpoints, known).steps(19.926) == 7
    for more, said in (("", "missing"), ("interval_s: 1 h\ninterval_steps: 7", "given twice")):
        with pytest.raises(InvalidInput, match=said):
            loads(text + more, Checkpoints, known)


def test_twice_the_parts_fail_twice_as_often() -> None:
    found = reliability(one_cause("hbm", HOUR_S))
    assert mtbf_s(hazards(found, one_of_each(1))) == 2 * mtbf_s(hazards(found, one_of_each(2)))


def test_phases_add_up_and_have_luck_of_their_own() -> None:
    run = long_run(reliability(llama_rates(), recovery=recovery(spare_nodes=9)), 50_000, components=H100)
    first, second = simulate_phases([run, run], 5)
    both = together([first, second])
    assert both.wall_s.tolist() == (first.wall_s + second.wall_s).tolist()
    assert both.failures.tolist() == (first.failures + second.failures).tolist()
    assert both.causes == first.causes
    assert not np.array_equal(first.wall_s, second.wall_s)


def test_a_timeline_up_to_a_date_ends_there() -> None:
    told = timeline(long_run(reliability(one_cause("gpu", HOUR_S))), until_s=777.0).to_frame()
    assert (told["time_s"].iloc[-1], told["event"].iloc[-1]) == (777.0, "time is up")
