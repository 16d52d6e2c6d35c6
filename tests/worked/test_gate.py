"""The gate's choice, worked out by hand on one token."""

from __future__ import annotations

import numpy as np
import pytest

from workloads.reference.dims import Gate
from workloads.reference.softmax import choose

SCORES = np.array([[0.9, 0.1, 0.6, 0.5, 0.8, 0.15, 0.3, 0.4]])
"""Affinities of eight experts in four groups of two."""

LOGITS = np.log(SCORES / (1 - SCORES))


def gate(**changes: object) -> Gate:
    """Sigmoid gate: two of four groups, three experts."""
    how: dict[str, object] = {"groups": 4, "top_groups": 2, "score": "sigmoid", "group_score": "best_two"}
    return Gate(8, 3, **(how | changes))  # type: ignore[arg-type]


def test_groups_rank_by_the_sum_of_their_best_two() -> None:
    """Sums are 1.0, 1.1, 0.95, 0.7: groups 0 and 1."""
    assert choose(LOGITS, gate(), None).experts.tolist() == [[0, 2, 3]]


def test_groups_may_rank_by_their_best_one() -> None:
    """Best are 0.9, 0.6, 0.8, 0.4: groups 0 and 2."""
    assert choose(LOGITS, gate(group_score="best"), None).experts.tolist() == [[0, 4, 5]]


def test_weights_are_normalised_and_scaled() -> None:
    weights = choose(LOGITS, gate(scale=2.5), None).weights
    assert weights[0] == pytest.approx(np.array([0.9, 0.6, 0.5]) / 2.0 * 2.5)


def test_a_selection_bias_changes_the_choice_but_no_weight() -> None:
    bias = np.array([0, 0, 0, 0, 0, 0, 1.0, 1.0])
    choice = choose(LOGITS, gate(normalise=False), bias)
    assert choice.experts.tolist() == [[7, 6, 2]]
    assert choice.weights[0] == pytest.approx([0.4, 0.3, 0.6])


def test_softmax_weights_are_shares_of_all_experts() -> None:
    choice = choose(LOGITS, Gate(8, 2, normalise=False), None)
    odds = SCORES / (1 - SCORES)
    assert choice.experts.tolist() == [[0, 4]]
    assert choice.weights[0] == pytest.approx(odds[0, [0, 4]] / odds.sum())
