"""Operations of a DeepSeek-V3 layer on an H800, counted by hand: tiles, waves, bytes, gaps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulator.costs import NoRate, Sms, duration, family, machine, peak_flop_per_s
from topologies.catalogue import open_catalogue
from topologies.hardware import Gpu, KernelSet
from topologies.spec import load_entry
from workloads.reference.record import Op

CATALOGUE = open_catalogue(environ={})
H800 = load_entry("gpus", "h800", Gpu, CATALOGUE).with_changes({"kernels": "hopper@2024-12-27"}, CATALOGUE)
KERNELS = H800.kernels
ALL, FEWER = Sms(132, 132), Sms(112, 112)
SM_FLOP_PER_S = 1979e12 * 0.875 / 132
"""FP8 peak of one multiprocessor at the throttled clock."""
HBM = 3352e9


def product(m: int, n: int, k: int, phase: str = "forward", groups: int = 1) -> Op:
    """An FP8 product, rows over all groups; a weight gradient contracts over them and adds to an FP32 sum."""
    flop = 2.0 * m * n * k
    kind = "gemm" if groups == 1 else "grouped_gemm"
    moved = (m * k + n * k * groups, 2.0 * m * n)
    if phase == "weight_grad":
        moved = (k * (m + n) + 4 * m * n * groups, 4.0 * m * n * groups)
    return made("x", (kind, phase, "fp8"), (m, n, k, groups), flop, *moved)


def sweep(name: str, moved: float, phase: str = "forward") -> Op:
    """A memory-bound operation."""
    return made(name, ("memory", phase, "bf16"), (1, 1, 0, 1), 0.0, moved, 0.0)


def core(tokens: int, phase: str = "forward", sequences: int = 1) -> Op:
    """Causal attention of 128 heads, 192 wide for keys and 128 for values."""
    width = 320 if phase == "forward" else 832
    full = 2.0 * sequences * tokens**2 * 128 * width
    rows = sequences * tokens
    op = made("core", ("attention", phase, "bf16"), (rows, rows, width, 128), full, 1e6, 1e6)
    return replace(op, flop=full / 2)


def made(name: str, how: tuple[Any, Any, Any], sizes: tuple[int, int, int, int], *work: float) -> Op:
    """An operation of the forward chunk: kind, phase and precision; then FLOP, bytes read and written."""
    flop, read_bytes, write_bytes = work
    return Op(name, "mlp", *how, *sizes, flop, flop, read_bytes, write_bytes, "F")


def test_a_short_inner_length_pays_for_its_output() -> None:
    """kv_b on 112 SMs: 32 x 256 tiles of 128 x 128 in 74 waves; 512 multiply-adds an element, then 268 MB to write."""
    found, gemm = duration(product(4096, 32768, 512), H800, FEWER), KERNELS.matmul["fp8_gemm"]
    computed_s = 74 * 2 * 128 * 128 * 512 / (SM_FLOP_PER_S * gemm.flop_ratio)
    written_s = 2 * 4096 * 32768 / (HBM * gemm.bandwidth_ratio)
    assert gemm.exposed_output_ratio == 1.0
    assert found.busy_s == pytest.approx(computed_s + written_s + gemm.start_s, rel=0.01)
    assert found.seconds == pytest.approx(found.busy_s + KERNELS.launch_s)
    assert found.busy_s == pytest.approx(242e-6, rel=0.05), "239 to 247 us in the trace"


def test_a_thin_product_is_bound_by_memory() -> None:
    """64 rows against 7,168 x 16,384: 119 MB to read."""
    found, gemm = duration(product(64, 7168, 16384), H800, ALL), KERNELS.matmul["fp8_gemm"]
    assert found.bound == "memory"
    assert found.busy_s == pytest.approx((64 + 7168) * 16384 / (HBM * gemm.bandwidth_ratio), rel=0.1)


def test_whole_waves_count() -> None:
    """4,096 x 4,224 are 32 x 33 tiles, 8 for each SM; one column more asks for a ninth wave."""
    full, more = (duration(product(4096, columns, 16384), H800, ALL).busy_s for columns in (4224, 4225))
    assert more / full == pytest.approx(9 / 8, rel=0.01)


def test_fewer_multiprocessors_slow_products_and_not_copies() -> None:
    """112 of 132: products of many waves take 132/112 as long, memory-bound kernels the same."""
    alone, beside = (duration(product(16384, 16384, 16384), H800, sms).busy_s for sms in (ALL, FEWER))
    assert beside == pytest.approx(alone * 132 / 112, rel=0.02)
    copy = sweep("attention_norm", 1e9)
    assert duration(copy, H800, ALL) == duration(copy, H800, FEWER)


def test_a_weight_gradient_reads_and_writes_its_sum() -> None:
    """o: 7,168 x 16,384 FP32 twice are 940 MB, which nothing hides."""
    found, wgrad = duration(product(7168, 16384, 4096, "weight_grad"), H800, FEWER), KERNELS.matmul["fp8_wgrad"]
    sum_s = 8 * 7168 * 16384 / (HBM * wgrad.bandwidth_ratio)
    computed_s = 64 * 2 * 128 * 128 * 4096 / (SM_FLOP_PER_S * wgrad.flop_ratio)
    assert found.busy_s == pytest.approx(sum_s + computed_s, rel=0.01)


def test_groups_of_experts_share_their_waves() -> None:
    """Four experts of 8,192 rows: 256 x 32 tiles in 74 waves on 112 SMs."""
    found = duration(product(32768, 4096, 7168, groups=4), H800, FEWER).busy_s
    grouped = KERNELS.matmul["fp8_grouped_gemm"]
    computed_s = 74 * 2 * 128 * 128 * 7168 / (SM_FLOP_PER_S * grouped.flop_ratio)
    written_s = 2 * 32768 * 4096 / (HBM * grouped.bandwidth_ratio)
    assert found == pytest.approx(computed_s + written_s, rel=0.01)


def test_causal_attention_computes_half_and_the_diagonal() -> None:
    """32 rows of tiles: 528 of 1,024 tiles in each of 128 heads, and 32 blocks' own seconds."""
    found, forward = duration(core(4096), H800, FEWER).busy_s, KERNELS.attention["forward"]
    tile_s = 128 * 128 * 2 * 320 / (989e12 * 0.875 / 132 * forward.flop_ratio)
    assert found == pytest.approx(128 * (528 * tile_s + 32 * forward.block_s) / 112 + forward.start_s, rel=1e-3)


