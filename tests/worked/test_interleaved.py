"""Interleaved 1F1B on numbers small enough to read."""

from __future__ import annotations

import pytest

from tests.replay import replay
from workloads.order import most_in_flight
from workloads.schedule import ChunkTimes, ScheduleError, Step
from workloads.schedules.interleaved import Interleaved
from workloads.schedules.one_f_one_b import OneFOneB

CHUNK = ChunkTimes(forward_s=1.0, input_grad_s=1.25, weight_grad_s=0.75, pair_s=3.0)


def text(order: tuple[Step, ...]) -> str:
    """An order as "F0.0 B0.2": micro-batch, stage."""
    return " ".join(f"{work.op}{work.micro_batch}.{work.stage}" for step in order for work in step)


def test_two_ranks_of_two_stages_take_turns_after_a_longer_start() -> None:
    """Rank 0: 2 x 1 + 1 x 2 = 4 forwards ahead; rank 1: 2."""
    assert [text(order) for order in Interleaved(chunks=2).orders(2, 4)] == [
        "F0.0 F1.0 F0.2 F1.2 F2.0 B0.2 F3.0 B1.2 F2.2 B0.0 F3.2 B1.0 B2.2 B3.2 B2.0 B3.0",
        "F0.1 F1.1 F0.3 B0.3 F1.3 B1.3 F2.1 B0.1 F3.1 B1.1 F2.3 B2.3 F3.3 B3.3 B2.1 B3.1",
    ]


@pytest.mark.parametrize("chunks", [2, 4, 8])
def test_the_bubble_is_that_of_1f1b_over_the_number_of_chunks(chunks: int) -> None:
    """8 ranks, 64 micro-batches; chunks of 1 / chunks of the time: 7 x (F + B) / chunks on every rank."""
    short = ChunkTimes(*(seconds / chunks for seconds in CHUNK))
    schedule = Interleaved(chunks=chunks)
    whole_s = OneFOneB().published_bubble_s(8, CHUNK)
    assert replay(schedule.orders(8, 64), short).bubble_s == pytest.approx(whole_s / chunks)
    assert schedule.published_bubble_s(8, short) == pytest.approx(whole_s / chunks)


def test_llama_405b_holds_71_short_chunks_on_the_first_rank_and_57_on_the_last() -> None:
    """PP 8, 8 chunks: 2 x 7 + 7 x 8 + 1 and 7 x 8 + 1."""
    held = [most_in_flight(order) for order in Interleaved(chunks=8).orders(8, 64)]
    assert (held[0], held[-1]) == (71, 57)


@pytest.mark.parametrize(("micro_batches", "fix"), [(5, "use 4 or 8 micro"), (3, "use 4 micro")])
def test_micro_batches_that_are_no_multiple_of_pp_are_refused(micro_batches: int, fix: str) -> None:
    with pytest.raises(ScheduleError, match=fix):
        Interleaved().check(4, micro_batches)


def test_overlapped_ranks_begin_with_one_forward_more_and_then_go_in_pairs() -> None:
    """As above with one more ahead: the first backward's partner is a forward of another micro-batch."""
    first, last = Interleaved(chunks=2, overlap=True).orders(2, 4)
    assert [text((step,)) for step in first] == [
        *("F0.0", "F1.0", "F0.2", "F1.2", "F2.0"), *("F3.0 B0.2", "F2.2 B1.2", "F3.2 B0.0"),
        *("B1.0", "B2.2", "B3.2", "B2.0", "B3.0"),
    ]  # fmt: skip
    assert [text((step,)) for step in last[:4]] == ["F0.1", "F1.1", "F0.3", "F1.3 B0.3"]


def test_pairs_that_save_nothing_leave_the_step_as_long_and_shorter_ones_shorten_it() -> None:
    """8 ranks, 4 chunks, 64 micro-batches: 256 x (1 + 2) and 7 x (1 + 2) either way where a pair takes 3."""
    steps_s = [replay(Interleaved(chunks=4, overlap=on).orders(8, 64), CHUNK).step_s for on in (False, True)]
    assert steps_s == pytest.approx([789.0, 789.0])
    shorter = replay(Interleaved(chunks=4, overlap=True).orders(8, 64), CHUNK._replace(pair_s=2.5))
    assert shorter.step_s < 789.0 - 0.5 * 200


@pytest.mark.parametrize("ranks", [1, 2, 3, 8])
def test_no_pair_holds_two_chunks_of_which_one_waits_for_the_other(ranks: int) -> None:
    for order in Interleaved(chunks=3, overlap=True).orders(ranks, 4 * ranks):
        pairs = [step for step in order if len(step) == 2]
        assert pairs
        assert all((forward.micro_batch, forward.stage) != (back.micro_batch, back.stage) for forward, back in pairs)
