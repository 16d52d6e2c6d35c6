"""Nodes and GPUs of evenly chosen experts: combinatorics beside every possible choice, and beside the gate."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from workloads.reference.dims import Gate
from workloads.routing import reach
from workloads.uniform_choice import expected_reach


def enumerated(gate: Gate, of_place: int) -> float:
    """Places of so many experts that a token reaches, over all groups and all experts of them."""
    size = gate.experts // gate.groups
    found = []
    for groups in combinations(range(gate.groups), gate.top_groups):
        pool = [group * size + at for group in groups for at in range(size)]
        found += [len({expert // of_place for expert in choice}) for choice in combinations(pool, gate.top_k)]
    return float(np.mean(found))


@pytest.mark.parametrize(("groups", "top_groups", "ranks", "per_node"), [
    (1, 1, 6, 2), (6, 2, 6, 2), (3, 2, 6, 2), (3, 2, 12, 4), (6, 3, 6, 3), (4, 2, 4, 2), (4, 3, 2, 1),
])  # fmt: skip
def test_combinatorics_agree_with_counting_every_choice(
    groups: int, top_groups: int, ranks: int, per_node: int
) -> None:
    gate = Gate(12, 3, groups, top_groups)
    far = expected_reach(gate, ranks, per_node)
    assert far.gpus == pytest.approx(enumerated(gate, 12 // ranks))
    assert far.nodes == pytest.approx(enumerated(gate, 12 // ranks * per_node))


def test_without_a_limit_the_gate_on_random_tokens_reaches_as_many() -> None:
    gate = Gate(256, 8, score="sigmoid")
    sampled, exact = reach(gate, 64, 8, seed=0), expected_reach(gate, 64, 8)
    assert sampled.nodes == pytest.approx(exact.nodes, rel=0.005)
    assert sampled.gpus == pytest.approx(exact.gpus, rel=0.005)
