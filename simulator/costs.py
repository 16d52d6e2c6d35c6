"""Seconds of one operation on a GPU: which family of kernels does it, and that family's formula."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from simulator.kernels.attention import Scores, decode_s, square_s
from simulator.kernels.machine import Bound, Busy, Machine
from simulator.kernels.matmul import Product, product_s
from simulator.kernels.sweeps import kind_of, sweep_s
from simulator.refusal import Refused
from topologies.hardware import Gpu
from workloads.reference.graph import NUMBER_BYTES
from workloads.reference.record import Op

FORWARD = {
    ("gemm", "fp8"): "fp8_gemm",
    ("gemm", "bf16"): "bf16_gemm",
    ("gemm", "fp32"): "bf16_gemm",
    ("grouped_gemm", "fp8"): "fp8_grouped_gemm",
    ("grouped_gemm", "bf16"): "bf16_gemm",
    ("grouped_gemm", "fp32"): "bf16_gemm",
}
WEIGHT_GRADIENT = {
    "fp8_gemm": "fp8_wgrad",
    "fp8_grouped_gemm": "fp8_grouped_wgrad",
    "bf16_gemm": "bf16_wgrad",
}
MASKED_ROWS = 512
"""Below so many rows a group, forward only, the masked kernel of decode does a grouped product."""
DECODE_QUERIES = 16
"""Up to so many new tokens a sequence, the keys are split among multiprocessors instead of the queries."""
STREAMED = "activation"
"""One large fused kernel, as the optimiser's update is."""


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
    """Seconds of an operation and what sets them.

    seconds   with the gaps before its kernels;  busy_s   without, as a profiler adds its kernels up
    """

    seconds: float
    bound: Bound
    busy_s: float
    kernels: int


def peak_flop_per_s(gpu: Gpu, precision: str) -> float:
    """Datasheet rate of the tensor cores; raises NoRate where the GPU has none for this precision."""
    rate = gpu.fp8_flop_per_s if precision == "fp8" else gpu.bf16_flop_per_s
    if rate is None:
        raise NoRate(f"{gpu.name} has no {precision.upper()} rate; a {precision.upper()} job cannot run on it")
    return rate


def machine(gpu: Gpu, precision: str, used: int) -> Machine:
    """What a kernel finds on some of a GPU's multiprocessors; peaks at the clock that matrix work sustains.

    An H800's throttled clock is 0.875 of that of its datasheet (FlashMLA deep dive, 2025-04-22: some 865 of 989
    BF16 TFLOP/s), and every ratio of a kernel set is against it: a GPU that throttles less is faster by as much.
    """
    sustained_flop_per_s = peak_flop_per_s(gpu, precision) * gpu.sustained_clock_ratio
    return Machine(gpu.sms, used, sustained_flop_per_s, gpu.hbm_bytes_per_s, gpu.kernels.sm_load_bytes_per_s)


def family(op: Op) -> str:
    """Name the family of kernels that does an operation: matmul.*, attention.*, decode or sweeps.*."""
    if op.kind == "memory":
        return f"sweeps.{kind_of(op)}"
    if op.kind == "attention":
        if op.phase == "input_grad":
            return "attention.backward"
        return "decode" if scores(op).queries <= DECODE_QUERIES else "attention.forward"
    forward = FORWARD[(op.kind, op.precision)]
    if op.phase == "weight_grad":
        return f"matmul.{WEIGHT_GRADIENT[forward]}"
    if forward == "fp8_grouped_gemm" and op.phase == "forward" and op.m / op.groups < MASKED_ROWS:
        forward = "fp8_masked_gemm"
    return f"matmul.{forward}"


def duration(op: Op, gpu: Gpu, sms: Sms) -> Duration:
    """Time one operation on some of the GPU's multiprocessors; formulas are in simulator/kernels.

    A GPU that checks its results takes longer for products and attention, by as much as it says.

    Raises NoRate for a precision that the GPU lacks.
    """
    used = sms.matmul if op.kind in ("gemm", "grouped_gemm") else sms.other
    group, _, name = family(op).partition(".")
    busy, kernels = _busy(op, gpu, used, group, name)
    busy_s = busy.seconds * (1 + gpu.error_check_ratio * (group != "sweeps"))
    return Duration(busy_s + kernels * gpu.kernels.launch_s, busy.bound, busy_s, kernels)


def _busy(op: Op, gpu: Gpu, used: int, group: str, name: str) -> tuple[Busy, int]:
    """Seconds of an operation's kernels and how many they are."""
    kernels = gpu.kernels
    if group == "sweeps":
        sweep = kernels.sweeps[name]
        return sweep_s(op.read_bytes + op.write_bytes, machine(gpu, "bf16", used), sweep, op.m), sweep.kernels
    on = machine(gpu, op.precision, used)
    if group == "matmul":
        return product_s(product(op), on, kernels.matmul[name]), 1
    if group == "decode":
        return decode_s(scores(op), on, kernels.decode), 1
    return square_s(scores(op), on, kernels.attention[name]), 1


def product(op: Op) -> Product:
    """Shape of a matrix product. A weight gradient contracts over the rows of its group and adds to an FP32 sum."""
    element_bytes = NUMBER_BYTES[op.precision]
    if op.phase == "weight_grad":
        summed_bytes = op.write_bytes
        sizes = (op.m, op.n, op.k / op.groups, op.groups, element_bytes)
        return Product(*sizes, op.read_bytes - summed_bytes, op.write_bytes + summed_bytes)
    return Product(op.m / op.groups, op.n, op.k, op.groups, element_bytes, op.read_bytes, op.write_bytes)


def scores(op: Op) -> Scores:
    """Shape of attention. The record tells all sequences' rows; their number follows from the pairs scored."""
    pairs = op.flop_full / (2 * op.k * op.groups)
    sequences = max(1.0, op.m * op.n / pairs)
    return Scores(
        sequences=sequences,
        heads=op.groups,
        queries=op.m / sequences,
        keys=op.n / sequences,
        flop_per_pair=2 * op.k,
        causal=op.flop < op.flop_full,
        moved_bytes=op.read_bytes + op.write_bytes,
    )


@dataclass(frozen=True, slots=True)
class Stopwatch:
    """Times operations on one GPU, each shape once: layers of different layouts have most operations in common."""

    gpu: Gpu
    known: dict[tuple[Op, Sms], float] = field(default_factory=dict)

    def total_s(self, ops: Iterable[Op], sms: Sms) -> float:
        """Seconds of operations done one after another."""
        total = 0.0
        for op in ops:
            seconds = self.known.get((op, sms))
            if seconds is None:
                seconds = self.known[op, sms] = duration(op, self.gpu, sms).seconds
            total += seconds
        return total


def memory_s(moved_bytes: float, gpu: Gpu) -> float:
    """Seconds of one memory-bound kernel that reads and writes so many bytes together."""
    busy = sweep_s(moved_bytes, machine(gpu, "bf16", gpu.sms), gpu.kernels.sweeps[STREAMED])
    return busy.seconds + gpu.kernels.launch_s
