"""Which layers lie on which stage, on DeepSeek-V3's 61 layers and on numbers small enough to see."""

from __future__ import annotations

import math

import pytest

from simulator.partition import partition_by_cost
from workloads.stages import stage_texts, stages_by_hand

EMBEDDING, DENSE, MOE, HEAD_AND_MTP = 0.02, 0.7, 1.0, 1.9


def sizes(stages: tuple[slice, ...]) -> list[int]:
    """Items a stage."""
    return [s.stop - s.start for s in stages]


def test_deepseek_v3_gets_a_short_last_stage_and_the_layers_left_out_spread_to_the_back() -> None:
    stages = partition_by_cost([EMBEDDING, *[DENSE] * 3, *[MOE] * 58, HEAD_AND_MTP], 16)
    assert sizes(stages) == [5, *[4] * 13, 3, 3]
    assert stage_texts(stages, layers=61, mtp_modules=1)[::15] == (
        "embedding, layers 0 to 3",
        "layers 59 to 60, MTP, head",
    )


def test_of_equal_cuts_the_earlier_stages_take_more() -> None:
    assert sizes(partition_by_cost([1.0] * 7, 3)) == [3, 2, 2]


def test_a_cut_stays_as_even_as_its_dearest_stage_allows() -> None:
    assert sizes(partition_by_cost([9.0, 1, 1, 1, 1], 3)) == [1, 2, 2]


def test_a_cheaper_dearest_stage_goes_before_an_even_cut() -> None:
    assert sizes(partition_by_cost([1.0, 5, 2, 3], 3)) == [1, 1, 2]  # 1, 5, 5 and not 6, 2, 3


def test_the_order_of_adding_decides_nothing() -> None:
    assert sizes(partition_by_cost([0.1] * 7, 3)) == [3, 2, 2]


@pytest.mark.parametrize(("costs", "stages"), [([1.0], 2), ([1.0], 0), ([], 1)])
def test_a_stage_without_an_item_is_refused(costs: list[float], stages: int) -> None:
    with pytest.raises(ValueError, match="cannot fill"):
        partition_by_cost(costs, stages)


@pytest.mark.parametrize("cost", [-1.0, math.nan, math.inf])
def test_a_cost_that_cannot_be_is_refused(cost: float) -> None:
    with pytest.raises(ValueError, match="finite and at least 0"):
        partition_by_cost([1.0, cost], 1)


def test_a_cut_by_hand_puts_the_embedding_first_and_the_head_last() -> None:
    assert stages_by_hand([2, 3, 0]) == (slice(0, 3), slice(3, 6), slice(6, 7))
    assert stages_by_hand([4]) == (slice(0, 6),)


def test_stages_are_said_in_words() -> None:
    assert stage_texts(stages_by_hand([0, 1, 3]), layers=4) == ("embedding", "layer 0", "layers 1 to 3, head")
    assert stage_texts(stages_by_hand([1, 0]), layers=1, mtp_modules=2) == (
        "embedding, layer 0",
        "2 MTP modules, head",
    )
