"""Seconds of one operation on a GPU: a roofline with stated efficiencies for each family of kernels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from simulator.refusal import Refused
from topologies.hardware import Gpu, KernelFamily
from workloads.reference.record import Op

Bound = Literal["compute", "memory"]

FAMILIES = {
    ("gemm", "fp8"): "fp8_gemm",
    ("gemm", "bf16"): "bf16_gemm",
    ("gemm", "fp32"): "bf16_gemm",
    ("grouped_gemm", "fp8"): "fp8_grouped_gemm",
    ("grouped_gemm", "bf16"): "bf16_gemm",
}
WEIGHT_GRADIENT_FAMILIES = {
    "fp8_gemm": "fp8_wgrad",
    "fp8_grouped_gemm": "fp8_grouped_wgrad",
    "bf16_gemm": "bf16_wgrad",
}


FUSED = frozenset({"quantise", "save", "swiglu", "permute", "unpermute"})
FUSED_BACKWARD = frozenset({"permute", "unpermute"})
"""Memory-bound work that training does in kernels of its own; the rest are the framework's element-wise kernels."""


@dataclass(frozen=True, slots=True)
class Sms:
    """Multiprocessors that kernels run on.

    matmul   of matrix products: persistent kernels with a fixed grid, which leaves those of the communication kernels
             free even while nothing is sent (in the published training profile every product runs on 112 of 132)
    other    of attention and the rest: all that are free at the moment
    """

    matmul: int
    other: int


class NoRate(Refused):
    """The GPU states no rate for what it is asked to do."""


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds of an operation and what sets them."""

    seconds: float
    bound: Bound


def family(op: Op) -> str:
    """Name the family of kernels that does an operation."""
    if op.kind == "memory":
        own = FUSED if op.phase == "forward" else FUSED_BACKWARD
        return "memory" if op.name.rpartition(".")[2] in own else "elementwise"
    if op.kind == "attention":
        return "attention_fwd" if op.phase in ("forward", "recompute") else "attention_bwd"
    forward = FAMILIES[(op.kind, op.precision)]
    return WEIGHT_GRADIENT_FAMILIES[forward] if op.phase == "weight_grad" else forward


def peak_flop_per_s(gpu: Gpu, precision: str) -> float:
    """Datasheet rate of the tensor cores; raises NoRate where the GPU has none for this precision."""
    rate = gpu.fp8_flop_per_s if precision == "fp8" else gpu.bf16_flop_per_s
    if rate is None:
        raise NoRate(f"{gpu.name} has no {precision.upper()} rate; a {precision.upper()} job cannot run on it")
    return rate


def duration(op: Op, gpu: Gpu, sms: Sms) -> Duration:
    """Time one operation on some of the GPU's multiprocessors (Williams et al. 2009, the roofline).

    seconds = max(FLOP / (peak x efficiency x share of SMs), bytes / (HBM rate x efficiency)) + launch
    Memory-bound kernels reach the HBM rate with fewer than all multiprocessors, so the share does not slow them.
    """
    kernels = gpu.kernels.families[family(op)]
    moved_s = (op.read_bytes + op.write_bytes) / achieved_bytes_per_s(gpu, kernels)
    computed_s = 0.0
    if op.flop > 0 and kernels.flop_ratio is not None:
        used = sms.other if op.kind == "attention" else sms.matmul
        rate = peak_flop_per_s(gpu, op.precision) * kernels.flop_ratio * used / gpu.sms
        computed_s = op.flop / rate
    bound: Bound = "compute" if computed_s >= moved_s else "memory"
    return Duration(max(computed_s, moved_s) + kernels.launch_s, bound)


def total_s(ops: Iterable[Op], gpu: Gpu, sms: Sms) -> float:
    """Seconds of operations done one after another."""
    return sum(duration(op, gpu, sms).seconds for op in ops)


def memory_s(moved_bytes: float, gpu: Gpu) -> float:
    """Seconds of one memory-bound kernel that reads and writes so many bytes together."""
    kernels = gpu.kernels.families["memory"]
    return moved_bytes / achieved_bytes_per_s(gpu, kernels) + kernels.launch_s


def achieved_bytes_per_s(gpu: Gpu, kernels: KernelFamily) -> float:
    """HBM rate that a family of kernels reaches; that of memory-bound kernels where none is stated."""
    ratio = kernels.bandwidth_ratio or gpu.kernels.families["memory"].bandwidth_ratio
    if ratio is None:
        raise NoRate(f"{gpu.kernels.name} states no bandwidth_ratio for memory-bound kernels")
    return gpu.hbm_bytes_per_s * ratio
