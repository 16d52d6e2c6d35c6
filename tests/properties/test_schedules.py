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
from workloads.schedules.dualpipev import DualPipeV
from workloads.schedules.gpipe import GPipe
from workloads.schedules.interleaved import Interleaved
from workloads.schedules.one_f_one_b import OneFOneB
from workloads.schedules.zb_h1 import ZbH1
from workloads.schedules.zb_h2 import ZbH2
from workloads.schedules.zbv import ZbV

CHUNK = ChunkTimes(forward_s=1.0, input_grad_s=1.25, weight_grad_s=0.75, pair_s=2.5)
EQUAL = ChunkTimes(forward_s=1.0, input_grad_s=1.0, weight_grad_s=1.0, pair_s=3.0)
ONE_WAY: list[ScheduleSpec] = [GPipe(), OneFOneB()]
FOLDED: list[ScheduleSpec] = [DualPipeV(), ZbV()]
SPLIT: list[ScheduleSpec] = [ZbH1(), ZbH2(), ZbV()]

CASES: list[tuple[ScheduleSpec, int]] = [
    *((DualPipe(), ranks) for ranks in range(2, 25, 2)),
    *((schedule, ranks) for schedule in (*ONE_WAY, ZbH1(), ZbH2()) for ranks in (1, 2, 3, 7, 16)),
    *((Interleaved(chunks=chunks), ranks) for chunks in (2, 3, 5) for ranks in (1, 2, 3, 8)),
    *((Interleaved(chunks=3, overlap=True), ranks) for ranks in (1, 2, 3, 8)),
    *((schedule, ranks) for schedule in FOLDED for ranks in (1, 2, 3, 4, 7, 12)),
]


def micro_batches_of(schedule: ScheduleSpec, ranks: int) -> Iterable[int]:
    """As few as the schedule takes and more; of the range of each schedule that has one, all."""
    few = {
        "interleaved": (ranks, 2 * ranks, 5 * ranks),
        "dualpipe": range(2 * ranks, 2 * ranks + 13, 2),
        "dualpipev": range(2 * ranks, 2 * ranks + 7),
        "zbv": range(2 * ranks - 1, 2 * ranks + 6),
    }
    return few.get(schedule.kind, (1, 2, ranks, 2 * ranks - 1, 3 * ranks + 1))


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
        assert schedule.published_in_flight(ranks, m) in (most, None)


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


@pytest.mark.parametrize("schedule", FOLDED, ids=case_name)
@given(ranks=st.integers(1, 24))
def test_a_folded_pipeline_holds_each_stage_once_and_both_ends_on_rank_0(schedule: ScheduleSpec, ranks: int) -> None:
    holders = [schedule.holders(stage, ranks) for stage in range(schedule.stages(ranks))]
    there = [(rank,) for rank in range(ranks)]
    assert holders == [*there, *reversed(there)]


@pytest.mark.parametrize("schedule", [DualPipeV(), *SPLIT], ids=case_name)
@given(ranks=st.integers(1, 12), extra=st.integers(0, 20))
def test_every_rank_holds_as_many_micro_batches_as_published(schedule: ScheduleSpec, ranks: int, extra: int) -> None:
    held_by_ranks = {most_in_flight(order) for order in schedule.orders(ranks, 2 * ranks + extra)}
    assert held_by_ranks == {schedule.published_in_flight(ranks, 2 * ranks + extra)}


@pytest.mark.parametrize("ranks", range(2, 25, 2))
def test_dualpipe_holds_ranks_plus_1_on_every_rank(ranks: int) -> None:
    assert {most_in_flight(order) for order in DualPipe().orders(ranks, 2 * ranks + 4)} == {ranks + 1}


@pytest.mark.parametrize("schedule", ONE_WAY, ids=case_name)
@given(ranks=st.integers(1, 12), extra=st.integers(0, 20))
def test_gpipe_and_1f1b_idle_as_long_as_published(schedule: ScheduleSpec, ranks: int, extra: int) -> None:
    bubble_s = replay(schedule.orders(ranks, ranks + extra), CHUNK).bubble_s
    assert bubble_s == pytest.approx(schedule.published_bubble_s(ranks, CHUNK))


@given(
    ranks=st.integers(1, 12),
    extra=st.integers(0, 20),
    forward_s=st.floats(0.8, 2.0),
    input_grad_s=st.floats(0.8, 2.0),
    weight_grad_s=st.floats(0.1, 0.8),
)
def test_zb_h1_idles_as_long_as_published_while_weight_gradients_are_the_shortest(
    ranks: int, extra: int, forward_s: float, input_grad_s: float, weight_grad_s: float
) -> None:
    chunk = ChunkTimes(forward_s, input_grad_s, weight_grad_s, forward_s + input_grad_s + weight_grad_s)
    bubble_s = replay(ZbH1().orders(ranks, ranks + extra), chunk).bubble_s
    assert bubble_s == pytest.approx(ZbH1().published_bubble_s(ranks, chunk), abs=1e-9)


@pytest.mark.parametrize("schedule", SPLIT[1:], ids=case_name)
@given(ranks=st.integers(1, 12), extra=st.integers(0, 20))
def test_zb_h2_and_zbv_never_wait_with_equal_chunks(schedule: ScheduleSpec, ranks: int, extra: int) -> None:
    played = replay(schedule.orders(ranks, 2 * ranks - 1 + extra), EQUAL)
    assert played.waits_s == pytest.approx(0.0)
    assert played.bubble_s == pytest.approx((ranks - 1) * EQUAL.forward_s)


@given(ranks=st.integers(1, 10), extra=st.integers(0, 12))
def test_dualpipev_is_dualpipe_on_half_the_ranks(ranks: int, extra: int) -> None:
    micro_batches = 2 * ranks + extra
    folded = replay(DualPipeV().orders(ranks, micro_batches), CHUNK)
    unfolded = replay(DualPipe().orders(2 * ranks, 2 * micro_batches), CHUNK)
    assert folded.step_s == pytest.approx(unfolded.step_s)
    assert folded.bubble_s == pytest.approx(unfolded.bubble_s[:ranks])
