"""One rank's share of a Llama 3.1 405B layer by hand: TP 8 with sequence parallelism, CP 2, 8,192 tokens, FP8."""

from __future__ import annotations

import pytest

from tests.small_models import shipped
from workloads.model import read_block
from workloads.reference.dims import Share, Tokens
from workloads.reference.reading import Block

HIDDEN, ROWS, OWN_ROWS = 16384, 4096, 512
"""8,192 tokens over CP 2, and of these an eighth between the products."""
FP8 = 1 + 4 / 128
"""Bytes of an element with its share of the scales."""
MB = 1e6


@pytest.fixture(scope="module")
def layer() -> Block:
    """The dense layer, nothing recomputed."""
    model = shipped("llama-3.1-405b").model_copy(update={"linear_format": "fp8"})
    return read_block(model, "dense", Tokens(1, 8192), Share(tensor=8, context=2), "none")


def sent(layer: Block, kind: str, phase: str) -> list[float]:
    """Bytes that one rank holds of each message."""
    return [m.tokens * m.bytes_per_token for m in layer.messages if (m.kind, m.phase) == (kind, phase)]


def test_forward_gathers_twice_in_fp8_and_scatters_twice_in_bf16(layer: Block) -> None:
    """Before QKV and gate-up; after the output projection and down."""
    assert sent(layer, "gather", "forward") == pytest.approx([OWN_ROWS * HIDDEN * FP8] * 2)
    assert sent(layer, "scatter", "forward") == pytest.approx([OWN_ROWS * HIDDEN * 2] * 2)


def test_backward_does_the_same_turned_round_and_gathers_the_inputs_again(layer: Block) -> None:
    """A scatter's gradient is a gather, of FP8; a gather's a scatter, of BF16 (arXiv 2205.05198, section 4.2.2)."""
    assert sent(layer, "scatter", "input_grad") == pytest.approx([OWN_ROWS * HIDDEN * FP8] * 2)
    assert sent(layer, "gather", "input_grad") == pytest.approx([OWN_ROWS * HIDDEN * 2] * 2)
    assert sent(layer, "gather", "recompute") == sent(layer, "gather", "forward")


def test_keys_and_values_of_one_head_travel_forward_and_with_their_gradients_backward(layer: Block) -> None:
    """One key-value head a rank, 128 wide, BF16."""
    assert sent(layer, "context", "forward") == [ROWS * 2 * 128 * 2]
    assert sent(layer, "context", "input_grad") == [2 * ROWS * 2 * 128 * 2]


def test_the_ring_scores_own_keys_with_the_mask_and_half_of_the_others_without(layer: Block) -> None:
    """16 heads, 2 x 2 x 128 FLOP a pair; both parts score 4096^2 / 2 pairs, a quarter of 8192^2 / 2 each."""
    core = [op for op in layer.record if op.name == "core" and op.phase == "forward"]
    assert [(op.m, op.n, op.flop / op.flop_full) for op in core] == [(4096, 4096, 0.5), (4096, 2048, 1.0)]
    assert [op.flop for op in core] == [4096**2 / 2 * 16 * 512] * 2


def test_a_layer_keeps_250_mb(layer: Block) -> None:
    """Inputs of both norms and of QKV and gate-up as own rows; the rest as all rows, an eighth as wide."""
    norms = 2 * OWN_ROWS * HIDDEN * (2 + FP8)
    attention = ROWS * (2304 + 2048 + 128) * 2 + ROWS * 2048 * (2 + FP8) + ROWS * 16 * 4
    mlp = ROWS * (13312 * 2 + 6656 * FP8)
    assert layer.kept_bytes == pytest.approx(norms + attention + mlp)
    assert layer.kept_bytes == pytest.approx(250.4 * MB, rel=1e-3)
