"""The compiled gate beside the numeric core's, and the noise that it draws beside its distribution."""

from __future__ import annotations

import itertools
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from workloads.gating import chosen, drawn_affinities, routed, rule
from workloads.reference.dims import Gate
from workloads.reference.softmax import choose

SCORES: tuple[Literal["sigmoid", "softmax"], ...] = ("sigmoid", "softmax")
GROUP_SCORES: tuple[Literal["best_two", "best"], ...] = ("best_two", "best")
GATES = [
    Gate(experts, top_k, groups, top_groups, score, group_score)
    for (experts, top_k, groups, top_groups), score, group_score in itertools.product(
        [(256, 8, 8, 4), (64, 6, 1, 1), (8, 2, 4, 2), (12, 3, 3, 1), (15, 2, 3, 2), (6, 2, 6, 3), (160, 6, 8, 3)],
        SCORES,
        GROUP_SCORES,
    )
]
SEVERAL_OF_V3 = np.zeros(5000, dtype=np.int64)


@pytest.mark.parametrize("gate", GATES, ids=str)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_compiled_gate_chooses_what_the_numeric_core_chooses(
    gate: Gate, kind: type[np.float32] | type[np.float64]
) -> None:
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((500, gate.experts)).astype(kind)
    bias = (0.1 * rng.standard_normal(gate.experts)).astype(kind)
    for added in (None, bias):
        assert (chosen(logits, gate, added) == choose(logits, gate, added).experts).all()


@pytest.mark.parametrize("gate", GATES, ids=str)
def test_among_equals_both_choose_the_first(gate: Gate) -> None:
    logits = np.random.default_rng(1).integers(0, 3, (500, gate.experts)).astype(np.float32)
    assert (chosen(logits, gate, None) == choose(logits, gate, None).experts).all()


@pytest.mark.parametrize("gate", GATES, ids=str)
def test_what_is_routed_is_what_the_gate_chooses_from_the_affinities_drawn(gate: Gate) -> None:
    """Affinities are drawn here, so the core's rule is applied to them as they are."""
    from workloads.gate_kernels import choose_all

    rng = np.random.default_rng(2)
    weights, domains = np.exp(rng.standard_normal((3, gate.experts))), rng.integers(0, 3, 400)
    bias = 0.05 * rng.standard_normal(gate.experts)
    ranked = drawn_affinities(gate, weights, domains, 5) + bias.astype(np.float32)
    expected = np.empty((400, gate.top_k), dtype=np.int64)
    choose_all(ranked, rule(gate), expected)
    assert (routed(gate, weights, domains, bias, 5) == expected).all()


def exponential(seed: int) -> NDArray[np.float64]:
    """Drawn numbers behind the affinities 1 / (1 + x) of experts that all weigh 1: [token, expert]."""
    gate = Gate(256, 8, score="sigmoid")
    affinity = drawn_affinities(gate, np.ones((1, 256)), SEVERAL_OF_V3, seed).astype(np.float64)
    return 1 / affinity - 1


def test_the_noise_is_exponential_from_the_smallest_to_the_largest() -> None:
    drawn = exponential(0)
    assert stats.kstest(drawn.ravel(), "expon").pvalue > 0.001
    assert stats.kstest(256 * drawn.min(axis=1), "expon").pvalue > 0.001
    assert stats.kstest(np.exp(-drawn.max(axis=1)) * 256, "expon").pvalue > 0.001


def test_numbers_of_experts_and_tokens_have_nothing_to_do_with_each_other() -> None:
    ranks = np.exp(-exponential(1))
    for one, other in ((ranks[:, :-1], ranks[:, 1:]), (ranks[:-1], ranks[1:]), (ranks[:, :128], ranks[:, 128:])):
        measured = np.corrcoef(one.ravel(), other.ravel())[0, 1]
        assert abs(measured) < 5 / np.sqrt(one.size)


def test_other_seeds_draw_other_numbers() -> None:
    assert abs(np.corrcoef(exponential(0).ravel(), exponential(1).ravel())[0, 1]) < 0.005
