"""Roofline by hand on the H800."""

from __future__ import annotations

import pytest

from simulator.costs import NoRate, Sms, duration, family, peak_flop_per_s
from topologies.catalogue import open_catalogue
from topologies.hardware import Gpu
from topologies.spec import load_entry
from workloads.reference.record import Op

H800 = load_entry("gpus", "h800", Gpu, open_catalogue(environ={}))
ALL, FEWER = Sms(132, 132), Sms(112, 112)


def op(kind: str, phase: str = "forward", name: str = "x", flop: float = 0.0, moved: float = 0.0) -> Op:
    """One operation in FP8 (attention: BF16)."""
    precision = "bf16" if kind == "attention" else "fp8"
    return Op(name, "mlp", kind, phase, precision, 1, 1, 1, 1, flop, flop, moved, 0.0, "F")  # type: ignore[arg-type]


def test_a_large_product_is_bound_by_computing() -> None:
    """10 TFLOP at 1979 TFLOP/s x 0.541, and the launch."""
    found = duration(op("gemm", flop=10e12, moved=1e9), H800, ALL)
    assert found.bound == "compute"
    assert found.seconds == pytest.approx(10e12 / (1979e12 * 0.541) + 2e-6)


def test_a_thin_product_is_bound_by_memory() -> None:
    """1 GB at 3352 GB/s x 0.746."""
    found = duration(op("gemm", flop=1e9, moved=1e9), H800, ALL)
    assert found.bound == "memory"
    assert found.seconds == pytest.approx(1e9 / (3352e9 * 0.746) + 2e-6)


def test_fewer_multiprocessors_slow_products_and_not_copies() -> None:
    """112 of 132: products take 132/112 as long, memory-bound kernels the same."""
    product, sweep = op("gemm", flop=10e12), op("memory", moved=1e9)
    launch_s = 2e-6
    alone, beside = (duration(product, H800, sms).seconds - launch_s for sms in (ALL, FEWER))
    assert beside == pytest.approx(alone * 132 / 112)
    assert duration(sweep, H800, ALL) == duration(sweep, H800, FEWER)


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (op("gemm"), "fp8_gemm"),
        (op("gemm", "weight_grad"), "fp8_wgrad"),
        (op("grouped_gemm", "input_grad"), "fp8_grouped_gemm"),
        (op("grouped_gemm", "weight_grad"), "fp8_grouped_wgrad"),
        (op("attention"), "attention_fwd"),
        (op("attention", "input_grad"), "attention_bwd"),
        (op("memory", name="o.quantise"), "memory"),
        (op("memory", "input_grad", "permute"), "memory"),
        (op("memory", "input_grad", "experts.swiglu"), "elementwise"),
        (op("memory", name="attention_norm"), "elementwise"),
    ],
)
def test_each_operation_has_its_family(operation: Op, name: str) -> None:
    """By kind, phase and precision; fused memory-bound kernels by what they do."""
    assert family(operation) == name


def test_a_gpu_without_fp8_refuses_an_fp8_job() -> None:
    """No other rate is taken in its place."""
    a100 = load_entry("gpus", "a100", Gpu, open_catalogue(environ={}))
    with pytest.raises(NoRate, match="a100 has no FP8 rate"):
        peak_flop_per_s(a100, "fp8")
