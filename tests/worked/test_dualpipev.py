"""DualPipeV against what is published about it, and against DualPipe on twice the ranks."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.replay import name, replay
from workloads.schedule import ChunkTimes, ScheduleError
from workloads.schedules.dualpipe import DualPipe
from workloads.schedules.dualpipev import DualPipeV

EQUAL = ChunkTimes(forward_s=1.0, input_grad_s=1.0, weight_grad_s=1.0, pair_s=3.0)
SMALL = ChunkTimes(forward_s=1.0, input_grad_s=1.5, weight_grad_s=0.5, pair_s=3.0)


@pytest.mark.parametrize("ranks", [2, 4, 8, 16])
def test_with_equal_chunks_the_replay_is_the_published_formula(ranks: int) -> None:
    bubble_s = replay(DualPipeV().orders(ranks, 120), EQUAL).bubble_s
    assert bubble_s == pytest.approx(2 * (ranks - 1))
    assert DualPipeV().published_bubble_s(ranks, EQUAL) == pytest.approx(2 * (ranks - 1))


def test_16_stages_idle_23_5_where_the_published_formula_says_24_5_as_dualpipe() -> None:
    assert replay(DualPipeV().orders(8, 60), SMALL).bubble_s == pytest.approx(23.5)
    assert DualPipeV().published_bubble_s(8, SMALL) == DualPipe().published_bubble_s(16, SMALL) == pytest.approx(24.5)


@pytest.mark.parametrize("rank", range(8))
def test_a_rank_does_the_steps_that_it_would_do_in_dualpipe(rank: int) -> None:
    folded, unfolded = DualPipeV().order(rank, 8, 60), DualPipe().order(rank, 16, 120)
    assert Counter(map(name, folded)) == Counter(map(name, unfolded))
    assert len(folded) == len(unfolded)


def test_the_last_rank_turns_a_micro_batch_and_begins_its_backward() -> None:
    last = DualPipeV().order(7, 8, 60)
    assert last[:2] == ((("F", 0, 7),), (("F", 0, 8),))
    assert DualPipeV().order(0, 8, 60)[15][0] == ("F", 0, 15)


@pytest.mark.parametrize(
    ("ranks", "micro_batches", "words"),
    [
        (8, 15, "at least 2 x pp = 16 micro-batches a step, not 15: use more micro-batches, pp = 7 or fewer"),
        (8, 1, "not 1: use more micro-batches, or the schedule zb-h1 or 1f1b"),
        (0, 2, "at least 1 pipeline rank, not 0"),
    ],
)
def test_a_refusal_says_why_and_what_would_work(ranks: int, micro_batches: int, words: str) -> None:
    with pytest.raises(ScheduleError) as refusal:
        DualPipeV().order(0, ranks, micro_batches)
    assert words in str(refusal.value)


def test_an_odd_number_of_ranks_and_of_micro_batches_is_allowed() -> None:
    assert not DualPipeV().problems(5, 11)
