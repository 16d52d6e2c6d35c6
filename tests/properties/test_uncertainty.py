"""What must hold for the propagation of any inputs, and for that of the shipped scenarios."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.plan import planned
from simulator.run import simulate
from simulator.summary import summarise
from simulator.uncertainty.fast_step import FastStep, fast_step
from simulator.uncertainty.inputs import Input
from simulator.uncertainty.propagation import propagate, propagated
from simulator.uncertainty.sampling import points
from simulator.uncertainty.weights import scenario_indices, scenario_tornado, tornado
from workloads.scenario import SCENARIOS, Scenario, catalogue, load_scenario

Floats = NDArray[np.float64]
NAMES = ("deepseek-v3-pretrain", "llama-3-8b-h100", "llama-3.1-405b-h100")
SPREADS = st.floats(0.001, 0.9)
SHAPES = st.sampled_from(["lognormal", "loguniform"])


@cache
def step(name: str) -> FastStep:
    return fast_step(scenario(name))


@cache
def scenario(name: str) -> Scenario:
    return load_scenario(SCENARIOS / f"{name}.yaml")


def an_input(name: str, spread: float, shape: str) -> Input:
    return Input(name, 3.0, spread, "lognormal" if shape == "lognormal" else "loguniform", "assumed", "made up")


@settings(max_examples=25)
@given(spread=SPREADS, shape=SHAPES, seed=st.integers(0, 99))
def test_nine_of_ten_draws_lie_in_the_interval(spread: float, shape: str, seed: int) -> None:
    one = an_input("x", spread, shape)
    drawn = propagated(lambda factors: 3.0 * factors, [one], ["x"], 1024, seed)
    inside = ((drawn.values >= one.low) & (drawn.values <= one.high)).mean()
    assert inside == pytest.approx(0.9, abs=0.01)
    band = drawn.bands()["x"]
    assert (band.low, band.mid, band.high) == pytest.approx((one.low, 3.0, one.high), rel=0.02)


@settings(max_examples=25)
@given(spread=SPREADS, more=st.floats(1.1, 3.0), shape=SHAPES)
def test_a_wider_input_makes_a_wider_band(spread: float, more: float, shape: str) -> None:
    def width(of: float) -> float:
        band = propagated(lambda factors: factors, [an_input("x", of, shape)], ["x"], 256, 0).bands()["x"]
        return band.high - band.low

    assert width(spread * more) > width(spread)


def test_the_same_seed_draws_the_same_and_another_seed_others() -> None:
    assert (points(100, 5, 7) == points(100, 5, 7)).all()
    assert (points(100, 5, 7) != points(100, 5, 8)).any()


def test_points_fill_the_cube_evenly() -> None:
    """Each eighth of each axis holds an eighth of 1,024 points."""
    for axis in points(1024, 6, 0).T:
        assert set(np.histogram(axis, bins=8, range=(0, 1))[0]) == {128}


def test_no_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="write at least 1"):
        points(0, 3, 0)


@pytest.mark.parametrize("name", NAMES)
def test_at_nominal_inputs_the_fast_figures_are_those_of_a_run(name: str) -> None:
    """Every figure of the headline within half a percent: the estimate plays the same chunks and order."""
    decided = planned(scenario(name))
    headline = summarise(decided, simulate(decided), "").headline
    found = step(name)
    values = found(np.ones((1, len(found.inputs.inputs))))[0]
    assert found.metrics == tuple(headline)
    assert values == pytest.approx([figure.value for figure in headline.values()], rel=0.01)


def test_a_sample_is_the_scenario_with_its_values_put_in() -> None:
    """Half the NVLink and network rates by hand, through the plain estimate of a changed scenario."""
    name = "deepseek-v3-pretrain"
    changes = {
        "cluster.node.gpu.kernels.all_to_all.normal.network_ratio": 0.3985,
        "cluster.node.gpu.nvlink_achievable_ratio": 0.4,
    }
    by_hand = fast_step(scenario(name).with_changes(changes, catalogue()))
    factors = [0.5 if one.name in changes else 1.0 for one in step(name).inputs.inputs]
    halved = step(name)(np.array([factors]))[0]
    expected = by_hand(np.ones((1, len(by_hand.inputs.inputs))))[0]
    assert halved == pytest.approx(expected, rel=0.01)


def test_where_flows_collide_the_network_keeps_the_share_that_is_left_to_it() -> None:
    """At nominal inputs the figures are those of the whole estimate; twice the port's rate still helps."""
    hashed = scenario("deepseek-v3-pretrain").with_changes({"cluster.topology.routing": "ecmp"}, catalogue())
    found = fast_step(hashed)
    assert found.collided is not None
    assert min(found.collided) < 1
    inputs = found.inputs.inputs
    nominal, faster = found(np.array([[1.0] * len(inputs), [1.0 + ("nic." in one.name) for one in inputs]]))
    assert nominal[0] > step("deepseek-v3-pretrain")(np.ones((1, len(inputs))))[0][0]
    assert faster[0] < nominal[0]


def test_every_headline_figure_has_a_band_and_a_faster_step_costs_less() -> None:
    found = propagate(scenario("llama-3-8b-h100"), samples=64, seed=1)
    bands = found.bands()
    assert set(bands) == set(step("llama-3-8b-h100").metrics)
    for name, at in zip(found.metrics, found.nominal, strict=True):
        assert bands[name].low <= bands[name].mid <= bands[name].high
        if name != "step_bubble_s":
            assert 0.8 * bands[name].low <= at <= 1.2 * bands[name].high
    assert bands["step_s"].low < bands["step_s"].high
    seconds, tokens = (found.values[:, found.metrics.index(name)] for name in ("step_s", "tokens_per_day"))
    assert seconds * tokens == pytest.approx(np.full(64, seconds[0] * tokens[0]))
    assert any("not varied" in note for note in found.notes)


def test_two_processes_find_the_same() -> None:
    one, two = (propagate(scenario("llama-3-8b-h100"), samples=16, seed=1, workers=number) for number in (1, 2))
    assert (one.values == two.values).all()


def test_the_tornado_shows_the_widest_swings_first() -> None:
    found = scenario_tornado(scenario("deepseek-v3-pretrain"), "step_s", most=12)
    widths = [swing.width for swing in found.swings]
    assert len(widths) == 12
    assert widths == sorted(widths, reverse=True)
    assert all(min(one.at_low, one.at_high) <= found.nominal <= max(one.at_low, one.at_high) for one in found.swings)
    matmul = next(swing for swing in found.swings if swing.input.name.endswith("kernels.matmul"))
    assert matmul.at_high < found.nominal < matmul.at_low
    assert len(found.table()) == 12


def test_an_input_that_changes_nothing_is_no_bar() -> None:
    inputs = [an_input("x", 0.1, "lognormal"), an_input("still", 0.5, "lognormal")]
    found = tornado(lambda factors: factors[:, :1], inputs, ["y"], "y")
    assert [swing.input.name for swing in found.swings] == ["x"]


def test_an_unknown_metric_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean `step_s`"):
        tornado(lambda factors: factors, [an_input("x", 0.1, "lognormal")], ["step_s"], "steps")


def test_indices_of_a_scenario_name_its_largest_inputs_and_lump_the_rest() -> None:
    found = scenario_indices(scenario("llama-3-8b-h100"), "step_s", samples=32, largest=2)
    assert len(found.groups) == 3
    assert found.groups[-1] == "all others"
    assert len(found.table("cost_usd")) == 3
