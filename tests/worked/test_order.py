"""Who waits for whom and what is held, on orders small enough to read."""

from __future__ import annotations

import pytest

from workloads.order import held, most_in_flight, resolve
from workloads.schedule import Op, ScheduleError, Work
from workloads.schedules.gpipe import GPipe
from workloads.schedules.one_f_one_b import OneFOneB


def alone(*works: tuple[Op, int, int]) -> tuple[tuple[Work, ...], ...]:
    """An order without overlap."""
    return tuple((Work(*work),) for work in works)


def text(order: tuple[tuple[Work, ...], ...]) -> str:
    """An order as "F0 F1 B0 B1"."""
    return " ".join(f"{work.op}{work.micro_batch}" for step in order for work in step)


def test_1f1b_takes_turns_once_the_ranks_behind_it_are_busy() -> None:
    orders = OneFOneB().orders(3, 4)
    assert [text(order) for order in orders] == [
        "F0 F1 F2 B0 F3 B1 B2 B3",
        "F0 F1 B0 F2 B1 F3 B2 B3",
        "F0 B0 F1 B1 F2 B2 F3 B3",
    ]


def test_1f1b_with_fewer_micro_batches_than_ranks_does_all_forwards_first() -> None:
    assert text(OneFOneB().order(0, 4, 2)) == "F0 F1 B0 B1"


def test_gpipe_goes_back_in_the_reverse_order() -> None:
    assert text(GPipe().order(1, 2, 3)) == "F0 F1 F2 B2 B1 B0"


def test_a_backward_waits_for_the_next_stage_and_on_the_last_for_its_own_forward() -> None:
    chunks = resolve(OneFOneB().orders(2, 1))
    waits = {chunk.work: None if chunk.after is None else chunks[chunk.after].work for chunk in chunks}
    assert waits == {
        ("F", 0, 0): None,
        ("F", 0, 1): ("F", 0, 0),
        ("B", 0, 1): ("F", 0, 1),
        ("B", 0, 0): ("B", 0, 1),
    }


def test_a_postponed_weight_gradient_waits_for_its_input_gradient() -> None:
    chunks = resolve([alone(("F", 0, 0), ("I", 0, 0), ("W", 0, 0))])
    assert [chunk.after for chunk in chunks] == [None, 0, 1]


def test_a_chunk_done_twice_is_refused() -> None:
    with pytest.raises(ScheduleError, match="done twice, the second time on rank 1"):
        resolve([alone(("F", 0, 0), ("B", 0, 0)), alone(("I", 0, 0))])


def test_a_chunk_that_waits_for_one_never_done_is_refused() -> None:
    with pytest.raises(ScheduleError, match=r"on rank 0 waits for .*forward.*which no rank does"):
        resolve([alone(("F", 0, 1))])


def test_a_split_backward_holds_part_of_its_activations_until_its_weight_gradient() -> None:
    order = alone(("F", 0, 0), ("F", 1, 0), ("I", 0, 0), ("B", 1, 0), ("W", 0, 0))
    assert held(order) == ((1, 0), (2, 0), (2, 0), (1, 1), (0, 1))
    assert most_in_flight(order) == 2


def test_during_a_pair_both_micro_batches_are_held() -> None:
    pair = (Work("F", 1, 0), Work("B", 0, 0))
    assert held((*alone(("F", 0, 0)), pair)) == ((1, 0), (2, 0))


def test_nothing_is_held_by_a_rank_that_does_nothing() -> None:
    assert most_in_flight(()) == 0
    assert resolve([()]) == ()
