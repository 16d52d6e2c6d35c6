"""Comparisons people make of DeepSeek-V3's training: each shipped one goes the way that arithmetic says."""

from __future__ import annotations

import clustercast
from workloads.scenario import SCENARIOS, catalogue, changed, load_scenario
from workloads.what_ifs import what_ifs


def test_each_comparison_goes_the_way_it_should() -> None:
    """NVLink matters little where InfiniBand binds, overlap a lot; networks and number of GPUs hardly."""
    base = load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")
    names = catalogue()
    own = clustercast.run(base).headline["gpu_hours_per_trillion_tokens"].value
    moved = {}
    for one in what_ifs("comparisons").what_ifs:
        found = clustercast.run(changed(base, one.changes, names)).headline
        moved[one.title] = found["gpu_hours_per_trillion_tokens"].value / own - 1
    fast, apart, fast_apart, tree, many = moved.values()
    assert -0.03 < fast < 0
    assert 0.08 < apart < 0.3
    assert 0 < fast_apart < apart
    assert abs(tree) < 0.005
    assert 0 <= many < 0.02


def test_a_token_of_a_dense_model_costs_what_its_flop_do() -> None:
    """Twice and eleven times as many parameters work on a token; dense products run closer to the peak."""
    usd = {
        name: clustercast.run(SCENARIOS / f"{name}.yaml").headline["gpu_hours_per_trillion_tokens"].value
        for name in ("deepseek-v3-pretrain", "qwen2.5-72b-h800", "llama-3.1-405b-h800")
    }
    moe, middle, large = usd.values()
    assert 1.0 < middle / moe < 2.0
    assert 4.0 < large / moe < 11.0