def test_two_sequences_cost_twice_one_and_not_four_times() -> None:
    one, two = (duration(core(4096, sequences=count), H800, FEWER).busy_s for count in (1, 2))
    assert two == pytest.approx(2 * one, rel=0.01)


def test_decode_reads_the_cache_once() -> None:
    """128 sequences of 32,768 keys: 4.8 GB; between what memory alone and what computing alone would take."""
    pairs, width, batch, keys = 128 * 32768, 2 * 512 + 64, 128, 32768
    flop = 2.0 * pairs * 128 * width
    decode = made("core", ("attention", "forward", "bf16"), (batch, batch * keys, width, 128), flop, pairs * 1152, 0.0)
    found, rate = duration(decode, H800, ALL).busy_s, KERNELS.decode
    assert family(decode) == "decode"
    read_s = pairs * 1152 / (HBM * rate.bandwidth_ratio)
    computed_s = flop / (989e12 * 0.875 * rate.flop_ratio)
    assert max(read_s, computed_s) < found < read_s + computed_s + rate.start_s
    assert found == pytest.approx(2095e-6, rel=0.1), "measured"


def test_an_unfused_operation_runs_several_kernels_and_moves_more() -> None:
    """Rotary embedding in FP32 and a join, 7 kernels."""
    rotate = KERNELS.sweeps["rotate"]
    found = duration(sweep("q_rope", 400e6), H800, FEWER)
    assert found.kernels == 7
    moved_s = 400e6 * 2.67 / (HBM * rotate.bandwidth_ratio)
    assert found.busy_s == pytest.approx(7 * rotate.start_s + moved_s)
    assert found.seconds == pytest.approx(found.busy_s + 7 * KERNELS.launch_s)


