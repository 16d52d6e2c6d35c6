"""Bytes of memory-bound kernels, held against the rows of DeepSeek's published training profile on H800."""

from __future__ import annotations

import pytest

from tests.small_models import shipped
from workloads.model import block_record, read_block
from workloads.reference.dims import Share, Tokens
from workloads.reference.record import Message, Op

LAYER_1 = Share(expert=64, rows=31104, received=28984)
LAYER_1_BACKWARD = Share(expert=64, rows=34688, received=32120)


def moved_bytes(share: Share, name: str, phase: str = "forward") -> float:
    """Bytes read and written by one kernel."""
    record = block_record(shipped("deepseek-v3"), "moe", Tokens(1, 4096), share)
    (op,) = [op for op in record if op.name == name and op.phase == phase]
    return op.read_bytes + op.write_bytes


@pytest.mark.parametrize(
    ("name", "share", "phase", "published_bytes"),
    [
        ("permute", LAYER_1, "forward", 444.17e6),
        ("unpermute", LAYER_1, "forward", 861.42e6),
        ("permute", LAYER_1_BACKWARD, "input_grad", 957.76e6),
        ("unpermute", LAYER_1_BACKWARD, "input_grad", 493.84e6),
    ],
)
def test_rows_of_experts_move_the_published_bytes(name: str, share: Share, phase: str, published_bytes: float) -> None:
    assert moved_bytes(share, name, phase) == pytest.approx(published_bytes, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "published_bytes"),
    [
        ("q_a.quantise", 88.08e6),
        ("kv_a.quantise", 88.08e6),
        ("q_b.quantise", 18.87e6),
        ("kv_b.quantise", 6.29e6),
        ("o.quantise", 201.33e6),
        ("dispatch.quantise", 88.08e6),
        ("experts.gate_up.save", 382.21e6),
        ("experts.swiglu", 318.50e6),
    ],
)
def test_quantising_moves_the_published_bytes_and_the_scales(name: str, published_bytes: float) -> None:
    """The published rows leave out the FP32 scale of every 128 elements, at most 1.1 %."""
    assert published_bytes <= moved_bytes(LAYER_1, name) <= 1.011 * published_bytes


def test_no_pass_is_left_in_attentions_weight_gradient_and_two_in_the_experts() -> None:
    """The profile's phase attn(W) holds five kernels, all matmuls; mlp(W) two besides its matmuls."""
    record = block_record(shipped("deepseek-v3"), "moe", Tokens(1, 4096), LAYER_1)

    def passes(part: str) -> list[str]:
        return [op.name for op in record if op.turn == "W" and op.part == part and op.kind == "memory"]

    assert passes("attention") == []
    assert sorted(passes("mlp")) == ["experts.down.grad_transpose", "experts.gate_up.transpose"]


def test_gradients_are_added_where_an_activation_is_read_twice() -> None:
    """Block input and the stream between attention and experts: norm and sum. Norms: q_a and kv_a; router and
    message. The message: routed and shared experts. Each addition reads two BF16 hidden states and writes one."""
    record = block_record(shipped("deepseek-v3"), "moe", Tokens(1, 4096), LAYER_1)
    adds = [op for op in record if op.name.endswith("grad_add")]
    assert [op.read_bytes + op.write_bytes for op in adds] == [3 * 4096 * 7168 * 2] * 5
    assert {op.turn for op in adds} == {"B"}


def test_a_token_is_dispatched_in_fp8_with_its_scales_and_combined_in_bf16() -> None:
    block = read_block(shipped("deepseek-v3"), "moe", Tokens(1, 4096), LAYER_1)
    fp8, bf16 = 7168 + 4 * 56, 2 * 7168
    assert set(block.messages) == {
        Message("dispatch", "dispatch", "forward", 4096, fp8),
        Message("combine", "combine", "forward", 4096, bf16),
        Message("combine", "combine", "input_grad", 4096, fp8),
        Message("dispatch", "dispatch", "input_grad", 4096, bf16),
    }


def test_balanced_experts_compute_top_k_rows_a_token() -> None:
    def rows(share: Share) -> list[Op]:
        record = block_record(shipped("deepseek-v3"), "moe", Tokens(1, 4096), share)
        return [op for op in record if op.name == "experts.down" and op.phase == "forward"]

    (op,) = rows(Share(expert=64))
    assert (op.m, op.groups) == (8 * 4096, 4)


def test_what_a_layer_keeps_for_backward_by_hand() -> None:
    """Recompute of norms, SwiGLU and up-projections (arXiv 2412.19437, 3.2.3); experts' rows in FP8."""
    block = read_block(shipped("deepseek-v3"), "moe", Tokens(1, 4096), LAYER_1)
    hidden, scaled = 4096 * 7168 * 2, 1 + 4 / 128
    by_hand = {
        "input": hidden,
        "q_a": 4096 * 1536 * 2,
        "kv_a": 4096 * 576 * 2,
        "core": 4096 * 128 * 128 * 2 + 4096 * 128 * 4,
        "attention_add": hidden,
        "gate": 4096 * 8 * 8,
        "permute": 31104 * 7168 * scaled,
        "experts.gate_up": 31104 * 4096 * scaled,
        "shared.gate_up": 4096 * 4096 * scaled,
    }
    kept: dict[str, float] = {}
    for item in block.kept:
        kept[item.name] = kept.get(item.name, 0) + item.bytes
    assert kept == by_hand
