"""DualPipe on 16 ranks with 120 micro-batches, DeepSeek-V3's case, against what is published about it."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.replay import name, replay
from workloads.schedule import ChunkTimes, ScheduleError
from workloads.schedules.dualpipe import DualPipe

RANKS, MICRO_BATCHES = 16, 120
READ_FROM_THE_PUBLISHED_SPLIT = ChunkTimes(forward_s=0.0491, input_grad_s=0.0754, weight_grad_s=0.0320, pair_s=0.1438)
SMALL = ChunkTimes(forward_s=1.0, input_grad_s=1.5, weight_grad_s=0.5, pair_s=3.0)


def counts(rank: int) -> Counter[str]:
    """Steps of a rank by what they do."""
    return Counter(name(step) for step in DualPipe().order(rank, RANKS, MICRO_BATCHES))


@pytest.mark.parametrize("rank", [0, 15])
def test_an_end_rank_does_23_forwards_8_backwards_15_split_ones_and_97_pairs(rank: int) -> None:
    assert counts(rank) == {"F": 23, "B": 8, "I": 15, "W": 15, "F&B": 97}


@pytest.mark.parametrize("rank", [7, 8])
def test_a_middle_rank_does_17_forwards_9_backwards_8_split_ones_and_103_pairs(rank: int) -> None:
    assert counts(rank) == {"F": 17, "B": 9, "I": 8, "W": 8, "F&B": 103}


def test_the_eight_phases_of_an_end_rank_have_the_published_lengths() -> None:
    lengths = [len(phase) for phase in DualPipe().phases(0, RANKS, MICRO_BATCHES)]
    assert lengths == [14, 2, 3 * 7, 2 * 45, 2 * 7, 2, 2 * 7, 1]


def test_the_published_split_of_the_step_is_that_of_an_end_rank() -> None:
    chunk, count = READ_FROM_THE_PUBLISHED_SPLIT, counts(0)
    assert count["F"] * chunk.forward_s == pytest.approx(1.13, abs=0.005)
    assert count["B"] * chunk.backward_s + count["I"] * chunk.input_grad_s == pytest.approx(1.99, abs=0.005)
    assert count["W"] * chunk.weight_grad_s == pytest.approx(0.48, abs=0.005)
    assert count["F&B"] * chunk.pair_s == pytest.approx(13.95, abs=0.005)


def test_replayed_with_equal_chunks_an_end_rank_idles_0_96_s() -> None:
    bubble_s = replay(DualPipe().orders(RANKS, MICRO_BATCHES), READ_FROM_THE_PUBLISHED_SPLIT).bubble_s
    assert bubble_s[[0, -1]] == pytest.approx(0.96, abs=0.005)


def test_the_replay_idles_23_5_where_the_published_formula_says_24_5() -> None:
    bubble_s = replay(DualPipe().orders(RANKS, MICRO_BATCHES), SMALL).bubble_s
    assert bubble_s == pytest.approx(23.5)
    assert DualPipe().published_bubble_s(RANKS, SMALL) == pytest.approx(24.5)


def test_the_first_half_enters_at_rank_0_the_second_half_at_the_last_rank() -> None:
    first_forwards = [DualPipe().order(rank, RANKS, MICRO_BATCHES)[0][0] for rank in (0, 15)]
    assert first_forwards == [("F", 0, 0), ("F", 60, 0)]


def test_the_middle_ranks_do_the_first_forward_and_the_first_backward_alone() -> None:
    fourth = DualPipe().phases(7, RANKS, MICRO_BATCHES)[3]
    assert [name(step) for step in fourth[:4]] == ["F", "B", "F&B", "F&B"]


@pytest.mark.parametrize(
    ("ranks", "micro_batches", "words"),
    [
        (15, 120, "pp = 15: use pp = 14 or 16, or the schedule 1f1b"),
        (16, 20, "at least 2 x pp = 32 micro-batches a step, not 20: use more micro-batches, pp = 10 or fewer"),
        (16, 33, "33 is odd: use 32 or 34"),
        (16, 2, "not 2: use more micro-batches, or the schedule 1f1b"),
        (0, 2, "at least 1 pipeline rank, not 0"),
    ],
)
def test_a_refusal_says_why_and_what_would_work(ranks: int, micro_batches: int, words: str) -> None:
    with pytest.raises(ScheduleError) as refusal:
        DualPipe().order(0, ranks, micro_batches)
    assert words in str(refusal.value)


def test_all_reasons_of_a_refusal_are_given_at_once() -> None:
    assert len(DualPipe().problems(15, 21)) == 3
