"""FP8 (e4m3) with scales: tiles of 128, whole tensors, or microscaled blocks; summed as tensor cores do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from workloads.reference.formats import Array, Rows

LARGEST = 448.0
"""Largest e4m3 number (arXiv 2209.05433, Table 1)."""
STEP = 32
"""Products that one tensor-core instruction of Hopper adds at once (arXiv 2412.19437, section 3.5.2)."""


@dataclass(frozen=True, slots=True)
class Fp8:
    """How values become FP8 and how products are summed; the default is DeepSeek-V3's (arXiv 2412.19437, 3.3).

    tile          neighbouring features that share a scale; 0: the whole tensor has one
    weight_rows   rows of a weight that share it too, where there are tiles
    power_of_two  scales are powers of two (MXFP8: arXiv 2310.10537)
    sum_bits      mantissa bits that a tensor core keeps of each product when it adds; 0: FP32 throughout
    promoted      products after which the sum is moved to FP32; 0: never before the end
    """

    tile: int = 128
    weight_rows: int = 128
    power_of_two: bool = False
    sum_bits: int = 0
    promoted: int = 128

    def operand(self, x: Array) -> Fp8Operand:
        """As `Format` says."""
        return Fp8Operand(*self.written(x, 1), self, x.dtype)

    def rounded(self, x: Array) -> Array:
        """As `Format` says."""
        rows = x.reshape(-1, x.shape[-1])
        return self.read(*self.written(rows, 1), 1).reshape(x.shape).astype(x.dtype)

    def written(self, x: Array, rows: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """FP8 values (as FP32) and their scales, one for `rows` rows of a tile.

        x        [row, feature]
        returns  [row, feature] and [row / rows, feature / tile], both rounded up
        """
        tiles = _tiled(x.astype(np.float32), *self._tile(x.shape, rows))
        largest = np.abs(tiles).max(axis=(1, 3), keepdims=True)
        scales = np.where(largest > 0, largest / LARGEST, 1.0).astype(np.float32)
        if self.power_of_two:
            scales = np.exp2(np.ceil(np.log2(scales)))
        inside = np.clip(tiles / scales, -LARGEST, LARGEST)
        codes = inside.astype(ml_dtypes.float8_e4m3fn).astype(np.float32)
        return _untiled(codes, x.shape), scales[:, 0, :, 0]

    def read(self, codes: NDArray[np.float32], scales: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
        """Values behind FP8 values and their scales: [row, feature]."""
        tiles = _tiled(codes, *self._tile(codes.shape, rows))
        return _untiled(tiles * scales[:, None, :, None], codes.shape)

    def _tile(self, shape: tuple[int, ...], rows: int) -> tuple[int, int]:
        """Rows and features that share a scale."""
        return (rows, self.tile) if self.tile else (shape[0], shape[1])


@dataclass(frozen=True, slots=True)
class Fp8Operand:
    """FP8 values with the scales of their tiles.

    codes   [row, feature];  scales  [row, tile], or [1, 1] for a whole tensor
    """

    codes: NDArray[np.float32]
    scales: NDArray[np.float32]
    how: Fp8
    dtype: np.dtype[Any]

    def times(self, weight: Array) -> Array:
        """As `Operand` says: each block's sum is scaled and added in FP32."""
        codes, scales = self.how.written(weight, self.how.weight_rows)
        block = self.how.tile or self.how.promoted or weight.shape[1]
        total = np.zeros((len(self.codes), len(weight)), np.float32)
        for at in range(0, weight.shape[1], block):
            part = slice(at, at + block)
            column = at // self.how.tile if self.how.tile else 0
            own = scales[:, column].repeat(self.how.weight_rows if self.how.tile else len(weight))[: len(weight)]
            total += self._summed(codes[:, part], part) * self.scales[:, column, None] * own
        return total.astype(self.dtype)

    def take(self, rows: Rows) -> Fp8Operand:
        """As `Operand` says."""
        scales = self.scales[rows] if self.how.tile else self.scales
        return Fp8Operand(self.codes[rows], scales, self.how, self.dtype)

    def _summed(self, weight: NDArray[np.float32], part: slice) -> NDArray[np.float32]:
        """Products of one block, added in FP32 or with a tensor core's few bits: [row, out]."""
        x = self.codes[:, part]
        if not self.how.sum_bits:
            product: NDArray[np.float32] = x @ weight.T
            return product
        sums = [_few_bits(row * weight, self.how.sum_bits) for row in x]
        return np.array(sums, np.float32).reshape(len(x), len(weight))


def _tiled(x: NDArray[np.float32], high: int, wide: int) -> NDArray[np.float32]:
    """Tiles of a matrix, filled up with zeros: [tile row, row, tile column, feature]."""
    rows, columns = x.shape
    more = (-rows % high, -columns % wide)
    if any(more):
        x = np.pad(x, ((0, more[0]), (0, more[1])))
    return x.reshape(len(x) // high, high, -1, wide)


def _untiled(tiles: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The matrix of this shape that was cut into tiles."""
    high, wide = tiles.shape[0] * tiles.shape[1], tiles.shape[2] * tiles.shape[3]
    return tiles.reshape(high, wide)[: shape[0], : shape[1]]


def _few_bits(products: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    """Sum products 32 at a time, aligned to the largest of them and of the sum so far, the rest cut off.

    A Hopper tensor core keeps about 14 bits of each aligned product (arXiv 2412.19437, section 3.5.2).

    products  [out, feature]
    returns   [out]
    """
    total = np.zeros(len(products), np.float32)
    for at in range(0, products.shape[1], STEP):
        terms = np.concatenate([total[:, None], products[:, at : at + STEP]], axis=1)
        _, exponents = np.frexp(np.abs(terms).max(axis=1))
        grain = np.ldexp(np.float32(1), exponents - bits)[:, None]
        total = (np.trunc(terms / grain) * grain).sum(axis=1, dtype=np.float32)
    return total


DEEPSEEK_FP8 = Fp8()
TENSOR_CORE_FP8 = Fp8(sum_bits=14)
TENSOR_FP8 = Fp8(tile=0)
UNPROMOTED_FP8 = Fp8(tile=0, sum_bits=14, promoted=0)
MXFP8 = Fp8(tile=32, weight_rows=1, power_of_two=True)
"""DeepSeek-V3's tiles with exact sums; with the tensor core's; one scale a tensor; the same with all products
summed in the tensor core; microscaling."""
