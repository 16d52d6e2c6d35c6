"""What must hold for the shape reading, whatever the shapes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.small_models import SMALL_V3, shipped
from workloads.counts import kv_cache_bytes, kv_cache_bytes_per_token
from workloads.model import block_record, serving_block
from workloads.reference.dims import Dims, Grouped, Share, Tokens
from workloads.reference.kernels import scored_pairs
from workloads.reference.loads import idle_share, ranks_reached
from workloads.reference.policy import POLICIES
from workloads.reference.reading import BlockName, forward_block, training_block
from workloads.reference.record import total_flop
from workloads.reference.softmax import visible

BLOCKS: tuple[BlockName, ...] = ("embedding", "dense", "moe", "head", "mtp")
GROUPED = replace(SMALL_V3, hidden=64, attention=Grouped(heads=8, kv_heads=4, head_dim=8), experts=None, dense_layers=3)


@given(st.integers(1, 60), st.integers(0, 60), st.one_of(st.none(), st.integers(1, 80)))
def test_scored_pairs_are_the_visible_ones(length: int, past: int, window: int | None) -> None:
    """The published convention counts half a pair less on the diagonal, for each query at most."""
    causal, full = scored_pairs(length, past, window)
    seen = visible(length, past + length, window)
    assert full == seen.size
    assert seen.sum() - length / 2 - 0.5 <= causal <= seen.sum()


@pytest.mark.parametrize("block", ["dense", "moe", "head", "mtp"])
@pytest.mark.parametrize("ranks", [2, 4, 8])
@pytest.mark.parametrize("split_experts", [False, True])
def test_tensor_parallel_ranks_together_do_the_whole_work(block: BlockName, ranks: int, split_experts: bool) -> None:
    dims = shipped("deepseek-v3").dims()
    part = Share(tensor=ranks, expert_tensor=ranks if split_experts else 1)
    one, share = (training_block(dims, block, Tokens(1, 4096), s) for s in (Share(), part))
    for phase in ("forward", "input_grad", "weight_grad"):
        assert ranks * total_flop(share.record, phase) == pytest.approx(total_flop(one.record, phase))


@pytest.mark.parametrize("block", ["dense", "moe", "head", "mtp"])
def test_context_parallel_ranks_together_do_the_whole_work(block: BlockName) -> None:
    dims = shipped("deepseek-v3").dims()
    one, share = (training_block(dims, block, Tokens(1, 4096), s) for s in (Share(), Share(context=4)))
    assert 4 * total_flop(share.record) == pytest.approx(total_flop(one.record))
    assert {message.kind for message in share.messages} - {"dispatch", "combine"} == (
        set() if block == "head" else {"context"}
    )


@pytest.mark.parametrize("ranks", [8, 64, 256])
def test_expert_parallel_ranks_hold_their_share_and_do_the_same_work(ranks: int) -> None:
    dims = shipped("deepseek-v3").dims()
    one, share = (training_block(dims, "moe", Tokens(1, 4096), s) for s in (Share(), Share(expert=ranks)))
    assert total_flop(share.record) == total_flop(one.record)
    routed, all_routed = (sum(w.count for w in block.weights if w.routed) for block in (share, one))
    assert ranks * routed == all_routed


@pytest.mark.parametrize("block", BLOCKS)
def test_twice_the_sequences_is_twice_the_work_and_the_memory(block: BlockName) -> None:
    dims = shipped("deepseek-v3").dims()
    one, two = (training_block(dims, block, Tokens(n, 1024), Share(expert=64), "deepseek") for n in (1, 2))
    assert total_flop(two.record) == pytest.approx(2 * total_flop(one.record))
    assert two.kept_bytes == pytest.approx(2 * one.kept_bytes)
    assert two.weights == one.weights


@pytest.mark.parametrize("block", ["dense", "moe", "head", "mtp"])
@pytest.mark.parametrize("dims", [shipped("deepseek-v3").dims(), GROUPED], ids=["latent", "grouped"])
def test_recomputing_more_keeps_less(block: BlockName, dims: Dims) -> None:
    if dims.experts is None and block == "moe":
        return
    kept, again = {}, {}
    for policy in POLICIES:
        read = training_block(dims, block, Tokens(1, 2048), Share(), policy)
        kept[policy] = read.kept_bytes
        again[policy] = sum(op.read_bytes + op.write_bytes for op in read.record if op.phase == "recompute")
    assert kept["full"] < kept["deepseek"] < kept["none"]
    assert kept["selective"] <= kept["none"]
    assert again["none"] == 0 < again["deepseek"] < again["full"]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("block", ["dense", "moe", "head", "mtp"])
def test_gradients_do_not_depend_on_what_is_recomputed(block: BlockName, policy: str) -> None:
    dims = shipped("deepseek-v3").dims()
    base = training_block(dims, block, Tokens(1, 512), Share(), "none").record
    record = training_block(dims, block, Tokens(1, 512), Share(), policy).record
    for phase in ("forward", "input_grad", "weight_grad"):
        assert total_flop(record, phase) == total_flop(base, phase)


def test_no_array_is_made_by_the_shape_reading() -> None:
    """Sizes far beyond any memory are read at once."""
    block = forward_block(shipped("llama-3.1-405b").dims(), "dense", Tokens(10**6, 10**7))
    assert total_flop(block.record) > 1e24
    assert all(isinstance(op.flop, float) and not isinstance(op.flop, np.floating) for op in block.record)


def test_decode_reads_each_cached_byte_once_and_prefill_expands_it() -> None:
    model = shipped("deepseek-v3")
    past = 5000
    decode = serving_block(model, "moe", Tokens(3, 1, past), folded=True)
    (core,) = [op for op in decode.record if op.name == "core"]
    cached = 3 * (past + 1) * kv_cache_bytes_per_token(model) / model.layers
    queries = 3 * 128 * (512 + 64) * 2
    assert core.read_bytes == cached + queries
    chunked = serving_block(model, "moe", Tokens(1, 100, past))
    (up,) = [op for op in chunked.record if op.name == "kv_b"]
    assert up.m == past + 100


def test_an_fp8_cache_is_half_as_large_with_scales_added() -> None:
    model = shipped("deepseek-v3")
    small = model.model_copy(update={"cache_format": "fp8"})
    assert kv_cache_bytes_per_token(small) == kv_cache_bytes_per_token(model) / 2 * (1 + 4 / 128)


def test_a_window_bounds_what_is_cached() -> None:
    model = shipped("mixtral-8x7b")
    windowed = model.with_changes({"attention.window_tokens": 4096})
    assert kv_cache_bytes(model, 10_000) == 10_000 * 131_072
    assert kv_cache_bytes(windowed, 10_000) == 4096 * 131_072
    assert kv_cache_bytes(windowed, 100) == 100 * 131_072


def test_a_window_bounds_what_decode_reads_and_computes() -> None:
    dims = shipped("mixtral-8x7b").dims()
    assert isinstance(dims.attention, Grouped)
    windowed = replace(dims, attention=replace(dims.attention, window=4096))

    def core(dims: Dims, past: int) -> tuple[float, float]:
        (op,) = [op for op in forward_block(dims, "moe", Tokens(1, 1, past)).record if op.name == "core"]
        return op.flop, op.read_bytes

    assert core(windowed, 100_000) == core(windowed, 50_000)
    assert core(windowed, 1000) == core(dims, 1000)
    assert core(windowed, 100_000)[0] == pytest.approx(core(dims, 4095)[0], rel=1e-3)


@settings(max_examples=15)
@given(st.integers(1, 8), st.integers(1, 64))
def test_experts_without_tokens_are_as_many_as_drawn(top_k: int, tokens: int) -> None:
    gate = replace(SMALL_V3.experts.gate, experts=16, top_k=top_k, groups=1, top_groups=1)  # type: ignore[union-attr]
    draw = np.random.default_rng(top_k * 100 + tokens)
    picked = draw.random((500, tokens, 16)).argsort(axis=-1)[..., :top_k]
    idle = np.mean([16 - len(np.unique(one)) for one in picked]) / 16
    assert idle_share(gate, tokens * top_k / 16) == pytest.approx(idle, abs=0.03)


def test_ranks_reached_are_those_of_an_even_choice() -> None:
    """Group-limited choice of 8 experts among 128 on 32 of 64 ranks, drawn."""
    gate = shipped("deepseek-v3").dims().experts.gate  # type: ignore[union-attr]
    picked = np.random.default_rng(0).random((20_000, 128)).argsort(axis=-1)[:, :8] // 4
    drawn = np.mean([len(set(row)) for row in picked])
    assert ranks_reached(gate, 64) == pytest.approx(drawn, rel=0.005)
    assert ranks_reached(gate, 1) == 1


def test_every_operation_moves_bytes_and_belongs_to_a_turn() -> None:
    for block in BLOCKS:
        for op in block_record(shipped("deepseek-v3"), block, Tokens(1, 4096), Share(expert=64)):
            assert op.read_bytes > 0 or op.name == "loss"
            assert op.write_bytes > 0
            assert (op.turn == "F") == (op.phase == "forward")
            assert op.turn != "W" or op.phase == "weight_grad"
