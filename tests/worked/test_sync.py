"""Parameters and gradients stage by stage beside the chunks, by hand."""

from __future__ import annotations

import pytest

from simulator.budget import by_rank
from simulator.collectives import Transfer
from simulator.engine import play
from simulator.finish import Finish
from simulator.pipeline import Pace, content, tasks
from simulator.run import Played
from workloads.schedule import ScheduleSpec
from workloads.schedules.dualpipe import DualPipe
from workloads.schedules.interleaved import Interleaved
from workloads.schedules.one_f_one_b import OneFOneB

SECONDS = {"F": 1.0, "B": 2.0, "I": 1.0, "W": 1.0}


def end(reduce_s: float, gather_s: float) -> Finish:
    """An end of 1 s of update and these transfers."""
    reduced, gathered = (Transfer(seconds, 0.0, seconds, "network") for seconds in (reduce_s, gather_s))
    return Finish((reduced,), 1.0, (gathered,))


def played(schedule: ScheduleSpec, ranks: int, micro_batches: int, beside: bool, stage: Finish) -> Played:
    """A step of equal chunks, 1 s forward and 2 s backward, without sends."""
    orders = schedule.orders(ranks, micro_batches)
    steps = {content(step): sum(SECONDS[work.op] for work in step) for order in orders for step in order}
    number = schedule.stages(ranks)
    held = [schedule.stages_of(rank, ranks) for rank in range(ranks)]
    peers = [[other for other in range(ranks) if set(held[other]) & set(own)] for own in held]
    whole = [end(stage.reduce_s * len(own), stage.gather_s * len(own)) for own in held]
    slots = tasks(orders, Pace(steps, 0.0, whole, peers, (stage,) * number if beside else ()))
    return Played({}, play([slot.task for slot in slots]), tuple(slot.category for slot in slots))


def test_one_stage_a_rank_has_only_its_last_backward_to_wait_for() -> None:
    """Rank 0 gathers 1 s, rank 1 beside it; 4 micro-batches of 3 s and 3 s of bubble; sum 2 s, update 1 s."""
    assert played(OneFOneB(), 2, 4, True, end(2, 1)).step.makespan_s == pytest.approx(1 + 15 + 2 + 1)


def test_of_two_stages_one_gather_and_one_sum_are_left() -> None:
    """Chunks of 3 s, 2 x 4 a rank, and 3 s of bubble; at the end, both stages' transfers after the update."""
    beside, after = (played(Interleaved(chunks=2), 2, 4, beside, end(2, 1)) for beside in (True, False))
    assert after.step.makespan_s == pytest.approx(27 + 2 * 2 + 1 + 2 * 1)
    assert beside.step.makespan_s == pytest.approx(1 + 27 + 2 + 1)


def test_a_forward_waits_for_its_own_stages_parameters_only() -> None:
    """Gathers of 10 s: the first stage's forwards run meanwhile, the second stage's begin after 20 s."""
    trace = played(Interleaved(chunks=2), 2, 4, True, end(0, 10)).step.to_frame()
    start = {(row.rank, row.name): row.start_s for row in trace.itertuples()}
    assert (start[0, "F 0 s0"], start[0, "F 0 s2"]) == (10, 20)


@pytest.mark.parametrize(
    ("schedule", "ranks", "micro_batches"), [(OneFOneB(), 3, 5), (Interleaved(chunks=3), 4, 8), (DualPipe(), 4, 8)]
)
def test_the_budget_adds_up_and_nothing_is_faster_than_without_transfers(
    schedule: ScheduleSpec, ranks: int, micro_batches: int
) -> None:
    """`by_rank` raises where parts overlap; sums of stages that two ranks hold wait for both."""
    beside, after, free = (
        played(schedule, ranks, micro_batches, *how)
        for how in ((True, end(2, 1)), (False, end(2, 1)), (True, end(0, 0)))
    )
    assert (by_rank(beside, ranks)["step_bubble_s"] >= -1e-9).all()
    assert free.step.makespan_s <= beside.step.makespan_s <= after.step.makespan_s + 1e-9
