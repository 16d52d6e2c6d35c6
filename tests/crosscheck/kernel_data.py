"""Measured kernels of the H800 as samples of kernel families: published tables and the training trace.

Reads ../shared/ground_truth, which lies beside a checkout on the machines where the fits were made and not in it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from simulator.costs import machine
from simulator.fitting import Sample
from simulator.kernels.attention import Scores
from simulator.kernels.matmul import Product
from topologies.catalogue import Catalogue, built_in
from topologies.hardware import Gpu
from topologies.spec import load_entry

GROUND_TRUTH = Path(__file__).parents[3] / "shared" / "ground_truth"
H800 = load_entry("gpus", "h800", Gpu, Catalogue(built_in()))
ALL, TRACED = 132, 112
"""Multiprocessors of a benchmark, and of matrix products in the trace (its grids)."""
HEADS, QUERY, VALUE, LATENT, ROPE = 128, 192, 128, 512, 64
GIGA, TERA, MICRO = 10**9, 10**12, 10**-6
PEAK_FP8 = 1979 * TERA
UNEVEN = 0.3
"""The masked and contiguous benchmarks draw each group's rows between 0.7 and 1.3 times their mean (DeepGEMM tests)."""


def rows(name: str) -> list[dict[str, str]]:
    """Rows of one file."""
    with (GROUND_TRUTH / name).open() as file:
        return list(csv.DictReader(file))


def fp8(m: float, n: int, k: float, groups: float = 1, uneven: float = 0.0) -> Product:
    """FP8 operands, BF16 output; m is of one group."""
    return Product(m, n, k, groups, 1, groups * k * (m + n), 2 * groups * m * n, uneven)


def accumulated(m: int, n: int, k: float, groups: int = 1, element_bytes: int = 1) -> Product:
    """A product added to an FP32 sum: read and written."""
    return Product(m, n, k, groups, element_bytes, element_bytes * groups * k * (m + n), 8 * groups * m * n)


def deepgemm(date: str, kind: str) -> list[Sample]:
    """DeepGEMM's own tables on all multiprocessors."""
    found = []
    for row in rows("deepgemm_h800.csv"):
        if (row["date"], row["kind"]) == (date, kind):
            groups, m, n, k = (int(row[name]) for name in ("groups", "M_per_group", "N", "K"))
            seconds = 2 * groups * m * n * k / (float(row["TFLOPS"]) * TERA)
            found.append(
                Sample(f"{groups} x {m} x {n} x {k}", fp8(m, n, k, groups), machine(H800, "fp8", ALL), seconds)
            )
    return found


def traced() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Matrix products of the trace: verb, what, row."""
    for row in rows("h800_trace_gemm.csv"):
        verb, _, what = row["op"].partition(" ")
        yield verb, what, row


def traced_products(kind: str) -> list[Sample]:
    """FP8 products of the trace: dense, grouped, wgrad."""
    found = []
    for verb, what, row in traced():
        if "core" in what or what == "router" or what.startswith("expert "):
            continue
        groups = 4 if what.startswith("experts") else 1
        own = "wgrad" if verb == "wgrad" else "grouped" if groups > 1 else "dense"
        if own == kind:
            m, n, k = int(row["M"]), int(row["N"]), float(row["K"])
            work = accumulated(m, n, k) if own == "wgrad" else fp8(m / groups, n, k, groups)
            found.append(Sample(row["op"], work, machine(H800, "fp8", TRACED), float(row["dur_us"]) * MICRO))
    return found


def traced_expert_gradients() -> list[Sample]:
    """Weight gradients of four experts on two streams, together."""
    found = []
    for row in rows("h800_trace_wgrad.csv"):
        m, n = (4096, 7168) if "gate_up" in row["op"] else (7168, 2048)
        work = accumulated(m, n, int(row["rows"]) / 4, 4)
        found.append(Sample(row["op"], work, machine(H800, "fp8", TRACED), float(row["busy_us"]) * MICRO))
    return found


def traced_router(verb: str) -> list[Sample]:
    """The router's BF16 products: forward and input gradient, or weight gradient."""
    found = []
    for own, what, row in traced():
        if what == "router" and (own == "wgrad") == (verb == "wgrad"):
            m, n, k = int(row["M"]), int(row["N"]), float(row["K"])
            dense = Product(m, n, k, 1, 2, 2 * k * (m + n), 2 * m * n)
            work = accumulated(m, n, k, element_bytes=2) if own == "wgrad" else dense
            found.append(Sample(row["op"], work, machine(H800, "bf16", TRACED), float(row["dur_us"]) * MICRO))
    return found


