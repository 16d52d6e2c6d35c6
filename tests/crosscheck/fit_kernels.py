"""Fits the Hopper kernel sets to measured kernels and prints what it finds.

Run it as `python -m tests.crosscheck.fit_kernels`.
Each family has few free parameters; the others are carried over from the family that the same hardware serves best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from simulator.fitting import Family, Residuals, Sample, fitted, left_out, residuals, with_parameters
from tests.crosscheck import kernel_data as data
from tests.crosscheck.kernel_phases import traffic
from topologies.kernel_sets import AttentionFamily, DecodeFamily, MatmulFamily, SweepFamily

FIRST, SECOND, THIRD, FOURTH = "2025-02", "2025-03", "2025-04", "2025-09"
FOUR = ("flop_ratio", "exposed_output_ratio", "bandwidth_ratio", "start_s")


@dataclass(frozen=True, slots=True)
class Fitted:
    """One family of one generation: its samples, what was free, the outcome and its errors."""

    family: Family
    samples: Sequence[Sample]
    free: tuple[str, ...]
    start: Family

    @property
    def residuals(self) -> Residuals:
        """On the samples it was fitted on."""
        return residuals(self.samples, self.family)

    def unseen(self) -> Residuals:
        """On the 40 % that a second fit, on the other 60 %, has not seen."""
        return left_out(self.samples, self.start, self.free)


def fit(samples: Sequence[Sample], start: Family, *free: str) -> Fitted:
    """Fit the named parameters of a family."""
    return Fitted(fitted(samples, start, free), tuple(samples), free, start)


def like(found: Fitted, **changes: object) -> MatmulFamily:
    """Start of another family: the parameters of one that is fitted already."""
    family = found.family
    if not isinstance(family, MatmulFamily):
        raise TypeError(f"{family} is no family of matrix products")
    return family.model_copy(update=changes)


@cache
def fits() -> Mapping[tuple[str, str], Fitted]:
    """Every fitted family by generation and name."""
    found: dict[tuple[str, str], Fitted] = {}
    fit_newest(found)
    fit_first(found)
    for date, generation in (("2025-03-25", SECOND), ("2025-04-09", THIRD)):
        dense = like(found[FIRST, "fp8_gemm"], widest_tile=160)
        found[generation, "fp8_gemm"] = fit(data.deepgemm(date, "dense"), dense, *FOUR[:3])
        grouped = like(found[FIRST, "fp8_grouped_gemm"], widest_tile=160)
        samples = data.deepgemm(date, "grouped_contiguous")
        found[generation, "fp8_grouped_gemm"] = fit(samples, grouped, "flop_ratio", "exposed_output_ratio")
    return found


def fit_newest(found: dict[tuple[str, str], Fitted]) -> None:
    """Tables of September 2025. The rate of the L2 cache comes from their dense products and serves all generations."""
    start = MatmulFamily(
        flop_ratio=0.8,
        operand_bytes_per_s=75.0 * data.GIGA,
        exposed_output_ratio=0.5,
        bandwidth_ratio=0.85,
        start_s=5 * data.MICRO,
        widest_tile=128,
    )
    found[FOURTH, "fp8_gemm"] = fit(data.dense_2025_09(), start, *FOUR, "operand_bytes_per_s")
    grouped = like(found[FOURTH, "fp8_gemm"], padded_groups=True)
    found[FOURTH, "fp8_grouped_gemm"] = fit(data.grouped_2025_09("prefill"), grouped, *FOUR[:3])
    masked = like(found[FOURTH, "fp8_gemm"])
    found[FOURTH, "fp8_masked_gemm"] = fit(data.grouped_2025_09("decode"), masked, FOUR[0], *FOUR[2:])
    square = AttentionFamily(flop_ratio=0.75, block_s=data.MICRO, bandwidth_ratio=0.85, start_s=20 * data.MICRO)
    found[FOURTH, "forward"] = fit(data.prefill_2025_09(), square, "flop_ratio", "start_s")
    split = DecodeFamily(flop_ratio=0.7, bandwidth_ratio=0.895, start_s=12 * data.MICRO)
    found[FOURTH, "decode"] = fit(data.decode_2025_09(), split, "flop_ratio", "start_s")


def fit_first(found: dict[tuple[str, str], Fitted]) -> None:
    """DeepGEMM's first table and the training trace."""
    start = like(found[FOURTH, "fp8_gemm"], exposed_output_ratio=0.9, start_s=0.5 * data.MICRO, wide_when_tall=True)
    dense = data.deepgemm("2025-02-25", "dense") + data.traced_products("dense")
    found[FIRST, "fp8_gemm"] = fit(dense, start, *FOUR[:3])
    contiguous = data.deepgemm("2025-02-25", "grouped_contiguous") + data.traced_products("grouped")
    grouped = like(found[FIRST, "fp8_gemm"], padded_groups=True)
    found[FIRST, "fp8_grouped_gemm"] = fit(contiguous, grouped, "flop_ratio")
    masked = data.deepgemm("2025-02-25", "grouped_masked")
    found[FIRST, "fp8_masked_gemm"] = fit(masked, like(found[FIRST, "fp8_gemm"], wide_when_tall=False), "flop_ratio")
    base = like(found[FIRST, "fp8_gemm"])
    found[FIRST, "fp8_wgrad"] = fit(data.traced_products("wgrad"), base, "flop_ratio")
    found[FIRST, "fp8_grouped_wgrad"] = fit(data.traced_expert_gradients(), base, "flop_ratio")
    found[FIRST, "bf16_gemm"] = fit(data.traced_router("fwd"), base, "flop_ratio")
    square = AttentionFamily(flop_ratio=0.8, block_s=data.MICRO, bandwidth_ratio=0.85, start_s=5 * data.MICRO)
    found[FIRST, "forward"] = fit(data.traced_cores("fwd"), square, "flop_ratio")
    found[FIRST, "backward"] = fit(data.traced_cores("bwd"), square, "flop_ratio")
    sweep = SweepFamily(bandwidth_ratio=0.7, start_s=4 * data.MICRO)
    found[FIRST, "quantise"] = fit(data.traced_sweeps("quantise [4096"), sweep, "bandwidth_ratio", "start_s")
    large = with_parameters(sweep, {"start_s": 3 * data.MICRO})
    found[FIRST, "activation"] = fit(data.traced_sweeps("swiglu", "save"), large, "bandwidth_ratio")
    found[FIRST, "permute"] = fit(data.traced_sweeps("permute"), large, "bandwidth_ratio")
    found[FIRST, "transpose"] = fit(data.traced_transposes(), large, "bandwidth_ratio")


def main() -> None:
    """Write every family: parameters, residuals, and the error on unseen shapes."""
    for (generation, name), found in fits().items():
        parameters = ", ".join(f"{key} {getattr(found.family, key):.4g}" for key in found.free)
        errors = found.residuals
        unseen = f"{found.unseen().median:.1%}" if len(found.samples) > len(found.free) + 1 else "-"
        print(f"{generation} {name:17s} {len(found.samples):3d} rows  median {errors.median:.1%} p90 {errors.p90:.1%}"
              f"  unseen {unseen}  {parameters}")  # fmt: skip
    for name, ratio in traffic().items():
        print(f"{FIRST} {name:17s} traffic_ratio {ratio:.4g}")


if __name__ == "__main__":
    main()
