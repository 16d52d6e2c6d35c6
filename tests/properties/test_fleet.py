"""What holds for every fleet: more traffic needs no fewer units, looser promises cost no more, hours add up."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.headline import HOUR_S
from simulator.serving.fleet.classes import ByClass
from simulator.serving.fleet.day import Rule, day
from simulator.serving.fleet.margin import cost, margin
from simulator.serving.fleet.need import Need, needed
from simulator.serving.fleet.offered import Offered
from simulator.serving.fleet.option import Option
from simulator.serving.fleet.search import Question, search
from simulator.serving.fleet.windows import by_hour, windows
from tests.toy_fleet import reads, writes
from topologies.spec import load_entry
from workloads.autoscaling import Autoscaling
from workloads.day_profile import DayProfile
from workloads.day_profiles.flat import Flat
from workloads.day_profiles.hours import Hours
from workloads.day_profiles.plateau import Plateau
from workloads.day_profiles.wave import Wave
from workloads.demand import Demand
from workloads.scenario import catalogue
from workloads.service import Promises
from workloads.token_price import TokenPrices

MOST = 512
DEMAND = load_entry("demands", "deepseek-2025-02-27", Demand, catalogue())
PRICES = load_entry("token-prices", "deepseek-r1-2025-02", TokenPrices, catalogue())
rates = st.floats(0.5, 120.0)
ratios = st.floats(1.0, 3.0)
options = st.one_of(
    st.builds(reads, gpus=st.integers(1, 8), most=st.floats(200, 2000)),
    st.builds(writes, gpus=st.integers(1, 8), most=st.floats(4, 60), kv_tokens=st.floats(2e3, 1e5)),
)
promises = st.builds(Promises, ttft_s=st.floats(0.15, 2.0), tpot_s=st.floats(0.03, 0.1), share=st.floats(0.5, 0.99))
profiles = st.one_of(
    st.just(Flat()),
    st.builds(Wave, peak=st.floats(1, 2), busiest_hour=st.integers(0, 23)),
    st.builds(Plateau, peak=st.floats(1, 2), hours=st.integers(1, 12), from_hour=st.integers(0, 23)),
    st.builds(
        Hours, weights=st.lists(st.floats(0.01, 10), min_size=24, max_size=24).map(tuple)
    ),
)  # fmt: skip


def traffic(per_s: float, burstiness_ratio: float = 1.0) -> Offered:
    """Prompts and answers of several lengths."""
    lengths = np.array([20.0, 60.0, 100.0, 220.0])
    return Offered(per_s, lengths, lengths / 2, lengths[::-1].copy(), burstiness_ratio)


def units(option: Option, offered: Offered, promised: Promises) -> float:
    found = needed(option, offered, promised, MOST)
    return found.units if isinstance(found, Need) else float("inf")


@given(options, rates, ratios, promises)
def test_more_traffic_never_needs_fewer_units(option: Option, per_s: float, more: float, promised: Promises) -> None:
    assert units(option, traffic(per_s * more), promised) >= units(option, traffic(per_s), promised)


@given(options, rates, promises, ratios)
def test_a_looser_promise_never_needs_more_units(
    option: Option, per_s: float, promised: Promises, looser: float
) -> None:
    loose = promised.model_copy(update={"ttft_s": promised.ttft_s * looser, "tpot_s": promised.tpot_s * looser})
    fewer = promised.model_copy(update={"share": promised.share / looser})
    assert units(option, traffic(per_s), loose) <= units(option, traffic(per_s), promised)
    assert units(option, traffic(per_s), fewer) <= units(option, traffic(per_s), promised)


@given(options, rates, promises, st.integers(1, 40))
def test_one_unit_more_serves_no_fewer_requests_in_time(
    option: Option, per_s: float, promised: Promises, count: int
) -> None:
    """Steps of prefill are a chain on a grid of sizes: within half a percent."""
    few, many = (option.outcome(number, traffic(per_s), promised).share for number in (count, count + 1))
    assert 0 <= few <= 1 + 1e-9
    assert many >= few - 0.005


@settings(max_examples=20)
@given(rates, promises)
def test_the_search_finds_what_trying_everything_finds(per_s: float, promised: Promises) -> None:
    """Every pair of options with every number of units up to a limit."""
    offered = traffic(per_s)
    reading: list[Option] = [reads(2), reads(5)]
    writing: list[Option] = [writes(1), writes(3, most=12.0)]
    found = search([*reading, *writing], Question(offered, promised, 60, keep=1))
    prices = []
    for read, write in product(reading, writing):
        shares = [[one.outcome(n, offered, promised).share for n in range(1, 61)] for one in (read, write)]
        for p, d in product(range(60), range(60)):
            gpus = (p + 1) * read.gpus + (d + 1) * write.gpus
            if gpus <= 60 and shares[0][p] * shares[1][d] >= promised.share:
                prices.append((p + 1) * read.gpus * read.gpu_usd_per_s + (d + 1) * write.gpus * write.gpu_usd_per_s)
    if not prices:
        assert not found.answers
    else:
        assert found.answers[0].fleet.usd_per_s == pytest.approx(min(prices))


@given(rates, promises, st.integers(40, 400))
def test_answers_are_sorted_keep_the_promise_and_fit_the_gpus(per_s: float, promised: Promises, most: int) -> None:
    found = search([reads(2), reads(8), writes(1), writes(4)], Question(traffic(per_s), promised, most))
    prices = [ranked.fleet.usd_per_s for ranked in found.answers]
    assert prices == sorted(prices)
    for ranked in found.answers:
        assert ranked.fleet.share >= promised.share and ranked.fleet.gpus <= most
        assert ranked.fleet.usd_per_s == pytest.approx(sum(need.usd_per_s for need in ranked.fleet.needs))
        assert bool(ranked.lost) == (ranked is not found.answers[0])


@given(profiles)
def test_the_hours_of_a_profile_have_the_mean_of_the_day(profile: DayProfile) -> None:
    assert profile.hourly().shape == (24,)
    assert profile.hourly().mean() == pytest.approx(1)
    assert profile.hourly().min() >= 0
    assert profile.peak_ratio >= 1 - 1e-12


@given(
    st.lists(st.integers(0, 9), min_size=2, max_size=24).filter(any),
    st.floats(0, 7000), st.floats(0, 4000), st.sampled_from(["forecast", "load"]),
)  # fmt: skip
def test_windows_lie_in_what_is_held_and_serve_every_hour(
    needs: list[int], lead_s: float, drain_s: float, follows: str
) -> None:
    scaling = Autoscaling.model_validate({"lead_s": lead_s, "drain_s": drain_s, "follows": follows})
    served, held = windows("decode", np.array(needs), scaling)
    hourly = by_hour(held, len(needs))
    inside_s = sum(min(one.until_s, len(needs) * HOUR_S) - one.from_s for one in held)
    assert hourly.sum() * HOUR_S == pytest.approx(inside_s)
    assert sum(one.until_s - one.from_s for one in served) <= inside_s + 1e-6
    if follows == "forecast":
        assert all(hourly + 1e-9 >= needs)


@settings(max_examples=30)
@given(profiles, st.floats(1, 40), st.floats(0, 0.5))
def test_gpus_held_and_lent_are_the_largest_fleet_all_day(profile: DayProfile, per_s: float, headroom: float) -> None:
    scaling = Autoscaling(headroom_ratio=headroom, lead_s=0.0, drain_s=0.0)
    rule = Rule(Promises(ttft_s=1.0, tpot_s=0.06), scaling, 4096, {})
    found = day([reads(2), writes(1)], traffic(per_s), profile, rule)
    assert found.mean_gpus * 24 + found.lent_gpu_hours == pytest.approx(found.peak_gpus * 24)
    assert found.mean_gpus <= found.peak_gpus
    assert all((one.load < 1).all() for one in found.staffed)
    assert sum(float(one.held_gpus.sum()) for one in found.staffed) == pytest.approx(found.mean_gpus * 24)


@given(st.floats(1, 1e6), st.floats(1, 1e6), st.floats(0, 1))
def test_costs_of_the_classes_add_up_to_the_whole(prefill_usd: float, decode_usd: float, weight: float) -> None:
    found = margin(DEMAND, PRICES, cost(DEMAND, prefill_usd, decode_usd, weight))
    assert found.cost_usd.total == pytest.approx(prefill_usd + decode_usd)
    each = ByClass(*(usd / 1e6 for usd in found.cost_usd_per_million_tokens))
    assert each.times(found.tokens).total == pytest.approx(prefill_usd + decode_usd)
    assert found.profit_usd == pytest.approx(found.revenue_usd.total - prefill_usd - decode_usd)
