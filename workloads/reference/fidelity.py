"""How far a number format is from float64: matmuls on two kinds of data, and the loss of small models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from workloads.reference.dims import Dims, Experts, Gate, Latent, Precision, Rope
from workloads.reference.formats import Array, Bf16, Format
from workloads.reference.fp8 import DEEPSEEK_FP8, MXFP8, TENSOR_CORE_FP8, TENSOR_FP8, UNPROMOTED_FP8, Fp8
from workloads.reference.running import Model, random_model, training_loss

Data = Literal["gaussian", "outliers"]

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "BF16": Bf16(),
        "FP8, tiles of 128": DEEPSEEK_FP8,
        "FP8, tiles of 128, 14-bit sums": TENSOR_CORE_FP8,
        "FP8, one scale": TENSOR_FP8,
        "FP8, one scale, 14-bit sums to the end": UNPROMOTED_FP8,
        "MXFP8": MXFP8,
    }
)
PRODUCT = (16, 32, 4096)
"""Rows, columns and summed length of the product that formats are held against."""
OUTLIERS, OUTLIER_ROWS, OUTLIER_SIZE = 2, 8, 3e4
MTP_WEIGHT = 0.3
PUBLISHED_LOSS_ERROR_RATIO = 0.0025

SMALL = Dims(
    layers=3,
    hidden=128,
    vocab=256,
    attention=Latent(heads=4, query_rank=64, kv_rank=32, nope_dim=32, rope_dim=16, value_dim=32),
    dense_inter=256,
    dense_layers=1,
    experts=Experts(
        Gate(16, 4, groups=4, top_groups=2, score="sigmoid", group_score="best_two", bias=True, scale=2.5),
        inter=64,
        shared_inter=64,
    ),
    mtp_depth=1,
    rope=Rope(interleaved=True),
)


@dataclass(frozen=True, slots=True)
class MatmulError:
    """Error of one product against float64; a row's error is its difference over its product, as root mean square.

    error_ratio      mean over rows, quantising and summing together
    sum_error_ratio  largest error of one element from summing alone, over the root mean square of the product
    """

    format: str
    data: Data
    error_ratio: float
    sum_error_ratio: float


def draw(data: Data, shape: tuple[int, int], seed: int) -> Array:
    """Normal numbers; with outliers two features of every eighth row are 30,000 times as large.

    Large models have such massive activations, in few features of few tokens (arXiv 2402.17762, section 2).
    """
    values = np.random.default_rng(seed).standard_normal(shape)
    if data == "outliers":
        values[::OUTLIER_ROWS, :OUTLIERS] *= OUTLIER_SIZE
    return values


def matmul_error(name: str, data: Data, sizes: tuple[int, int, int], seed: int) -> MatmulError:
    """Error of x [m, k] times a normal weight [n, k] in a format of FORMATS; sizes: m, n, k."""
    m, n, k = sizes
    x, weight = draw(data, (m, k), seed), draw("gaussian", (n, k), seed + 1)
    exact = x @ weight.T
    own = FORMATS[name].operand(x).times(weight)
    error_ratio = float(np.mean(_rms(own - exact) / _rms(exact)))
    how = FORMATS[name]
    summed = _exactly_summed(how, x, weight) if isinstance(how, Fp8) else own
    return MatmulError(name, data, error_ratio, float(np.max(np.abs(own - summed) / _rms(summed)[:, None])))


def _rms(x: Array) -> Array:
    """Root mean square of each row: [row]."""
    return np.asarray(np.sqrt(np.mean(x * x, axis=1)))


def _exactly_summed(how: Fp8, x: Array, weight: Array) -> Array:
    """The product of the rounded operands in float64: [row, out]."""
    rounded = (
        how.read(*how.written(a, rows), rows).astype(np.float64) for a, rows in ((x, 1), (weight, how.weight_rows))
    )
    left, right = rounded
    return np.asarray(left @ right.T)


def matmul_errors(sizes: tuple[int, int, int] = (32, 32, 4096), seed: int = 0) -> tuple[MatmulError, ...]:
    """Every format on both kinds of data."""
    kinds: tuple[Data, ...] = ("gaussian", "outliers")
    return tuple(matmul_error(name, data, sizes, seed) for name in FORMATS for data in kinds)


def loss_errors(name: str, models: int = 4) -> tuple[float, ...]:
    """Loss errors of so many small random models of DeepSeek-V3's kind, 512 tokens each."""
    errors = []
    for seed in range(models):
        ids = np.random.default_rng(seed).integers(0, SMALL.vocab, (8, 64 + 1 + SMALL.mtp_depth))
        errors.append(loss_error(random_model(SMALL, seed), name, ids))
    return tuple(errors)


def loss_error(model: Model, name: str, ids: Array) -> float:
    """Relative difference of the training loss with linear layers in a format of FORMATS from that in BF16.

    The published figure, PUBLISHED_LOSS_ERROR_RATIO, is the distance of smoothed training curves of two large models
    (arXiv 2412.19437, section 3.3 and appendix B.1); this is one batch of a small model with random weights.

    ids  [sequence, token + 1 + mtp_depth]
    """
    bf16: Mapping[Precision, Format] = {"fp8": Bf16(), "bf16": Bf16(), "fp32": FORMATS["BF16"]}
    low = dict(bf16) | {"fp8": FORMATS[name]}
    dims = replace(model.dims, linear="fp8")
    base, other = (
        training_loss(replace(model, dims=dims, formats=formats).losses(ids), MTP_WEIGHT) for formats in (bf16, low)
    )
    return abs(other - base) / base