def traced_cores(verb: str) -> list[Sample]:
    """Attention of 4,096 tokens beside communication."""
    width = QUERY + VALUE if verb == "fwd" else 3 * QUERY + 2 * VALUE
    operands = 2 * 4096 * HEADS * (2 * QUERY + 2 * VALUE)
    moved = operands if verb == "fwd" else 2 * operands + 4 * 4096 * HEADS * QUERY
    work = Scores(1, HEADS, 4096, 4096, 2 * width, True, moved)
    return [
        Sample(row["op"], work, machine(H800, "bf16", TRACED), float(row["dur_us"]) * MICRO)
        for own, what, row in traced()
        if own == verb and "core" in what
    ]


def dense_2025_09() -> list[Sample]:
    """InferSim's dense table."""
    found = []
    for row in rows("calib_h800_gemm.csv"):
        m, n, k = (int(row[name]) for name in "mnk")
        found.append(
            Sample(f"{m} x {n} x {k}", fp8(m, n, k), machine(H800, "fp8", ALL), float(row["latency_us"]) * MICRO)
        )
    return found


def grouped_2025_09(stage: str) -> list[Sample]:
    """InferSim's grouped tables; the rows that a run really had follow from its stated share of the peak."""
    found = []
    for row in rows(f"calib_h800_grouped_gemm_{stage}.csv"):
        groups = int(row["num_local_experts"])
        for n, k, name in ((4096, 7168, "up"), (7168, 2048, "down")):
            seconds = float(row[f"{name}_proj_us"]) * MICRO
            m = float(row[f"{name}_mfu"]) * PEAK_FP8 * seconds / (2 * groups * n * k)
            work = fp8(m, n, k, groups * hit(int(row["tokens_per_expert"]), m), UNEVEN)
            label = f"{groups} x {row['tokens_per_expert']} x {n} x {k}"
            found.append(Sample(label, work, machine(H800, "fp8", ALL), seconds))
    return found


def hit(tokens: int, rows_found: float) -> float:
    """Share of groups with any row: with one token a group on average some get none, and their weights stay unread."""
    return min(1.0, rows_found / tokens) if tokens == 1 else 1.0


def prefill_2025_09() -> list[Sample]:
    """InferSim's attention of one sequence, 128 heads."""
    found = []
    for row in rows("calib_h800_mla_prefill.csv"):
        length = int(row["seq_len"])
        moved = 2 * length * HEADS * (2 * QUERY + 2 * VALUE)
        work = Scores(1, HEADS, length, length, 2 * (QUERY + VALUE), True, moved)
        found.append(Sample(str(length), work, machine(H800, "bf16", ALL), float(row["latency_us"]) * MICRO))
    return found


def decode_2025_09() -> list[Sample]:
    """InferSim's absorbed attention: one query a sequence, 128 heads on one latent key-value head."""
    found = []
    for row in rows("calib_h800_mla_decode.csv"):
        batch, length = int(row["batch_size"]), int(row["kv_len"])
        moved = 2 * batch * (length * (LATENT + ROPE) + HEADS * (2 * LATENT + ROPE))
        work = Scores(batch, HEADS, 1, length, 2 * (2 * LATENT + ROPE), False, moved)
        label = f"{batch} x {length}"
        found.append(Sample(label, work, machine(H800, "bf16", ALL), float(row["latency_us"]) * MICRO))
    return found


def traced_sweeps(*words: str) -> list[Sample]:
    """Memory-bound kernels of the trace whose name holds one of the words."""
    return [
        Sample(row["op"], float(row["MB"]) * 10**6, machine(H800, "bf16", TRACED), float(row["dur_us"]) * MICRO)
        for row in rows("h800_trace_elementwise.csv")
        if any(word in row["op"] for word in words)
    ]


def traced_transposes() -> list[Sample]:
    """Time that mlp(W) leaves beside its matrix products: by its kernel count, two that turn [rows x 7168] FP8."""
    found = []
    for phase in rows("h800_trace_phases.csv"):
        if phase["phase"] == "mlp(W)":
            own = [r for r in rows("h800_trace_gemm.csv") if (r["layer"], r["phase"]) == (phase["layer"], "mlp(W)")]
            grouped = [r for r in rows("h800_trace_wgrad.csv") if r["layer"] == phase["layer"]]
            left_us = float(phase["busy_us"]) - sum(float(r["busy_us"]) for r in grouped)
            left_us -= sum(float(r["dur_us"]) for r in own if "shared" in r["op"])
            moved = int(grouped[0]["rows"]) * 7168 * 2 * (1 + 4 / 128)
            found.append(Sample("turn", moved, machine(H800, "bf16", TRACED), left_us / 2 * MICRO))
    return found
