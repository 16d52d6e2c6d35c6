"""Bounds of a step, a Pareto front and a bisection, every intermediate by hand."""

from __future__ import annotations

import numpy as np

from simulator.estimates.layer_costs import RankCosts
from simulator.planner.floors import LayerRange, Moved, habits, least_held, line, longest_stage, step_s, works
from simulator.planner.inverse import first_kept, span
from simulator.planner.pieces import Sums
from simulator.planner.worth import Bar, Worth, dominates, front
from workloads.schedules.dualpipe import DualPipe
from workloads.schedules.one_f_one_b import OneFOneB

STAGE = Sums(
    forward=3.0, inputs=4.0, weights=2.0, backward=5.0, backward_way=4.5, forward_moves=1.0, inputs_moves=1.0,
    backward_moves=1.5, pair_forward=2.0, pair_backward=4.0, pair_forward_moves=1.0, pair_backward_moves=1.5,
    pair_way=2.5,
)  # fmt: skip
"""Seconds of one stage: a forward takes 3 s, of which 1 s of sending; a backward computes for 5 s."""
NOTHING_MOVED = Moved(np.zeros(2), np.zeros(2))


def ends(reduce: float = 0.0, update: float = 0.0, gather: float = 0.0) -> RankCosts:
    """The end of a step, the same on two ranks."""
    return RankCosts(*(np.full(2, value) for value in (0.0, reduce, update, gather)))


def test_1f1b_takes_its_work_and_the_way_in_and_out() -> None:
    how = habits(OneFOneB(), 2)
    assert (how.overlaps, how.postpones, how.holders, how.in_pairs) == (False, False, 1, False)
    of = line(works(np.array([STAGE, STAGE]), NOTHING_MOVED, how), how)
    # rank 1 waits 3 s for rank 0's first forward, and rank 0 takes 5 s after rank 1's last backward
    assert of.fixed.tolist() == [0.0, 8.0]
    assert of.computing.tolist() == [8.0, 8.0]
    # 8 s of filling and emptying, 10 x (3 + 5) s of work, 1 s of sum, 2 s of update, 3 s of parameters
    assert step_s(of, 10, ends(1.0, 2.0, 3.0), beside=False) == 8 + 80 + 1 + 2 + 3
    assert step_s(of, 10, ends(1.0, 2.0, 3.0), beside=True) == 8 + 80 + 2


def test_parameters_that_take_longer_than_a_forward_set_its_time() -> None:
    how = habits(OneFOneB(), 2)
    moved = Moved(np.array([6.0, 0.0]), np.array([1.0, 0.0]))
    of = works(np.array([STAGE, STAGE]), moved, how)
    # a forward takes the 7 s of 1 s sent and 6 s gathered, a backward the 8.5 s of 1.5 s, 6 s and 1 s summed
    assert of.computing.tolist() == [15.5, 8.0]


def test_where_two_ranks_hold_a_stage_their_mean_counts() -> None:
    how = habits(DualPipe(), 2)
    assert (how.overlaps, how.postpones, how.holders, how.in_pairs) == (True, True, 2, True)
    of = line(works(np.array([STAGE, STAGE]), NOTHING_MOVED, how), how)
    # of each stage at least min(3, 2) + min(5, 4, 4 + 2) computing and min(3, 1) + min(..., 1.5) sending, over 2 ranks
    assert (of.fixed.tolist(), of.computing.tolist(), of.moving.tolist()) == ([0.0], [6.0], [2.5])


def test_every_stage_holds_the_first_micro_batch_when_it_has_passed_the_last() -> None:
    kept = np.array([5.0, 7.0])
    assert least_held(kept, habits(OneFOneB(), 2)).tolist() == [5.0, 7.0]
    assert least_held(kept, habits(DualPipe(), 2)).tolist() == [7.0, 7.0]


