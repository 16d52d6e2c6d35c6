"""Ratios of the Hopper kernel set, computed from the published training trace of one H800.

Reads ../shared/ground_truth, which lies beside a checkout on the machines where this was measured and not in it.
"""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from simulator.costs import family as family_of
from topologies.spec import load_entry
from workloads.model import ModelSpec, block_record
from workloads.reference.dims import Share, Tokens
from workloads.scenario import catalogue

GROUND_TRUTH = Path(__file__).parents[3] / "shared" / "ground_truth"
FP8_PEAK_TFLOPS, BF16_PEAK_TFLOPS, HBM_GB_PER_S = 1979, 989, 3352
SMS_SHARE = 112 / 132
"""20 of the 132 SMs serve communication all through the trace."""


def rows(name: str) -> list[dict[str, str]]:
    """Rows of one file."""
    with (GROUND_TRUTH / name).open() as file:
        return list(csv.DictReader(file))


def family(operation: str) -> str | None:
    """Kernel family of a traced GEMM, None for those that are counted elsewhere."""
    verb, _, rest = operation.partition(" ")
    if "attention core" in operation:
        return "attention_fwd" if verb == "fwd" else "attention_bwd"
    if rest == "router" or rest.startswith("expert "):
        return None
    if rest.startswith("experts"):
        return "fp8_grouped_gemm"
    return "fp8_wgrad" if verb == "wgrad" else "fp8_gemm"


def achieved_tflops(pairs: Iterable[tuple[float, float]]) -> float:
    """FLOP-weighted rate of (GFLOP, us) pairs in TFLOP/s: all the work over all the time."""
    work, time = (sum(column) for column in zip(*pairs, strict=True))
    return float(work / time * 1e3)


def ratios() -> Iterator[tuple[str, float]]:
    """Each family with its achieved rate over the peak of the SMs in use (memory: over the nominal bandwidth)."""
    traced: dict[str, list[tuple[float, float]]] = {}
    for row in rows("h800_trace_gemm.csv"):
        name = family(row["op"])
        if name is not None:
            traced.setdefault(name, []).append((float(row["gflop"]), float(row["dur_us"])))
    traced["fp8_grouped_wgrad"] = [(float(r["gflop"]), float(r["busy_us"])) for r in rows("h800_trace_wgrad.csv")]
    for name, pairs in traced.items():
        peak = BF16_PEAK_TFLOPS if name.startswith("attention") else FP8_PEAK_TFLOPS
        yield name, achieved_tflops(pairs) / (peak * SMS_SHARE)
    moved = [(float(row["MB"]), float(row["dur_us"])) for row in rows("h800_trace_elementwise.csv")]
    yield "memory", achieved_tflops(moved) / HBM_GB_PER_S
    yield "elementwise", elementwise_ratio()


def elementwise_ratio() -> float:
    """Bytes of a layer's element-wise work over the time its compute phases have left for it, both layers' mean."""
    left_us = sum(float(row["busy_us"]) for row in rows("h800_trace_phases.csv") if row["stream"] == "compute")
    for name in ("h800_trace_gemm.csv", "h800_trace_elementwise.csv"):
        told = [row for row in rows(name) if not row["op"].startswith("wgrad expert ")]
        left_us -= sum(float(row["dur_us"]) for row in told)
    left_us -= sum(float(row["busy_us"]) for row in rows("h800_trace_wgrad.csv"))
    model = load_entry("models", "deepseek-v3", ModelSpec, catalogue())
    record = block_record(model, "moe", Tokens(1, 4096), Share(expert=64), "deepseek")
    moved = sum(op.read_bytes + op.write_bytes for op in record if family_of(op) == "elementwise")
    return 2 * moved / (left_us * 1e-6) / (HBM_GB_PER_S * 1e9)


def main() -> None:
    """Write the ratios, one a line."""
    import sys

    for name, ratio in ratios():
        sys.stdout.write(f"{name} {ratio:.4f}\n")


if __name__ == "__main__":
    main()
