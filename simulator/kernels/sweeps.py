"""Memory-bound kernels by kind: how many a framework runs for one logical operation, and what they move."""

from __future__ import annotations

from math import inf

from simulator.kernels.machine import Busy, Machine
from topologies.kernel_sets import SweepFamily
from workloads.reference.record import Op

LAST_WORD = {
    "quantise": "quantise",
    "save": "activation",
    "transpose": "transpose",
    "grad_quantise": "grad_quantise",
    "grad_transpose": "transpose",
    "permute": "permute",
    "unpermute": "permute",
    "swiglu": "activation",
    "gate": "gate",
    "key": "join",
    "query": "join",
    "grad_add": "add",
    "ffn_add": "add",
    "attention_add": "add",
    "split": "split",
    "dq": "split",
    "delta": "split",
}
"""Kind by the last word of an operation's name; a name that ends in `norm` or `rope` is of that kind."""
ENDINGS = {"norm": "norm", "rope": "rotate"}
BACKWARD = frozenset({"activation", "permute", "gate"})
"""Kinds whose backward, with what it computes again, runs other kernels."""
OTHER = "split"


def kind_of(op: Op) -> str:
    """Kind of a memory-bound operation; one that is not known is a plain element-wise kernel.

    What is turned in the backward chunk comes in BF16 and is quantised on the way; later, FP8 is turned as it is.
    """
    last = op.name.rpartition(".")[2]
    found = LAST_WORD.get(last) or ENDINGS.get(last.rpartition("_")[2], OTHER)
    if found == "transpose" and op.phase == "input_grad":
        return "grad_quantise"
    if found in BACKWARD and op.phase != "forward":
        return f"{found}_backward"
    return found


def sweep_s(moved_bytes: float, machine: Machine, family: SweepFamily, rows: float = inf) -> Busy:
    """Time all kernels of one operation: bytes over achieved bandwidth, and each one's start and tail.

    seconds = kernels x start + bytes x traffic / (HBM x bandwidth ratio)
    A start that was found with many rows is shorter with few: rows are dealt out in blocks, wave after wave.
    Memory-bound kernels reach the HBM rate with fewer than all multiprocessors, so their number does not enter.
    """
    moved_s = moved_bytes * family.traffic_ratio / (machine.hbm_bytes_per_s * family.bandwidth_ratio)
    many = min(1.0, rows / family.start_rows)
    start_s = family.few_rows_start_s + (family.start_s - family.few_rows_start_s) * many
    return Busy(family.kernels * start_s + moved_s, "memory")