def test_no_stage_of_the_cheapest_cut_is_longer_than_the_dearest_of_an_even_one_allows() -> None:
    # 10 layers on 4 stages: 3 layers of 2 s and 4 s of ends are 10 s, for which 10 layers of 1 s fit
    assert longest_stage(10, 4, LayerRange(1.0, 2.0, 4.0), in_pairs=False) == 10
    assert longest_stage(10, 4, LayerRange(1.0, 2.0, 4.0), in_pairs=True) >= 20


def test_a_front_leaves_out_what_another_is_better_than_in_everything() -> None:
    values = [(1.0, 9.0), (2.0, 5.0), (2.0, 6.0), (3.0, 5.0), (4.0, 1.0)]
    assert front(values) == [(1.0, 9.0), (2.0, 5.0), (4.0, 1.0)]
    assert dominates((2.0, 5.0), (2.0, 6.0))
    assert not dominates((2.0, 5.0), (2.0, 5.0))


def test_a_bar_of_three_lets_in_what_may_be_third() -> None:
    bar = Bar(3).with_found([(5.0,), (1.0,), (3.0,)])
    assert not bar.excludes((5.0,))
    assert bar.excludes((5.1,))
    assert bar.with_found([(2.0,)]).excludes((3.5,))
    assert not Bar(4, bar.found).excludes((100.0,))


def test_what_a_step_means_for_each_objective() -> None:
    worth = Worth(("time", "cost"), 1000.0, 8, 2.0, None, 10.0, 1.0)
    assert worth.values(3.0, 1.0) == (3000.0, 6000.0)
    assert worth.value("gpu-time", 3.0, 1.0) == 24_000.0


def test_bisection_finds_the_first_number_although_others_go_up_and_down() -> None:
    seconds = {4: 99, 5: 90, 6: 70, 7: 95, 8: 60, 9: 45, 10: 80, 12: 44, 16: 30, 32: 20}
    asked: list[int] = []

    def keeps(number: int) -> bool:
        asked.append(number)
        return seconds[number] <= 50

    # 4, 8, 16 and 32 share the batch out evenly: 16 keeps, 8 does not; between them 9 is the first that does
    assert first_kept(list(seconds), [4, 8, 16, 32], keeps) == 9
    assert asked == [32, 8, 16, 9]
    assert first_kept([4, 8], [4, 8], keeps) is None


def test_limits_that_go_both_ways_are_kept_by_numbers_in_the_middle() -> None:
    seconds = {1: 160, 2: 80, 3: 55, 4: 40, 8: 20, 16: 10}
    dollars = {1: 16, 2: 17, 3: 20, 4: 16, 8: 18, 16: 22}
    numbers, evenly = list(seconds), [1, 2, 4, 8, 16]

    def first(most_s: float, most_usd: float) -> int | None:
        return first_kept(numbers, evenly, lambda at: seconds[at] <= most_s, lambda at: dollars[at] <= most_usd)

    assert first(200, 16) == 1  # all keep the date, the largest breaks the budget
    assert first(60, 18) == 4  # 3 keeps the date, but not the budget
    assert first(60, 20) == 3
    assert first(30, 18) == 8
    assert first(15, 18) is None


def test_the_end_of_what_may_be_tried_is_said_to_be_it() -> None:
    assert span((4, 4, 4), 8, (1, 16), fewest=True) == ", 32 throughout the 90 % interval"
    assert span((4, 2, 8), 8, (1, 16), fewest=True) == ", between 16 and 64 by the 90 % interval"
    assert span((4, 8, 2), 8, (1, 16), fewest=False) == ", between 16 and 64 by the 90 % interval"
    assert "128 or more (find.nodes ends at 16 nodes), at its slow end none of the 1 to 16" in span(
        (8, 16, None), 8, (1, 16), fewest=False
    )
    assert "between 8 or fewer and 16 by the 90 % interval (find.nodes begins at 1 node)" in span(
        (1, 1, 2), 8, (1, 16), fewest=True
    )
