"""One FP8 scale for a whole tensor costs a pass that finds its largest value before each pass that writes FP8."""

from __future__ import annotations

import pytest

from tests.small_models import shipped
from workloads.model import read_block
from workloads.reference.dims import Share, Tokens
from workloads.reference.record import Op

TOKENS, HIDDEN, INNER = 8192, 4096, 14336
FP8 = 1 + 4 / 128


def passes(scale: str, tensor: int = 1) -> dict[tuple[str, str], Op]:
    """Memory-bound operations of one layer of Llama 3 8B by name and phase."""
    model = shipped("llama-3-8b").model_copy(update={"linear_format": "fp8", "linear_scale": scale})
    record = read_block(model, "dense", Tokens(1, TOKENS), Share(tensor=tensor), "none").record
    return {(op.name, op.phase): op for op in record if op.kind == "memory"}


def test_a_pass_more_for_each_operand_and_each_gradient_and_one_to_quantise_after_swiglu() -> None:
    more = {name for name, _ in passes("tensor").keys() - passes("tile").keys()}
    operands = {"qkv.largest", "o.largest", "gate_up.largest", "swiglu.largest", "swiglu.quantise"}
    assert more == operands | {f"{name}.grad_quantise.largest" for name in ("qkv", "o", "gate_up", "down")}


def test_the_pass_reads_what_is_quantised_and_writes_nothing() -> None:
    largest = passes("tensor")["gate_up.grad_quantise.largest", "input_grad"]
    assert (largest.read_bytes, largest.write_bytes) == (TOKENS * 2 * INNER * 2, 0)


def test_swiglu_writes_bf16_and_two_passes_follow() -> None:
    """With tiles it writes FP8 by itself."""
    tile, tensor = passes("tile")["swiglu", "forward"], passes("tensor")
    assert tile.write_bytes == pytest.approx(TOKENS * INNER * FP8)
    assert tensor["swiglu", "forward"].write_bytes == TOKENS * INNER * 2
    assert tensor["swiglu.largest", "forward"].read_bytes == TOKENS * INNER * 2
    assert tensor["swiglu.quantise", "forward"].write_bytes == pytest.approx(TOKENS * INNER * FP8)


def test_gradients_that_are_gathered_are_quantised_as_own_rows() -> None:
    """TP 8: each rank looks at and quantises its eighth before it sends it."""
    largest = passes("tensor", tensor=8)["down.grad_quantise.largest", "input_grad"]
    assert largest.read_bytes == TOKENS / 8 * HIDDEN * 2
