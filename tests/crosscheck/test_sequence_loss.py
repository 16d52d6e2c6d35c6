"""The gradient of the sequence-wise balance loss beside differences of the loss."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pytest

from workloads.bias_balancing import loss_gradient
from workloads.reference.dims import Gate

Score = Literal["sigmoid", "softmax"]
SCORES: tuple[Score, ...] = get_args(Score)


def test_the_gradient_of_the_sequence_loss_is_that_of_differences() -> None:
    rng = np.random.default_rng(0)
    logits, f = rng.standard_normal((2, 5, 6)), rng.uniform(0, 2, (2, 6))
    for score in SCORES:
        found = loss_gradient(affinity(logits, score), f, Gate(6, 2, score=score))
        for domain, expert in ((0, 0), (1, 5)):
            moved = np.zeros_like(logits)
            moved[domain, :, expert] = 1e-5
            more, less = loss(affinity(logits + moved, score), f), loss(affinity(logits - moved, score), f)
            assert found[domain, expert] == pytest.approx((more - less)[domain] / 2e-5, rel=1e-6)


def affinity(logits: np.ndarray, score: Score) -> np.ndarray:
    """Affinities of logits."""
    odds = np.exp(logits)
    result: np.ndarray = odds / (1 + odds) if score == "sigmoid" else odds / odds.sum(axis=-1, keepdims=True)
    return result


def loss(affinities: np.ndarray, f: np.ndarray) -> np.ndarray:
    """Sum of f_i P_i of each domain."""
    result: np.ndarray = ((affinities / affinities.sum(axis=-1, keepdims=True)).mean(axis=1) * f).sum(axis=-1)
    return result
