"""The choice of a comparison: the runner-up's difference, what turns it, and which variables tell scenarios apart."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest

import clustercast
from simulator.comparing.choice import choice
from simulator.comparing.comparison import Comparison
from simulator.comparing.variables import variables
from workloads.scenario import SCENARIOS, load_scenario

H200 = {"gpu": "h200"}


@cache
def compared() -> Comparison:
    """A base and one with another GPU."""
    return clustercast.compare([load_scenario(SCENARIOS / "llama-3-8b-h100.yaml")], [H200])


def row(comparison: Comparison) -> pd.Series:
    """The one row of the choice."""
    return comparison.tables["choice"].iloc[0]


def test_the_difference_is_what_the_runner_up_costs_more() -> None:
    ranking = compared().tables["ranking"]
    first, second = ranking["cost_usd"].tolist()[:2]
    assert row(compared())["difference_usd"] == pytest.approx(second - first)
    assert row(compared())["chosen"] == ranking["scenario"].iloc[0]


def test_the_way_to_the_runner_up_adds_up_to_the_difference() -> None:
    why = compared().tables["choice_why"]
    assert why["cost_usd"].sum() == pytest.approx(row(compared())["difference_usd"])


def test_an_input_that_both_have_moves_both_so_that_the_difference_moves_with_the_price() -> None:
    """Two steps of one GPU at one price: the dearer hour makes their difference dearer by as much, never another."""
    base = load_scenario(SCENARIOS / "llama-3-8b-h100.yaml")
    found = clustercast.compare([base], [{"job.sequences_per_step": 64}])
    assert pd.isna(row(found)["kept_share"])
    swings = found.tables["choice_sensitivity"].set_index("input")
    assert set(swings["of"]) == {"both"}
    price = swings.loc["price.gpu_usd_per_s"]
    share = price["at_high_usd"] / price["difference_usd"]
    assert price["at_low_usd"] / price["difference_usd"] == pytest.approx(1 / share, rel=1e-6)
    assert not price["changes_choice"]


def test_what_turns_the_choice_lies_beyond_no_difference() -> None:
    swings = compared().tables["choice_sensitivity"]
    ends = swings[["at_low_usd", "at_high_usd"]].min(axis=1)
    assert (swings["changes_choice"] == (ends < 0)).all()
    widths = (swings["at_high_usd"] - swings["at_low_usd"]).abs()
    assert widths.is_monotonic_decreasing


def test_draws_say_how_sure_the_choice_is() -> None:
    """One draw in twenty lies below the low end: where that is above 0, at least 19 in 20 keep the choice."""
    one = choice(compared().compared, compared().tables["ranking"], draws=64)["choice"].iloc[0]
    assert one["low_usd"] <= one["difference_usd"] <= one["high_usd"]
    assert 0.5 < one["kept_share"] <= 1
    assert one["low_usd"] < 0 or one["kept_share"] >= 0.95


def test_variables_are_the_few_fields_that_tell_scenarios_apart() -> None:
    """Of a GPU's twenty fields its name is enough; a field of it that says more is there as well."""
    rows = [
        ("b", "GPU arithmetic", "cluster.node.gpu.name", "h800", "h100"),
        ("b", "GPU memory", "cluster.node.gpu.hbm_bytes_per_s", "1", "2"),
        ("c", "GPU memory", "cluster.node.gpu.hbm_bytes_per_s", "1", "3"),
        ("c", "number of nodes", "cluster.nodes", "1", "2"),
        ("d", "number of nodes", "cluster.nodes", "1", "2"),
    ]
    differences = pd.DataFrame(rows, columns=["scenario", "thing", "field", "base", "here"])
    found = variables(["a", "b", "c", "d"], differences)
    assert found.set_index("scenario").to_dict("index")["c"] == {
        "cluster.node.gpu.hbm_bytes_per_s": "3", "cluster.nodes": "2", "cluster.node.gpu.name": "h800",
    }  # fmt: skip
    without_c = variables(["a", "b", "d"], differences[differences["scenario"] != "c"])
    assert set(without_c.columns) == {"scenario", "cluster.nodes", "cluster.node.gpu.name"}


def test_scenarios_in_which_nothing_differs_have_no_variables() -> None:
    empty = pd.DataFrame([], columns=["scenario", "thing", "field", "base", "here"])
    assert list(variables(["a", "b"], empty).columns) == ["scenario"]
