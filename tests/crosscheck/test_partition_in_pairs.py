"""The cut where each rank holds a stage from each end of the model, against trying every cut, plain and compiled."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.estimates.layer_costs import compiled_extend
from simulator.partition_in_pairs import SLACK_RATIO, partition_in_pairs

EXACT = 1e-9


def sums(costs: Sequence[int], cut: Sequence[slice]) -> list[int]:
    return [sum(costs[one]) for one in cut]


def dearest_rank(of_stage: Sequence[int]) -> int:
    return max(first + last for first, last in zip(of_stage, reversed(of_stage), strict=True))


def best(costs: Sequence[int], stages: int) -> int:
    """Least sum of squares among the cuts whose dearest rank is within SLACK_RATIO of the cheapest possible."""
    every = []
    for cut in combinations(range(1, len(costs)), stages - 1):
        every.append(sums(costs, [slice(*ends) for ends in pairwise([0, *cut, len(costs)])]))
    least = min(map(dearest_rank, every))
    return min(sum(c * c for c in one) for one in every if dearest_rank(one) <= least * (1 + SLACK_RATIO) + EXACT)


@given(st.lists(st.integers(0, 9), min_size=4, max_size=9), st.data())
def test_no_other_cut_is_better(costs: list[int], data: st.DataObject) -> None:
    ranks = data.draw(st.integers(2, len(costs) // 2))
    cut = partition_in_pairs(costs, ranks)
    assert [one.start for one in cut[1:]] == [one.stop for one in cut[:-1]]
    assert (cut[0].start, cut[-1].stop) == (0, len(costs))
    assert sum(c * c for c in sums(costs, cut)) == best(costs, 2 * ranks)


@pytest.mark.parametrize("ranks", [2, 4, 8, 16, 30])
def test_the_compiled_loops_cut_as_the_plain_ones(ranks: int) -> None:
    """DeepSeek-V3's proportions: cheaper dense layers in front, head and MTP behind."""
    costs = [0.82, 0.8, 0.8, *[1.0] * 57, 3.9]
    assert partition_in_pairs(costs, ranks, compiled_extend()) == partition_in_pairs(costs, ranks)
