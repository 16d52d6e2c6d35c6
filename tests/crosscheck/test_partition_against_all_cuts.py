"""The partition by cost against trying every cut, in exact fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from simulator.partition import partition_by_cost

SCALES = (1.0, 0.1, 0.3, 1 / 7)


def best_cut(costs: list[int], stages: int) -> list[int]:
    """Items a stage by the stated rule: least dearest stage, then most even, then more items early."""

    def badness(cut: tuple[int, ...]) -> tuple[Fraction, Fraction, list[int]]:
        ends = [0, *cut, len(costs)]
        of_stage = [Fraction(sum(costs[a:b])) for a, b in pairwise(ends)]
        return max(of_stage), sum((c * c for c in of_stage), Fraction()), [a - b for a, b in pairwise(ends)]

    best = min(combinations(range(1, len(costs)), stages - 1), key=badness)
    return [b - a for a, b in pairwise([0, *best, len(costs)])]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=9), st.data())
def test_no_other_cut_is_better(costs: list[int], data: st.DataObject) -> None:
    stages = data.draw(st.integers(1, len(costs)))
    scale = data.draw(st.sampled_from(SCALES))
    found = partition_by_cost([cost * scale for cost in costs], stages)
    assert [s.stop - s.start for s in found] == best_cut(costs, stages)
    assert found[0].start == 0
    assert all(a.stop == b.start for a, b in pairwise(found))
