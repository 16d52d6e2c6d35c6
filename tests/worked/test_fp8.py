"""FP8 tiles, their scales and their sums: by hand, and against float64."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.small_models import SMALL_V3
from workloads.reference.dims import Precision
from workloads.reference.fidelity import (
    FORMATS,
    PUBLISHED_LOSS_ERROR_RATIO,
    MatmulError,
    loss_errors,
    matmul_error,
    matmul_errors,
)
from workloads.reference.formats import Bf16, Exact, Format
from workloads.reference.fp8 import DEEPSEEK_FP8, MXFP8, TENSOR_FP8, Fp8
from workloads.reference.running import random_model

TILES = "FP8, tiles of 128"
FEW_BITS = "FP8, tiles of 128, 14-bit sums"
WHOLE = "FP8, one scale"
WHOLE_FEW_BITS = "FP8, one scale, 14-bit sums to the end"


CACHES: dict[Precision, dict[Precision, Format]] = {
    "fp8": {"fp8": DEEPSEEK_FP8, "bf16": Exact(), "fp32": Exact()},
    "bf16": {"fp8": Exact(), "bf16": Bf16(), "fp32": Exact()},
}
"""Formats when the cache is in FP8, and when it and the BF16 matmuls are in BF16."""


@pytest.fixture(scope="module")
def errors() -> dict[tuple[str, str], MatmulError]:
    """Errors of products of inner length 4,096, by format and data."""
    return {(error.format, error.data): error for error in matmul_errors((16, 32, 4096))}


def test_a_tile_is_scaled_so_that_its_largest_value_is_448() -> None:
    x = np.zeros((2, 256))
    x[0, 3], x[0, 130], x[1, 5] = 7.0, -0.5, 448.0
    codes, scales = DEEPSEEK_FP8.written(x, 1)
    assert scales == pytest.approx(np.array([[7 / 448, 0.5 / 448], [1.0, 1.0]]))
    assert (codes[0, 3], codes[0, 130], codes[1, 5]) == (448.0, -448.0, 448.0)


def test_weights_share_a_scale_in_blocks_of_128_by_128() -> None:
    weight = np.ones((130, 256))
    weight[129, 200] = 448.0
    _, scales = DEEPSEEK_FP8.written(weight, 128)
    assert scales == pytest.approx(np.array([[1, 1], [1, 448]]) / 448)


def test_microscales_are_powers_of_two_for_32_features() -> None:
    _, scales = MXFP8.written(np.full((1, 64), 3.0), 1)
    assert scales.tolist() == [[2.0**-7, 2.0**-7]]


def test_rows_that_are_taken_keep_their_scales() -> None:
    """As tokens are sorted by expert after they were quantised."""
    draw = np.random.default_rng(1)
    x, weight = draw.standard_normal((6, 256)) * 10.0 ** np.arange(6)[:, None], draw.standard_normal((3, 256))
    rows = np.array([4, 0, 5])
    taken = DEEPSEEK_FP8.operand(x).take(rows).times(weight)
    assert np.array_equal(taken, DEEPSEEK_FP8.operand(x[rows]).times(weight))


@pytest.mark.parametrize("name", FORMATS)
def test_an_expert_without_rows_gives_none(name: str) -> None:
    taken = FORMATS[name].operand(np.ones((4, 256))).take(slice(2, 2))
    assert taken.times(np.ones((3, 256))).shape == (0, 3)


def test_a_whole_tensor_has_one_scale() -> None:
    assert TENSOR_FP8.written(np.ones((3, 300)), 1)[1].shape == (1, 1)


def test_e4m3_rounds_to_three_bits_behind_the_point() -> None:
    """Between 1 and 2 the step is 1/8, ties go to the even neighbour."""
    x = np.array([[448.0, 1.0, 1.05, 1.0625, 1.07, 1.1875, 1.95]])
    assert Fp8().rounded(x).tolist() == [[448.0, 1.0, 1.0, 1.0, 1.125, 1.25, 2.0]]


def test_values_that_fp8_holds_are_multiplied_exactly() -> None:
    draw = np.random.default_rng(0)
    x, weight = (draw.integers(-8, 9, shape) * 1.0 for shape in ((5, 300), (200, 300)))
    x[:, ::128], weight[::128, ::128] = 448.0, 448.0
    for how in (DEEPSEEK_FP8, TENSOR_FP8):
        assert np.abs(how.operand(x).times(weight) - x @ weight.T).max() <= 1e-6 * np.abs(x @ weight.T).max()


def test_a_tensor_core_cuts_what_lies_14_bits_below_the_largest_product() -> None:
    """448 x 448 needs exponent 17 (in [2^17, 2^18)); 14 bits reach down to 2^4, so 15 x 1 is lost and 16 x 1 is not."""
    x = np.zeros((1, 128))
    weight = np.zeros((1, 128))
    x[0, :2], weight[0, :2] = (448.0, 15.0), (448.0, 1.0)
    few = replace(DEEPSEEK_FP8, sum_bits=14)
    assert few.operand(x).times(weight)[0, 0] == 448.0 * 448.0
    assert DEEPSEEK_FP8.operand(x).times(weight)[0, 0] == 448.0 * 448.0 + 15.0
    x[0, 1] = 16.0
    assert few.operand(x).times(weight)[0, 0] == 448.0 * 448.0 + 16.0


def test_rounding_both_operands_costs_what_theory_says(errors: dict[tuple[str, str], MatmulError]) -> None:
    """A step of 1/8 of the power of two leaves (1/8)/sqrt(12) of it, over a mantissa even in [1, 2) a root mean
    square of 2.55 %; two operands give sqrt(2) of that, 3.6 %."""
    theory = np.sqrt(2) * 0.125 / np.sqrt(12) * np.sqrt(0.5)
    for data in ("gaussian", "outliers"):
        assert errors[TILES, data].error_ratio == pytest.approx(theory, rel=0.1)
    assert errors["BF16", "gaussian"].error_ratio == pytest.approx(theory / 16, rel=0.1)


def test_tiles_keep_outliers_to_themselves(errors: dict[tuple[str, str], MatmulError]) -> None:
    assert errors[WHOLE, "outliers"].error_ratio > 1.3 * errors[TILES, "outliers"].error_ratio
    assert errors["MXFP8", "outliers"].error_ratio < 0.04


def test_promotion_mends_the_tensor_cores_sums(errors: dict[tuple[str, str], MatmulError]) -> None:
    """Few bits cost up to nearly 2 % at inner length 4,096 (arXiv 2412.19437, 3.3.2); promotion takes most of it."""
    unpromoted, promoted = (errors[name, "gaussian"].sum_error_ratio for name in (WHOLE_FEW_BITS, FEW_BITS))
    assert 0.005 < unpromoted < 0.02
    assert promoted < unpromoted / 10
    assert errors[TILES, "gaussian"].sum_error_ratio < 1e-5


def test_loss_of_small_models_moves_by_less_than_one_percent() -> None:
    """Published for large models and smoothed curves: below 0.25 %. One batch of a small one is noisier."""
    found = loss_errors(TILES)
    print(f"mean loss error {np.mean(found):.2%}, published below {PUBLISHED_LOSS_ERROR_RATIO:.2%}")
    assert max(found) < 0.01
    assert np.mean(found) < 2 * PUBLISHED_LOSS_ERROR_RATIO
    assert max(loss_errors("BF16", 1)) == 0.0


def test_the_error_of_a_product_does_not_depend_on_the_seed_much() -> None:
    found = [matmul_error(TILES, "gaussian", (16, 16, 1024), seed).error_ratio for seed in range(4)]
    assert max(found) / min(found) < 1.15


@pytest.mark.parametrize("precision", ["fp8", "bf16"])
def test_a_rounded_cache_is_what_later_tokens_read(precision: Precision) -> None:
    ids = np.random.default_rng(3).integers(0, SMALL_V3.vocab, (2, 9))
    exact = random_model(SMALL_V3, 5)
    cached = replace(exact, dims=replace(SMALL_V3, cache=precision), formats=CACHES[precision])
    whole = cached.forward(ids).logits
    step = cached.forward(ids[:, :4])
    pieces = [step.logits]
    for at in range(4, 9):
        step = cached.forward(ids[:, at : at + 1], step.cache)
        pieces.append(step.logits)
    assert np.abs(np.concatenate(pieces, axis=1) - whole).max() < 1e-4 * np.abs(whole).max()
    change = np.linalg.norm(whole - exact.forward(ids).logits) / np.linalg.norm(whole)
    assert 1e-4 < change < 0.2
