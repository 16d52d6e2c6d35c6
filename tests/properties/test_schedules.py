"""What holds for every schedule, number of ranks and number of micro-batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.engine import play
from tests.replay import replay, tasks
from workloads.order import held, most_in_flight, resolve
from workloads.schedule import ChunkTimes, ScheduleSpec, Work
from workloads.schedules.dualpipe import DualPipe
from workloads.schedules.gpipe import GPipe
from workloads.schedules.interleaved import Interleaved
from workloads.schedules.one_f_one_b import OneFOneB

CHUNK = ChunkTimes(forward_s=1.0, input_grad_s=1.25, weight_grad_s=0.75, pair_s=2.5)
ONE_WAY = [GPipe(), OneFOneB()]


CASES: list[tuple[ScheduleSpec, int]] = [
    *((DualPipe(), ranks) for ranks in range(2, 25, 2)),
    *((schedule, ranks) for schedule in ONE_WAY for ranks in (1, 2, 3, 7, 16)),
    *((Interleaved(chunks=chunks), ranks) for chunks in (2, 3, 5) for ranks in (1, 2, 3, 8)),
]


def micro_batches_of(schedule: ScheduleSpec, ranks: int) -> Iterable[int]:
    """DualPipe takes 2P to 2P+12 micro-batches here, interleaved multiples of P; the others also fewer than ranks."""
    if schedule.kind == "interleaved":
        return (ranks, 2 * ranks, 5 * ranks)
    return range(2 * ranks, 2 * ranks + 13, 2) if schedule.kind == "dualpipe" else (1, 2, ranks, 3 * ranks + 1)


def case_name(value: object) -> str:
    """Kind of a schedule, or the number."""
    return value.kind if isinstance(value, ScheduleSpec) else str(value)


every_case = pytest.mark.parametrize(("schedule", "ranks"), CASES, ids=case_name)


@every_case
def test_each_chunk_is_done_once_forward_backward_and_for_its_weights(schedule: ScheduleSpec, ranks: int) -> None:
    parts = {"F": "F", "B": "IW", "I": "I", "W": "W"}
    for m in micro_batches_of(schedule, ranks):
        works = [work for order in schedule.orders(ranks, m) for step in order for work in step]
        times = Counter((part, work.micro_batch, work.stage) for work in works for part in parts[work.op])
        assert times == dict.fromkeys(product("FIW", range(m), range(schedule.stages(ranks))), 1)


@every_case
def test_each_chunk_is_done_where_its_parameters_are(schedule: ScheduleSpec, ranks: int) -> None:
    for m in micro_batches_of(schedule, ranks):
        for rank, order in enumerate(schedule.orders(ranks, m)):
            assert {work.stage for step in order for work in step} == set(schedule.stages_of(rank, ranks))


@every_case
def test_the_order_can_be_played_to_its_end(schedule: ScheduleSpec, ranks: int) -> None:
    for m in micro_batches_of(schedule, ranks):
        orders = schedule.orders(ranks, m)
        assert len(play(tasks(orders, CHUNK)).rank) == sum(map(len, orders))


@every_case
def test_the_fullest_rank_holds_as_many_micro_batches_as_published(schedule: ScheduleSpec, ranks: int) -> None:
    for m in micro_batches_of(schedule, ranks):
        most = max(most_in_flight(order) for order in schedule.orders(ranks, m))
        assert most == schedule.published_in_flight(ranks, m)


@every_case
def test_nothing_is_held_after_the_last_step(schedule: ScheduleSpec, ranks: int) -> None:
    for m in micro_batches_of(schedule, ranks):
        assert {held((*order, ()))[-1] for order in schedule.orders(ranks, m)} == {(0, 0)}


@every_case
def test_what_a_chunk_waits_for_is_what_its_kind_says(schedule: ScheduleSpec, ranks: int) -> None:
    last = schedule.stages(ranks) - 1
    for m in micro_batches_of(schedule, ranks):
        chunks = resolve(schedule.orders(ranks, m))
        for chunk in chunks:
            before = None if chunk.after is None else chunks[chunk.after].work
            assert before in expected(chunk.work, last)


def expected(work: Work, last: int) -> set[Work | None]:
    """What a chunk may wait for."""
    op, m, stage = work
    if op == "F":
        return {Work("F", m, stage - 1) if stage else None}
    if op == "W":
        return {Work("I", m, stage)}
    return {Work("F", m, last)} if stage == last else {Work("B", m, stage + 1), Work("I", m, stage + 1)}


@pytest.mark.parametrize("ranks", range(2, 25, 2))
def test_dualpipe_holds_each_stage_twice_and_both_ends_on_the_same_ranks(ranks: int) -> None:
    holders = [DualPipe().holders(stage, ranks) for stage in range(ranks)]
    assert all(len(ranks_of_stage) == 2 for ranks_of_stage in holders)
    assert holders[0] == holders[-1] == (0, ranks - 1)


@pytest.mark.parametrize("ranks", range(2, 25, 2))
def test_dualpipe_holds_ranks_plus_1_on_every_rank(ranks: int) -> None:
    assert {most_in_flight(order) for order in DualPipe().orders(ranks, 2 * ranks + 4)} == {ranks + 1}


@pytest.mark.parametrize("schedule", ONE_WAY, ids=case_name)
@given(ranks=st.integers(1, 12), extra=st.integers(0, 20))
def test_gpipe_and_1f1b_idle_as_long_as_published(schedule: ScheduleSpec, ranks: int, extra: int) -> None:
    bubble_s = replay(schedule.orders(ranks, ranks + extra), CHUNK).bubble_s
    assert bubble_s == pytest.approx(schedule.published_bubble_s(ranks, CHUNK))
