"""Arithmetic intensity by hand, and what it says about a GPU."""

from __future__ import annotations

import pytest

from tests.small_models import shipped
from topologies.catalogue import Catalogue, built_in
from topologies.hardware import Gpu
from topologies.spec import load_entry
from workloads.intensity import Intensity, Work, intensities, ridge_flop_per_byte
from workloads.reference.dims import Tokens


def h800() -> Gpu:
    """The catalogue's H800."""
    return load_entry("gpus", "h800", Gpu, Catalogue(built_in()))


def by_name(work: Work, tokens: Tokens) -> dict[str, Intensity]:
    """DeepSeek-V3's forward operations by name."""
    found = intensities(shipped("deepseek-v3"), work, tokens)
    return {item.name: item for item in found if item.phase == "forward"}


def test_one_token_does_two_flop_for_each_weight_byte_of_fp8() -> None:
    assert by_name("decode", Tokens(1, 1, 4096))["o"].flop_per_byte == pytest.approx(2, rel=0.01)


def test_latent_attention_reads_each_cached_byte_for_242_flop() -> None:
    """2 x 128 heads x (576 + 512) over 576 x 2 bytes (arXiv 2505.09343, 2.1.2); long context, so queries vanish."""
    core = by_name("decode", Tokens(1, 1, 10**6))["core"]
    assert core.flop_per_byte == pytest.approx(2 * 128 * (576 + 512) / (576 * 2), rel=0.001)


def test_grouped_queries_read_each_cached_byte_for_as_many_flop_as_heads_share_it() -> None:
    found = intensities(shipped("llama-3.1-405b"), "decode", Tokens(1, 1, 10**6))
    (core,) = [item for item in found if item.name == "core"]
    assert core.flop_per_byte == pytest.approx(128 / 8, rel=0.001)


def test_training_is_bound_by_arithmetic_and_small_decode_by_memory() -> None:
    gpu = h800()
    assert ridge_flop_per_byte(gpu, "bf16") == gpu.bf16_flop_per_s / gpu.hbm_bytes_per_s
    training, decode = by_name("training", Tokens(1, 4096)), by_name("decode", Tokens(8, 1, 4096))
    for name in ("o", "shared.gate_up", "core", "head"):
        assert training[name].bound(gpu) == "compute"
        assert decode[name].bound(gpu) == "memory"
    assert training["ffn_norm"].bound(gpu) == "memory"


def test_the_model_is_the_sum_of_its_layers() -> None:
    norms = by_name("prefill", Tokens(1, 100))["attention_norm"]
    assert norms.moved_bytes == 61 * 2 * 100 * 7168 * 2
