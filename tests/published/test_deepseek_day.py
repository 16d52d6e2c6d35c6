"""DeepSeek's published day: nodes follow from tokens and rates, money from nodes and prices."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.serving.fleet.consistent import consistent, quietest_nodes
from simulator.serving.fleet.margin import Rates, day_usd, nodes_for
from simulator.serving.fleet.published_day import figures, hourly_nodes, margin_of
from workloads.observed import Observation
from workloads.published_day import published_day, published_days

DAYS = {name: published_day(name) for name in published_days()}
ROWS = [(name, figure) for name, day in DAYS.items() for figure in day.figures]
DEEPSEEK = DAYS["deepseek-2025-02-27-day"]


@pytest.mark.parametrize(("name", "figure"), ROWS, ids=[f"{name}: {figure.metric}" for name, figure in ROWS])
def test_a_figure_of_a_published_day_is_met(name: str, figure: Observation) -> None:
    found = figures(DAYS[name])[figure.metric]
    assert found == pytest.approx(figure.observed, rel=max(figure.tolerance, 1e-12))


def test_prefill_and_decode_close_on_the_mean_number_of_nodes() -> None:
    """608e9 / (73,700 x 86,400) = 95.48 and 168e9 / (14,800 x 86,400) = 131.38 nodes."""
    nodes = nodes_for(DEEPSEEK.demand, Rates(73_700, 14_800))
    assert nodes.prefill == pytest.approx(95.48, abs=0.005)
    assert nodes.decode == pytest.approx(131.38, abs=0.005)
    assert nodes.total == pytest.approx(226.75, rel=0.01)


def test_a_day_of_the_fleet_costs_87072_dollars_to_the_cent() -> None:
    assert round(day_usd(226.75, 8, DEEPSEEK.price.gpu_usd_per_s), 2) == 87_072.00


def test_profit_is_545_percent_of_cost_and_85_percent_of_revenue() -> None:
    business = margin_of(DEEPSEEK)
    assert round(100 * business.cost_profit_ratio) in (545, 546)
    assert business.profit_share == pytest.approx(1 - 87_072 / 562_027, abs=1e-3)


def test_costs_by_class_are_the_whole_cost_however_cached_tokens_are_weighed() -> None:
    for weight in (0.0, 0.1, 1.0):
        business = margin_of(DEEPSEEK, weight)
        assert business.cost_usd.total == pytest.approx(87_072)
        assert business.cost_usd.output == pytest.approx(87_072 * 131.38 / 226.86, rel=1e-4)


def test_output_costs_five_times_as_much_a_token_as_input_where_all_input_counts_alike() -> None:
    """The ratio of the two rates of a node: 73,700 / 14,800 = 4.98."""
    each = margin_of(DEEPSEEK).cost_usd_per_million_tokens
    assert each.cached == pytest.approx(each.new)
    assert each.output / each.new == pytest.approx(73_700 / 14_800, rel=1e-9)
    assert each.new == pytest.approx(8 * 2 / (73_700 * 3600) * 1e6, rel=1e-3)


def test_whole_units_through_one_wave_have_the_published_mean_and_peak() -> None:
    """1.226 times the mean asks for 29.27 units of 4 nodes and 8.95 of 18: 29 x 4 + 9 x 18 = 278, with a 30th 282.

    The peak's height is taken from the published nodes; that whole units meet both numbers is no more than consistent.
    """
    nodes = hourly_nodes(DEEPSEEK)
    assert nodes.max() == 29 * 4 + 9 * 18 == DEEPSEEK.peak_nodes
    assert nodes.mean() == pytest.approx(DEEPSEEK.nodes, rel=0.005)
    assert hourly_nodes(DEEPSEEK, np.ceil).max() == 30 * 4 + 9 * 18
    assert hourly_nodes(DEEPSEEK, np.ceil).mean() == pytest.approx(DEEPSEEK.nodes, rel=0.05)


def test_one_wave_leaves_176_nodes_at_night_and_longer_plateaus_fewer() -> None:
    """2 x 226.75 - 278 = 175.5; 16 hours at 278 leave (24 x 226.75 - 16 x 278) / 8 = 124.25; 20 hours are too many."""
    wave, *plateaus = consistent(226.75, 278)
    assert quietest_nodes(wave, 226.75) == pytest.approx(175.5)
    assert quietest_nodes(plateaus[15], 226.75) == pytest.approx(124.25)
    assert len(plateaus) == 19
    for profile in (wave, *plateaus):
        assert profile.hourly().mean() == pytest.approx(1)
        assert profile.peak_ratio == pytest.approx(278 / 226.75)
