"""Number formats of a matmul's operands, as values: exact here, others beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Operand(Protocol):
    """An activation made ready for a matmul: [row, feature]."""

    def times(self, weight: Array) -> Array:
        """Product with a weight [out, in]: [row, out]."""
        ...

    def take(self, rows: NDArray[np.int64] | slice) -> Operand:
        """Some of the rows."""
        ...


class Format(Protocol):
    """How numbers are written down for a matmul."""

    def operand(self, x: Array) -> Operand:
        """x [row, feature] in this format."""
        ...


@dataclass(frozen=True, slots=True)
class Plain:
    """An operand in the precision of its array."""

    values: Array

    def times(self, weight: Array) -> Array:
        """As `Operand` says."""
        product: Array = self.values @ weight.T
        return product

    def take(self, rows: NDArray[np.int64] | slice) -> Plain:
        """As `Operand` says."""
        return Plain(self.values[rows])


@dataclass(frozen=True, slots=True)
class Exact:
    """No rounding beyond the arrays' own precision."""

    def operand(self, x: Array) -> Plain:
        """As `Format` says."""
        return Plain(x)
