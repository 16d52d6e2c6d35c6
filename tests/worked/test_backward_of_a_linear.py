"""The derived gradients of a linear layer are matmuls of the right shapes: checked on numbers."""

from __future__ import annotations

import numpy as np

from tests.small_models import SMALL_V3
from workloads.reference.derive import derive
from workloads.reference.dims import Tokens
from workloads.reference.graph import Graph
from workloads.reference.policy import POLICIES
from workloads.reference.shapes import Shapes

ROWS, IN, OUT = 5, 32, 7


def test_gradients_by_finite_differences_are_the_derived_matmuls() -> None:
    graph = Graph()
    ops = Shapes(graph, SMALL_V3, Tokens(1, ROWS))
    ops.linear("w", ops.operand("w", ops.start(IN), "bf16"), OUT)
    derived = {op.phase: (op.m, op.n, op.k) for op in derive(graph, POLICIES["none"], low=False).record}

    draw = np.random.default_rng(0)
    x, w, dy = draw.standard_normal((ROWS, IN)), draw.standard_normal((OUT, IN)), draw.standard_normal((ROWS, OUT))

    def loss(x: np.ndarray, w: np.ndarray) -> float:
        return float(np.sum(dy * (x @ w.T)))

    dx, dw = dy @ w, dy.T @ x
    assert derived["forward"] == (ROWS, OUT, IN)
    assert derived["input_grad"] == (*dx.shape, dy.shape[1])
    assert derived["weight_grad"] == (*dw.shape, x.shape[0])
    for array, gradient in ((x, dx), (w, dw)):
        index = tuple(np.array(array.shape) // 2)
        step = np.zeros_like(array)
        step[index] = 1e-6
        up, down = (loss(x + s, w) if array is x else loss(x, w + s) for s in (step, -step))
        assert abs((up - down) / 2e-6 - gradient[index]) < 1e-6
