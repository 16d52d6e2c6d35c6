"""One MoE layer of DeepSeek-V3, 4,096 tokens, counted by hand, matmul by matmul."""

from __future__ import annotations

import pytest

from tests.small_models import shipped
from workloads.model import block_record, read_block
from workloads.reference.dims import Share, Tokens
from workloads.reference.record import Op, total_flop

TOKENS = 4096
HIDDEN = 7168
HEADS = 128
ROWS = 31104
SHARE = Share(expert=64, rows=ROWS, received=28984)

FORWARD = {
    "q_a": 2 * TOKENS * 1536 * HIDDEN,
    "q_b": 2 * TOKENS * (HEADS * 192) * 1536,
    "kv_a": 2 * TOKENS * (512 + 64) * HIDDEN,
    "kv_b": 2 * TOKENS * (HEADS * 256) * 512,
    "core": 2 * TOKENS * TOKENS // 2 * HEADS * (192 + 128),
    "o": 2 * TOKENS * HIDDEN * (HEADS * 128),
    "router": 2 * TOKENS * 256 * HIDDEN,
    "experts.gate_up": 2 * ROWS * 4096 * HIDDEN,
    "experts.down": 2 * ROWS * HIDDEN * 2048,
    "shared.gate_up": 2 * TOKENS * 4096 * HIDDEN,
    "shared.down": 2 * TOKENS * HIDDEN * 2048,
}
"""2 x rows x columns x inner length; the causal core scores half of the square, 192 for keys and 128 for values."""

BACKWARD_CORE = 2 * TOKENS * TOKENS // 2 * HEADS * (3 * 192 + 2 * 128)
"""Scores again, dq and dk are 192 wide, dv and dp 128 wide."""


def ops(phase: str) -> dict[str, Op]:
    """Operations with FLOP of one phase, by name."""
    record = block_record(shipped("deepseek-v3"), "moe", Tokens(1, TOKENS), SHARE)
    return {op.name: op for op in record if op.phase == phase and op.flop}


def test_forward_flop_is_the_count_by_hand() -> None:
    assert {name: op.flop for name, op in ops("forward").items()} == FORWARD


def test_every_matmul_has_an_input_gradient_and_a_weight_gradient_of_the_same_flop() -> None:
    matmuls = {name: flop for name, flop in FORWARD.items() if name != "core"}
    assert {name: op.flop for name, op in ops("weight_grad").items()} == matmuls
    assert {name: op.flop for name, op in ops("input_grad").items()} == matmuls | {"core": BACKWARD_CORE}


def test_only_the_up_projections_are_multiplied_again() -> None:
    again = {name: op.flop for name, op in ops("recompute").items()}
    assert again == {name: FORWARD[name] for name in ("q_b", "kv_b")}


def test_without_recompute_nothing_runs_twice() -> None:
    record = block_record(shipped("deepseek-v3"), "moe", Tokens(1, TOKENS), SHARE, "none")
    assert not [op for op in record if op.phase == "recompute"]


def test_full_recompute_runs_the_whole_forward_again_and_keeps_only_the_input() -> None:
    block = read_block(shipped("deepseek-v3"), "moe", Tokens(1, TOKENS), SHARE, "full")
    assert total_flop(block.record, "recompute") == sum(FORWARD.values())
    assert [(item.name, item.bytes) for item in block.kept] == [("input", TOKENS * HIDDEN * 2)]


@pytest.mark.parametrize(
    ("name", "phase", "sizes"),
    [
        ("kv_a", "forward", (4096, 576, 7168)),
        ("kv_a", "input_grad", (4096, 7168, 576)),
        ("kv_a", "weight_grad", (576, 7168, 4096)),
        ("o", "input_grad", (4096, 16384, 7168)),
        ("o", "weight_grad", (7168, 16384, 4096)),
        ("experts.gate_up", "input_grad", (31104, 7168, 4096)),
        ("experts.down", "weight_grad", (7168, 2048, 31104)),
        ("router", "weight_grad", (256, 7168, 4096)),
    ],
)
def test_gradients_have_the_shapes_seen_on_an_h800(name: str, phase: str, sizes: tuple[int, int, int]) -> None:
    """DeepSeek's published profile of one overlapped training pair, layer 1."""
    op = ops(phase)[name]
    assert (op.m, op.n, op.k) == sizes


@pytest.mark.parametrize(("phase", "flop"), [("forward", 687.195e9), ("input_grad", 1786.706e9)])
def test_attention_core_has_the_flop_of_the_published_profile(phase: str, flop: float) -> None:
    assert ops(phase)["core"].flop == pytest.approx(flop, rel=1e-6)


def test_the_routers_weight_gradient_is_not_postponed() -> None:
    turns = {name: op.turn for name, op in ops("weight_grad").items()}
    assert turns.pop("router") == "B"
    assert set(turns.values()) == {"W"}
