"""Which values of a scenario are uncertain, by how much, and what a factor on them changes."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest

from simulator.uncertainty.inputs import DEFAULT_SPREADS, Input, uncertain
from simulator.uncertainty.scenario_inputs import ScenarioInputs, inputs_of
from topologies.entry import Provenance
from workloads.scenario import SCENARIOS, load_scenario

GPU = "cluster.node.gpu"


@cache
def found() -> ScenarioInputs:
    return inputs_of(load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml"))


def named(name: str) -> Input:
    return next(one for one in found().inputs if one.name == name)


def put(name: str, factor: float) -> ScenarioInputs:
    """The inputs of the scenario with one input changed."""
    factors = [factor if one.name == name else 1.0 for one in found().inputs]
    return inputs_of(found().put(factors))


def test_nine_of_ten_values_lie_within_the_spread_a_source_states() -> None:
    """NVLink's achieved share: 0.8, spread 5 %; from 0.8 / 1.05 to 0.8 x 1.05."""
    one = named(f"{GPU}.nvlink_achievable_ratio")
    assert (one.nominal, one.spread, one.basis, one.shape) == (0.8, 0.05, "published", "lognormal")
    assert one.low == pytest.approx(0.8 / 1.05)
    assert one.high == pytest.approx(0.8 * 1.05)


@pytest.mark.parametrize("basis", ["published", "measured", "derived", "assumed"])
def test_a_source_without_a_spread_has_that_of_its_basis(basis: Any) -> None:
    one = uncertain("x", 2.0, Provenance(basis=basis, source="somewhere"))
    assert one.high == pytest.approx(2.0 * (1 + DEFAULT_SPREADS[basis]))
    assert one.low * one.high == pytest.approx(4.0)


def test_a_spread_of_zero_is_exact() -> None:
    one = uncertain("x", 2.0, Provenance(basis="published", source="somewhere", spread=0.0))
    assert one.shape == "exact"
    assert (one.low, one.high) == (2.0, 2.0)


def test_of_an_assumed_value_no_part_of_the_range_is_likelier() -> None:
    """Half way in shares is half way in the logarithm, and nothing lies far outside."""
    one = uncertain("x", 1.0, Provenance(basis="assumed", source="somewhere", spread=0.2))
    shares = np.array([0.05, 0.275, 0.5, 0.95, 1.0])
    width = math.log(1.2)
    assert np.log(one.factor(shares)) == pytest.approx([-width, -width / 2, 0, width, width / 0.9])


def test_counts_and_sizes_are_exact_and_the_model_is_its_definition() -> None:
    names = {one.name for one in found().inputs}
    for exact in ("sms", "nvlink_links", "memory_bytes", "memory_usable_bytes"):
        assert f"{GPU}.{exact}" not in names
    assert "cluster.node.gpus" not in names
    assert not any(name.startswith("model.") for name in names)


def test_a_count_whose_source_states_a_spread_is_none() -> None:
    assert named(f"{GPU}.kernels.sweeps.gate.kernels").spread == 0.2


def test_every_part_with_sources_is_asked() -> None:
    names = [one.name for one in found().inputs]
    assert len(names) == len(set(names))
    for wanted in (
        f"{GPU}.hbm_bytes_per_s",
        f"{GPU}.kernels.matmul",
        f"{GPU}.kernels.all_to_all.normal.network_ratio",
        "cluster.topology.switch.latency_s",
        "price.gpu_usd_per_s",
    ):
        assert wanted in names


def test_one_value_is_scaled_and_nothing_else() -> None:
    changed = put(f"{GPU}.hbm_bytes_per_s", 1.1).scenario
    base = found().scenario
    gpu = base.cluster.node.gpu
    assert changed.cluster.node.gpu.hbm_bytes_per_s == pytest.approx(1.1 * gpu.hbm_bytes_per_s)
    restored = changed.cluster.node.gpu.model_copy(update={"hbm_bytes_per_s": gpu.hbm_bytes_per_s})
    assert restored == gpu
    assert changed.price == base.price


def test_kernels_fitted_on_one_table_are_faster_as_a_whole() -> None:
    """Rates grow, seconds shrink; families with a source of their own stay."""
    before = found().scenario.cluster.node.gpu.kernels
    after = put(f"{GPU}.kernels.matmul", 1.05).scenario.cluster.node.gpu.kernels
    for family in ("fp8_gemm", "fp8_grouped_gemm", "fp8_wgrad"):
        old, new = before.matmul[family], after.matmul[family]
        assert new.flop_ratio == pytest.approx(1.05 * old.flop_ratio)
        assert new.operand_bytes_per_s == pytest.approx(1.05 * old.operand_bytes_per_s)
        assert new.start_s == pytest.approx(old.start_s / 1.05)
        assert (new.widest_tile, new.exposed_output_ratio) == (old.widest_tile, old.exposed_output_ratio)
    assert after.matmul["bf16_gemm"] == before.matmul["bf16_gemm"]
    assert after.sweeps == before.sweeps


def test_an_achieved_share_stays_a_share() -> None:
    assert put("cluster.node.nic.achievable_ratio", 2.0).scenario.cluster.node.nic.achievable_ratio == 1.0


def test_a_mapping_stays_frozen() -> None:
    kernels = put(f"{GPU}.kernels.matmul", 1.05).scenario.cluster.node.gpu.kernels
    with pytest.raises(TypeError, match="cannot be changed"):
        kernels.matmul["fp8_gemm"] = kernels.matmul["bf16_gemm"]
