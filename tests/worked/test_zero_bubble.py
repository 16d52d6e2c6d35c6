"""ZB-H1, ZB-H2 and ZB-V on few ranks, against their published pictures and formulas."""

from __future__ import annotations

import pytest

from tests.replay import replay
from workloads.schedule import ChunkTimes, ScheduleError, ScheduleSpec, Step
from workloads.schedules.one_f_one_b import OneFOneB
from workloads.schedules.zb_h1 import ZbH1
from workloads.schedules.zb_h2 import ZbH2
from workloads.schedules.zbv import ZbV

EQUAL = ChunkTimes(forward_s=1.0, input_grad_s=1.0, weight_grad_s=1.0, pair_s=3.0)
LONG_BACKWARD = ChunkTimes(forward_s=1.0, input_grad_s=1.5, weight_grad_s=0.5, pair_s=3.0)
LONG_WEIGHTS = ChunkTimes(forward_s=1.0, input_grad_s=0.9, weight_grad_s=1.1, pair_s=3.0)


def text(order: tuple[Step, ...]) -> str:
    """A rank's steps, each as letter and micro-batch."""
    return " ".join(f"{work.op}{work.micro_batch}" for step in order for work in step)


def test_zb_h1_on_3_ranks_puts_weight_gradients_off_by_the_number_of_the_rank() -> None:
    assert [text(order) for order in ZbH1().orders(3, 4)] == [
        "F0 F1 F2 I0 W0 F3 I1 W1 I2 W2 I3 W3",
        "F0 F1 I0 F2 I1 W0 F3 I2 W1 I3 W2 W3",
        "F0 I0 F1 I1 F2 I2 W0 F3 I3 W1 W2 W3",
    ]


def test_zb_h2_on_2_ranks_begins_with_3_forwards() -> None:
    assert [text(order) for order in ZbH2().orders(2, 4)] == [
        "F0 F1 F2 I0 W0 F3 I1 W1 I2 W2 I3 W3",
        "F0 I0 F1 I1 F2 I2 W0 F3 I3 W1 W2 W3",
    ]


def test_zbv_on_2_ranks_turns_at_the_last_rank() -> None:
    last = ZbV().order(1, 2, 3)
    assert [(work.op, work.micro_batch, work.stage) for step in last[:5] for work in step] == [
        ("F", 0, 1), ("F", 0, 2), ("F", 1, 1), ("F", 1, 2), ("I", 0, 2),
    ]  # fmt: skip


@pytest.mark.parametrize("ranks", [2, 4, 8, 16])
def test_zb_h1_idles_a_third_of_1f1b_with_equal_chunks(ranks: int) -> None:
    bubble_s, before_s = (replay(schedule.orders(ranks, 120), EQUAL).bubble_s for schedule in (ZbH1(), OneFOneB()))
    assert bubble_s == pytest.approx(ranks - 1)
    assert before_s == pytest.approx(3 * (ranks - 1))


@pytest.mark.parametrize(
    ("schedule", "chunk", "formula_s", "waits_s", "bubble_s"),
    [
        (ZbH1(), EQUAL, 15.0, 15.0, 15.0),
        (ZbH1(), LONG_BACKWARD, 30.0, 30.0, 30.0),
        (ZbH1(), LONG_WEIGHTS, 12.0, 13.5, 15.0),
        (ZbH2(), EQUAL, 0.0, 0.0, 15.0),
        (ZbH2(), LONG_BACKWARD, 22.5, 22.5, 22.5),
        (ZbH2(), LONG_WEIGHTS, -4.5, 0.0, 15.0),
        (ZbV(), EQUAL, 0.0, 0.0, 15.0),
        (ZbV(), LONG_BACKWARD, None, 30.0, 30.0),
        (ZbV(), LONG_WEIGHTS, None, 1.4, 16.4),
    ],
)
def test_formula_longest_wait_and_idle_time_of_the_whole_step_on_16_ranks(
    schedule: ScheduleSpec, chunk: ChunkTimes, formula_s: float | None, waits_s: float, bubble_s: float
) -> None:
    """The formula counts a rank's waits; a step that begins and ends together has (PP-1) F of idle time at least."""
    played = replay(schedule.orders(16, 120), chunk)
    published_s = schedule.published_bubble_s(16, chunk)
    assert published_s is None if formula_s is None else published_s == pytest.approx(formula_s, abs=1e-9)
    assert played.waits_s.max() == pytest.approx(waits_s)
    assert played.bubble_s == pytest.approx(bubble_s)


def test_the_last_rank_of_zb_h2_waits_while_fewer_micro_batches_than_2_ranks_fill_it() -> None:
    assert replay(ZbH2().orders(8, 15), EQUAL).waits_s.max() == pytest.approx(0.0)
    assert replay(ZbH2().orders(8, 12), EQUAL).waits_s.max() > 0.5


@pytest.mark.parametrize(
    ("schedule", "ranks", "micro_batches", "words"),
    [
        (ZbV(), 8, 14, "needs at least 2 x pp - 1 = 15 micro-batches a step, not 14: use more micro-batches, pp = 7"),
        (ZbV(), 8, 1, "pp = 1 or fewer, or the schedule zb-h1 or 1f1b"),
        (ZbH1(), 4, 0, "zb-h1 needs at least 1 micro-batch, not 0"),
        (ZbH2(), 0, 4, "zb-h2 needs at least 1 pipeline rank, not 0"),
    ],
)
def test_a_refusal_says_why_and_what_would_work(
    schedule: ScheduleSpec, ranks: int, micro_batches: int, words: str
) -> None:
    with pytest.raises(ScheduleError) as refusal:
        schedule.order(0, ranks, micro_batches)
    assert words in str(refusal.value)


@pytest.mark.parametrize("micro_batches", range(1, 14))
def test_what_zbv_proposes_instead_works(micro_batches: int) -> None:
    assert ZbV().problems(8, micro_batches)
    assert not ZbV().problems((micro_batches + 1) // 2, micro_batches)
