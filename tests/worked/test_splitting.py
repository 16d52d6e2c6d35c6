"""What tensor- and context-parallel transfers add to the products beside which they run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from simulator.collectives import Links
from simulator.splitting import Splitting, piece, split, transfer
from topologies.hardware import Gpu
from topologies.spec import load_entry
from workloads.layout import Layout
from workloads.reference.graph import Matmul
from workloads.reference.kernels import forward_product, input_gradient, weight_gradient
from workloads.reference.record import Message, Op, Phase
from workloads.scenario import catalogue
from workloads.schedules.one_f_one_b import OneFOneB

GPU = load_entry("gpus", "h100", Gpu, catalogue())
SIZES = Matmul(4096, 8192, 8192, 1, "fp8")
LABEL = ("up", "mlp")
PRODUCTS = (forward_product(LABEL, SIZES), input_gradient(LABEL, SIZES), weight_gradient(LABEL, SIZES))
ROW_BYTES = 8192.0


def by(nvlink_bytes_per_s: float, tp_exchange: str = "pieces", cp_exchange: str = "ring") -> Splitting:
    """TP 4 in a node, CP 3 between nodes at a millionth of the rate."""
    layout = Layout.model_validate(
        {"tp": 4, "cp": 3, "tp_exchange": tp_exchange, "cp_exchange": cp_exchange, "schedule": OneFOneB()}
    )
    return Splitting(layout, GPU, Links(4, nvlink_bytes_per_s, 0.0, nvlink_bytes_per_s / 1e6, 0.0, nvlink_bytes_per_s))


def added_s(kind: str, phase: Phase, splitting: Splitting) -> float:
    """Seconds that one message of 1,024 own rows adds."""
    return split([Message("up", kind, phase, 1024, ROW_BYTES)], PRODUCTS, phase == "forward", splitting).seconds


def alone_s(splitting: Splitting) -> float:
    """The same by itself: 3 times what a rank holds."""
    return 3 * 1024 * ROW_BYTES / splitting.links.nvlink_bytes_per_s


def test_whole_transfers_are_added_as_they_are() -> None:
    slow = by(1e9, "whole")
    assert added_s("gather", "forward", slow) == pytest.approx(alone_s(slow))
    assert added_s("scatter", "input_grad", slow) == pytest.approx(alone_s(slow))
    assert added_s("gather", "recompute", slow) == pytest.approx(alone_s(slow))


def test_behind_a_fast_link_pieces_cost_only_what_they_are_slower_than_the_whole_product() -> None:
    fast = by(1e15)
    small = piece(PRODUCTS[0], 4)
    assert added_s("gather", "forward", fast) == pytest.approx(4 * fast.seconds(small) - fast.seconds(PRODUCTS[0]))
    assert 4 * fast.seconds(small) > fast.seconds(PRODUCTS[0])


def test_behind_a_slow_link_all_but_one_piece_hides_behind_the_transfer() -> None:
    slow = by(1e9)
    small_s = slow.seconds(piece(PRODUCTS[0], 4))
    assert added_s("scatter", "forward", slow) == pytest.approx(small_s + alone_s(slow) - slow.seconds(PRODUCTS[0]))


def test_a_piece_has_its_rows_and_the_whole_weight() -> None:
    """1,024 of 4,096 rows of FP8 with scales, 8,192 x 8,192 of weight; a quarter of FLOP and output."""
    part = piece(PRODUCTS[0], 4)
    assert part.read_bytes == pytest.approx(1024 * 8192 * (1 + 4 / 128) + 8192 * 8192)
    assert (part.m, part.flop, part.write_bytes) == (1024, 2 * 1024 * 8192 * 8192, 1024 * 8192 * 2)


@pytest.mark.parametrize(("phase", "product"), [("recompute", 1), ("input_grad", 2)])
def test_a_gather_of_backward_runs_beside_the_gradient_that_does_not_need_it(phase: Phase, product: int) -> None:
    slow = by(1e9)
    assert added_s("gather", phase, slow) == pytest.approx(alone_s(slow) - slow.seconds(PRODUCTS[product]))
    assert added_s("gather", phase, by(1e15)) == 0


def test_transfers_of_the_output_head_stay_whole() -> None:
    head = (forward_product(("up", "head"), SIZES),)
    slow = by(1e9)
    message = Message("up", "gather", "forward", 1024, ROW_BYTES)
    assert split([message], head, True, slow).seconds == pytest.approx(alone_s(slow))


@dataclass(frozen=True)
class Timed(Splitting):
    """Cores of 2 s each."""

    def seconds(self, op: Op) -> float:
        """Whatever the operation."""
        return 2.0


def keys(cp_exchange: str, rows: int) -> float:
    """Seconds that keys and values of so many rows of 1 byte add at 1 byte/s, to three cores of 2 s."""
    core = Op("core", "attention", "attention", "forward", "bf16", 1, 1, 1, 1, 1.0, 1.0, 1.0, 1.0, "F")
    base = by(1e6, cp_exchange=cp_exchange)
    timed = Timed(base.layout, base.gpu, base.links)
    messages: Sequence[Message] = [Message("core", "context", "forward", rows, 1.0)]
    assert transfer(messages[0], timed).seconds == pytest.approx(2 * rows)
    return split(messages, (core,) * 3, True, timed).seconds


def test_keys_on_the_ring_hide_behind_attention_on_those_before() -> None:
    """Two transfers of 5 s, each beside a core of 2 s; of 1 s, all hidden."""
    assert keys("ring", 5) == pytest.approx(2 * (5 - 2))
    assert keys("ring", 1) == 0


def test_keys_gathered_whole_are_waited_for() -> None:
    assert keys("whole", 5) == pytest.approx(10)
