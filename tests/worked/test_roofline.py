"""Rooflines: ridge and attainable rate by hand, what binds which part, and the picture that says so."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

from reports import page
from reports import roofline as drawn
from reports.document import Picture
from simulator.roofline import MOVES, of_model, of_step
from tests.made_result import made_result
from tests.small_models import shipped
from topologies.catalogue import Catalogue, built_in
from topologies.hardware import Gpu
from topologies.spec import load_entry
from workloads.scenario import SCENARIOS, load_scenario


def gpu(name: str) -> Gpu:
    """A GPU of the built-in catalogue."""
    return load_entry("gpus", name, Gpu, Catalogue(built_in()))


@cache
def table(model: str = "deepseek-v3", name: str = "h800") -> pd.DataFrame:
    """Rows of a shipped model on a GPU."""
    return of_model(shipped(model), gpu(name))


def bounds(work: str, part: str, at: str) -> set[str]:
    """What binds a part of DeepSeek-V3 in one case."""
    rows = table()
    return set(rows.loc[(rows["work"] == work) & (rows["part"] == part) & (rows["at"] == at), "bound"])


def test_the_ridge_is_peak_over_bandwidth_and_the_roof_is_the_lower_of_both() -> None:
    h800 = gpu("h800")
    rows = table()
    peak = rows["precision"].map(lambda name: h800.fp8_flop_per_s if name == "fp8" else h800.bf16_flop_per_s)
    slope = rows["flop_per_byte"] * h800.hbm_bytes_per_s
    assert rows["peak_flop_per_s"].tolist() == pytest.approx(peak.tolist())
    assert rows["ridge_flop_per_byte"].tolist() == pytest.approx((peak / h800.hbm_bytes_per_s).tolist())
    assert rows["attainable_flop_per_s"].tolist() == pytest.approx(slope.where(slope < peak, peak).tolist())


def test_one_sequence_is_decoded_at_the_speed_of_memory() -> None:
    rows = table()
    assert set(rows.loc[rows["at"] == "batch 1", "bound"]) == {"memory"}
    assert bounds("decode", "attention scores", "batch 1") == {"memory"}


@pytest.mark.parametrize("at", ["forward", "input gradient", "weight gradient"])
@pytest.mark.parametrize("part", ["attention projections", "dense MLP", "shared experts", "output head"])
def test_matrix_products_of_training_are_bound_by_arithmetic(part: str, at: str) -> None:
    assert bounds("training", part, at) == {"compute"}


def test_a_larger_batch_brings_weights_to_the_ridge_but_not_what_is_cached() -> None:
    assert bounds("decode", "dense MLP", "batch 512") == {"compute"}
    assert bounds("decode", "attention scores", "batch 512") == {"memory"}
    assert bounds("decode", MOVES, "batch 512") == {"memory"}


def test_shares_of_the_time_add_up_in_every_case() -> None:
    rows = table()
    cases = rows["at"].where(rows["work"] == "decode", rows["work"])
    assert rows.groupby(cases)["time_share"].sum().tolist() == pytest.approx([1.0] * 7)


def test_parts_compute_what_the_model_counts() -> None:
    rows = table("llama-3-8b")
    training = rows.loc[rows["work"] == "training", "flop"].sum()
    assert rows.loc[rows["work"] == "prefill", "flop"].sum() == pytest.approx(training / 3, rel=0.02)


def test_a_gpu_without_fp8_computes_in_bf16() -> None:
    rows = table("deepseek-v3", "a100")
    assert set(rows.loc[rows["flop"] > 0, "precision"]) == {"bf16"}


def test_expert_parallelism_brings_the_experts_to_the_ridge() -> None:
    step = of_step(load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml"))
    assert set(step.loc[step["part"] == "routed experts", "bound"]) == {"compute"}
    assert bounds("training", "routed experts", "forward") == {"memory"}


def test_every_part_is_named_with_what_binds_it_and_drawn_once_a_row_and_once_on_the_roof() -> None:
    rows = table()
    decode = rows[rows["work"] == "decode"]
    picture = drawn.parts(rows, "decode")[0]
    assert isinstance(picture, Picture)
    assert "Bound by memory: attention projections, BF16; attention scores, BF16; router, BF16;" in picture.caption
    assert "dense MLP, FP8 (by arithmetic: batch 512)" in picture.caption
    assert str(picture.svg).count("<title>") == 2 * (decode["flop"] > 0).sum()
    assert picture.caption.split(" Dots ")[0] in str(picture.svg)


def test_the_report_of_a_step_draws_its_roofline_and_names_the_file_of_its_numbers() -> None:
    step = of_step(load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml"))
    html = page.page(replace(made_result("small", 4, 8), tables={"roofline": step}))
    assert '<section id="roofline"' in html
    assert html.count("<code>tables/roofline.csv</code>") == 2
    assert html.count('id="table-roofline') == 1
