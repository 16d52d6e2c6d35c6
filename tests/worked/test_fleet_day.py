"""A day of a toy fleet by hand: units of each hour, GPUs held and lent, failures, pauses."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.economics.owning import Line, Owned
from simulator.serving.fleet.classes import ByClass
from simulator.serving.fleet.day import Rule, day, per_kind, running_share
from simulator.serving.fleet.margin import cached_work, cost, margin, own_day_usd, rent_for_same_usd_per_h
from simulator.serving.fleet.offered import steady
from simulator.serving.fleet.outages import Stall, StopsPerS, down_share, interrupted, stalls, stops
from simulator.serving.fleet.windows import Window, by_hour, windows
from simulator.serving.tables import StepTable
from tests.toy_fleet import USD_PER_S, writes
from topologies.spec import load_entry
from workloads.autoscaling import Autoscaling
from workloads.day_profiles.plateau import Plateau
from workloads.demand import Demand
from workloads.failure_rates import FailureRates
from workloads.reliability import Pause, Recovery, Reliability, SilentCorruption
from workloads.scenario import catalogue
from workloads.service import Promises
from workloads.token_price import TokenPrices

HOUR_S = 3600.0
DEMAND = load_entry("demands", "deepseek-2025-02-27", Demand, catalogue())
PRICES = load_entry("token-prices", "deepseek-r1-2025-02", TokenPrices, catalogue())
SCALING = Autoscaling(lead_s=600.0, drain_s=300.0)
HOURS = np.array([1, 2, 2, 1])


def test_a_unit_that_a_forecast_needs_is_loaded_before_its_hour() -> None:
    """Unit 0 all four hours; unit 1 hours 1 and 2, held 10 minutes before and 5 after."""
    served, held = windows("decode", HOURS, SCALING)
    assert served == (Window("decode", 0, 0.0, 4 * HOUR_S), Window("decode", 1, HOUR_S, 3 * HOUR_S))
    assert by_hour(held, 4).tolist() == pytest.approx([1 + 1 / 6, 2, 2, 1 + 1 / 12])


def test_a_unit_that_follows_load_serves_later_and_is_held_no_longer() -> None:
    served, held = windows("decode", HOURS, SCALING.model_copy(update={"follows": "load"}))
    assert served[1] == Window("decode", 1, HOUR_S + 600, 3 * HOUR_S)
    assert by_hour(held, 4).tolist() == pytest.approx([1, 2, 2, 1 + 1 / 12])


def test_a_gap_shorter_than_draining_and_loading_is_no_gap() -> None:
    slow = Autoscaling(lead_s=3000.0, drain_s=601.0)
    assert len(windows("decode", np.array([1, 0, 1]), slow)[0]) == 1
    assert len(windows("decode", np.array([1, 0, 1]), SCALING)[0]) == 2


def test_gpus_that_the_night_does_not_need_are_lent() -> None:
    """12 hours at 1.5 times the mean and 12 at half of it; 6 answers a second a unit, 16 a second on average.

    24 a second need five units (four would be full), 8 a second two: 12 x 5 + 12 x 2 = 84 unit-hours of 5 x 24 = 120.
    """
    scaling = Autoscaling(lead_s=0.0, drain_s=0.0, lent_worth_ratio=0.5)
    rule = Rule(Promises(ttft_s=1.0, tpot_s=0.06), scaling, 100, {})
    found = day([writes()], steady(16.0, 100, 101), Plateau(peak=1.5, hours=12, from_hour=0), rule)
    assert found.staffed[0].units.tolist() == [5] * 12 + [2] * 12
    assert (found.mean_gpus, found.peak_gpus, found.lent_gpu_hours) == (3.5, 5, 36)
    assert found.rent_usd == pytest.approx(84 * HOUR_S * USD_PER_S)
    assert found.lent_worth_usd == pytest.approx(0.5 * 36 * HOUR_S * USD_PER_S)
    assert found.staffed[0].load[[0, 12]].tolist() == pytest.approx([24 / 30, 8 / 12])


def test_pauses_take_their_share_of_capacity() -> None:
    """10 s after each 990 s and half of the rest: 0.99 x 0.5."""
    pauses = {"eplb": Pause(interval_s=990.0, length_s=10.0), "other": Pause(interval_s=1.0, length_s=1.0)}
    assert running_share(pauses) == pytest.approx(0.99 * 0.5)
    assert per_kind(Promises(ttft_s=1, tpot_s=1, share=0.81), 2).share == pytest.approx(0.9)


def test_a_unit_stands_still_after_every_interval() -> None:
    found = stalls([Window("decode", 3, 100.0, 350.0)], {"eplb": Pause(interval_s=90.0, length_s=10.0)})
    assert found == (Stall("decode", 3, 190.0, 200.0), Stall("decode", 3, 290.0, 300.0))


def recovery(**changes: object) -> Recovery:
    plain: dict[str, object] = {
        "detection_s": 60.0, "restart_s": 540.0, "spare_nodes": 2, "repair_s": 7200.0, "fails": "while-running",
    }  # fmt: skip
    return Recovery.model_validate({**plain, **changes})


def test_without_failures_windows_stay_as_planned() -> None:
    planned = windows("decode", HOURS, SCALING)[0]
    found = interrupted(planned, {"decode": StopsPerS(0.0, 0.0)}, recovery(), 1)
    assert (found.windows, found.failures, found.lost_s) == (planned, 0, 0.0)


def test_units_are_down_ten_minutes_after_each_failure() -> None:
    """Once in 6,000 s, 600 s down: 1 / 11 of the time, over 200 units of a day within five standard errors."""
    planned = [Window("decode", unit, 0.0, 24 * HOUR_S) for unit in range(200)]
    found = interrupted(planned, {"decode": StopsPerS(0.0, 1 / 6000)}, recovery(), 2)
    assert found.lost_s / (200 * 24 * HOUR_S) == pytest.approx(1 / 11, rel=0.05)
    assert down_share(1 / 6000, recovery()) == pytest.approx(1 / 11)
    assert found.failures == sum(window.ends == "fail" for window in found.windows)
    assert found.spares_out == 0


def test_without_spares_a_unit_waits_for_the_repair_of_its_node() -> None:
    """Detection 60 s, repair 7,200 s, restart 540 s: each failure that is over costs 7,800 s."""
    planned = [Window("decode", 0, 0.0, 1000 * HOUR_S)]
    found = interrupted(planned, {"decode": StopsPerS(1e-4, 0.0)}, recovery(spare_nodes=0), 3)
    gaps = [after.from_s - before.until_s for before, after in zip(found.windows, found.windows[1:], strict=False)]
    assert gaps == [pytest.approx(7800)] * len(gaps)
    assert found.spares_out == found.failures > 100


def test_a_unit_of_144_gpus_fails_every_fortnight_at_the_rates_of_llama_3() -> None:
    """413 of 419 failures stop at once: 413 x 144 / (16,384 GPUs x 54 days) = 0.0672 a day, one in 14.9 days.

    Those of GPUs, their memory, network cards and servers take a node with them: 148 + 72 + 32 + 19 + 17 + 7 + 6 +
    3 + 3 + 2 + 2 + 2 + 2 = 315; links, switches and software do not.
    """
    rates = load_entry("failure-rates", "llama-3-h100", FailureRates, catalogue())
    silent = SilentCorruption(found_s=3600.0)
    found = stops(writes(gpus=144), Reliability(rates=rates, recovery=recovery(), silent=silent), rates.observed)
    assert found.total_per_s * 86_400 == pytest.approx(413 * 144 / (16_384 * 54))
    assert found.node_share == pytest.approx(315 / 413)


def test_cached_tokens_cost_what_looking_at_them_takes() -> None:
    """A step twice as long with them as without: half of prefill's cost is theirs."""
    table = StepTable(np.array([1.0, 100.0]), np.array([0.0, 1000.0]), np.array([[1.0, 3.0], [1.0, 3.0]]))
    prompt = 608.0
    new, cached = 266.0, 342.0
    with_s, without_s = 1 + 2 * (new / 2 + cached) / 1000, 1 + 2 * (new / 2) / 1000
    weight = cached_work(table, 100.0, DEMAND, prompt)
    shared = cost(DEMAND, 100.0, 50.0, weight)
    assert shared.cached / shared.new == pytest.approx(with_s / without_s - 1)
    assert shared.total == pytest.approx(150)


def test_margins_by_class_are_revenue_over_cost_less_one() -> None:
    """342 B x 0.14 + 266 B x 0.55 + 168 B x 2.19 USD a million are 47,880 + 146,300 + 367,920 USD."""
    found = margin(DEMAND, PRICES, ByClass(47_880.0, 73_150.0, 36_792.0))
    assert found.revenue_usd == pytest.approx((47_880, 146_300, 367_920))
    assert found.cost_profit_ratios == pytest.approx((0, 1, 9), abs=1e-9)
    assert found.cost_usd_per_million_tokens == pytest.approx((0.14, 0.275, 0.219))


def test_owning_the_peak_is_paid_for_all_day() -> None:
    """10 GPUs at 0.01 USD/s, 0.002 USD/s more while all work, half of the time: 86,400 x 0.011 USD."""
    owned = Owned(10, (Line("GPUs", 0.0, 0.01, "annuity"),), 0.002, 0.8)
    assert own_day_usd(owned, 0.5) == pytest.approx(86_400 * 0.011)
    assert rent_for_same_usd_per_h(owned, 0.5) == pytest.approx(86_400 * 0.011 / (10 * 12))