def test_a_throttled_clock_slows_what_computes_and_not_what_moves() -> None:
    """Ratios of a kernel set are against the sustained clock: half the clock, twice the time of the main loops."""
    slow = H800.with_changes({"sustained_clock_ratio": 0.4375})
    assert machine(slow, "fp8", 132).flop_per_s == pytest.approx(machine(H800, "fp8", 132).flop_per_s / 2)
    long = product(16384, 16384, 16384)
    assert duration(long, slow, ALL).busy_s == pytest.approx(2 * duration(long, H800, ALL).busy_s, rel=0.05)
    copy = sweep("attention_norm", 1e9)
    assert duration(copy, slow, ALL) == duration(copy, H800, ALL)


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (product(4096, 4096, 4096), "matmul.fp8_gemm"),
        (product(4096, 4096, 4096, "weight_grad"), "matmul.fp8_wgrad"),
        (product(32768, 4096, 4096, "input_grad", 4), "matmul.fp8_grouped_gemm"),
        (product(256, 4096, 4096, "forward", 4), "matmul.fp8_masked_gemm"),
        (product(4096, 4096, 32768, "weight_grad", 4), "matmul.fp8_grouped_wgrad"),
        (core(4096), "attention.forward"),
        (core(4096, "input_grad"), "attention.backward"),
        (sweep("o.quantise", 1.0), "sweeps.quantise"),
        (sweep("experts.gate_up.save", 1.0), "sweeps.activation"),
        (sweep("kv_b.transpose", 1.0, "input_grad"), "sweeps.grad_quantise"),
        (sweep("experts.gate_up.transpose", 1.0, "weight_grad"), "sweeps.transpose"),
        (sweep("permute", 1.0, "input_grad"), "sweeps.permute_backward"),
        (sweep("experts.swiglu", 1.0, "recompute"), "sweeps.activation_backward"),
        (sweep("ffn_norm", 1.0), "sweeps.norm"),
        (sweep("k_rope", 1.0), "sweeps.rotate"),
        (sweep("embedding", 1.0), "sweeps.split"),
    ],
)
def test_each_operation_has_its_family(operation: Op, name: str) -> None:
    """By kind, phase and precision; memory-bound kernels by what they do."""
    assert family(operation) == name


def test_a_gpu_without_fp8_refuses_an_fp8_job() -> None:
    """No other rate is taken in its place."""
    a100 = load_entry("gpus", "a100", Gpu, CATALOGUE)
    with pytest.raises(NoRate, match="a100 has no FP8 rate"):
        peak_flop_per_s(a100, "fp8")


@pytest.mark.parametrize("name", ["h100", "h200", "h20", "a100", "b200", "gb200", "gb300"])
def test_a_gpu_without_tables_has_the_curves_of_the_h800_and_says_so(name: str) -> None:
    """Same parameters, each an assumption with a wider interval; Blackwell's operands come faster, see below."""
    newest, kernels = (
        load_entry("gpus", "h800", Gpu, CATALOGUE).kernels,
        load_entry("gpus", name, Gpu, CATALOGUE).kernels,
    )
    assert (kernels.attention, kernels.sweeps) == (newest.attention, newest.sweeps)
    for name_of, listed in newest.matmul.items():
        assert kernels.matmul[name_of].model_copy(update={"operand_bytes_per_s": listed.operand_bytes_per_s}) == listed
    for path in _families(newest):
        own, theirs = kernels.provenance(path), newest.provenance(path)
        assert own is not None and theirs is not None
        assert own.basis == "assumed"
        assert (own.spread or 0) > (theirs.spread or 0) or path.startswith("sweeps."), path


def test_operands_on_blackwell_come_as_much_faster_as_one_of_its_multiprocessors_computes() -> None:
    """GB200 against H100: 2,500 / 148 over 989 / 132 is 2.25; so a product is bound by what binds it on Hopper."""
    h100, gb200 = (load_entry("gpus", name, Gpu, CATALOGUE) for name in ("h100", "gb200"))
    faster = (gb200.bf16_flop_per_s / gb200.sms) / (h100.bf16_flop_per_s / h100.sms)
    for name_of, hopper in h100.kernels.matmul.items():
        assert gb200.kernels.matmul[name_of].operand_bytes_per_s == pytest.approx(
            faster * hopper.operand_bytes_per_s, rel=0.01
        )
    assert gb200.kernels.sm_load_bytes_per_s == pytest.approx(faster * h100.kernels.sm_load_bytes_per_s, rel=0.01)


def _families(kernels: KernelSet) -> list[str]:
    """Paths of all families."""
    groups = ("matmul", "attention", "sweeps")
    return [f"{group}.{name}" for group in groups for name in getattr(kernels, group)] + ["decode"]
