"""Number formats of a matmul's operands, as values: the array's own precision, and BF16."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Rows = NDArray[np.int64] | slice


class Operand(Protocol):
    """An activation made ready for a matmul: [row, feature]."""

    def times(self, weight: Array) -> Array:
        """Product with a weight [out, in]: [row, out]."""
        ...

    def take(self, rows: Rows) -> Operand:
        """Some of the rows."""
        ...


class Format(Protocol):
    """How numbers are written down for a matmul, or in a cache."""

    def operand(self, x: Array) -> Operand:
        """x [row, feature] in this format."""
        ...

    def rounded(self, x: Array) -> Array:
        """x written down and read back, in its own type."""
        ...


@dataclass(frozen=True, slots=True)
class Plain:
    """An operand in the precision of its array."""

    values: Array

    def times(self, weight: Array) -> Array:
        """As `Operand` says."""
        product: Array = self.values @ weight.T
        return product

    def take(self, rows: Rows) -> Plain:
        """As `Operand` says."""
        return Plain(self.values[rows])


@dataclass(frozen=True, slots=True)
class Exact:
    """No rounding beyond the arrays' own precision."""

    def operand(self, x: Array) -> Plain:
        """As `Format` says."""
        return Plain(x)

    def rounded(self, x: Array) -> Array:
        """As `Format` says."""
        return x


@dataclass(frozen=True, slots=True)
class Bf16Operand:
    """BF16 values, multiplied with BF16 weights and summed in FP32."""

    values: Array
    dtype: np.dtype[Any]

    def times(self, weight: Array) -> Array:
        """As `Operand` says."""
        product: Array = self.values @ to_bf16(weight).T
        return product.astype(self.dtype)

    def take(self, rows: Rows) -> Bf16Operand:
        """As `Operand` says."""
        return Bf16Operand(self.values[rows], self.dtype)


@dataclass(frozen=True, slots=True)
class Bf16:
    """Eight bits of mantissa (one of them implied), the exponents of FP32."""

    def operand(self, x: Array) -> Bf16Operand:
        """As `Format` says."""
        return Bf16Operand(to_bf16(x), x.dtype)

    def rounded(self, x: Array) -> Array:
        """As `Format` says."""
        return to_bf16(x).astype(x.dtype)


def to_bf16(x: Array) -> NDArray[np.float32]:
    """Nearest BF16 values, as FP32."""
    return x.astype(ml_dtypes.bfloat16).astype(np.float32)
