"""Dense models against a mixture of experts, a token."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.economics.per_token import of_model, of_result, side_by_side
from tests.made_result import made_result
from tests.small_models import shipped
from workloads.scenario import SCENARIOS, load_scenario

NAMES = ("deepseek-v3", "qwen2.5-72b", "llama-3.1-405b")


def test_a_token_of_a_dense_72b_takes_more_than_one_of_a_mixture_of_671b() -> None:
    """The order of DeepSeek-V3 at ISCA 2025, Tables 1 and 2, for FLOP (250, 394, 2,448 G) and cache alike."""
    table = side_by_side([of_model(shipped(name)) for name in NAMES])
    assert table["name"].tolist() == list(NAMES)
    assert table["flop_ratio"][0] == 1
    assert table["flop_ratio"].is_monotonic_increasing
    assert table["cache_bytes"].is_monotonic_increasing
    assert table["parameters"][0] > table["parameters"][2]
    assert table["usd_per_million_tokens"].isna().all()


def test_a_dense_token_takes_about_six_flop_a_parameter() -> None:
    """Two for the forward, four for the backward; attention over 4,096 tokens adds some percent."""
    dense = of_model(shipped("llama-3.1-405b"))
    assert dense.activated == pytest.approx(dense.parameters, rel=0.01)
    assert dense.training_flop / (6 * dense.activated) == pytest.approx(1.03, abs=0.03)


def test_a_token_costs_a_gpu_second_over_the_tokens_of_a_second() -> None:
    """2 USD an hour at 1,000 tokens a second: 0.556 USD a million tokens; half the rate costs twice."""
    scenario = load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")
    result = made_result()
    rate = replace(result.headline["step_s"], value=1000.0)
    fast, slow = (
        of_result(scenario, replace(result, headline={"tokens_per_s_per_gpu": replace(rate, value=value)}))
        for value in (1000.0, 500.0)
    )
    table = side_by_side([fast, slow])
    assert table["usd_per_million_tokens"].tolist() == pytest.approx([2 / 3.6, 4 / 3.6])
    assert table["usd_ratio"].tolist() == pytest.approx([1, 2])


def test_nothing_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="give at least one"):
        side_by_side([])
