"""One generation of a GPU's kernels: a few parameters for each family, with what they were fitted on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from topologies.all_to_all import AllToAllKernels
from topologies.catalogue import FromCatalogue
from topologies.entry import Entry
from topologies.fields import Named
from topologies.spec import Spec
from topologies.units import BytesPerS, Count, Positive, SecondsOrZero, Share

MATMUL = (
    "fp8_gemm",
    "fp8_grouped_gemm",
    "fp8_masked_gemm",
    "fp8_wgrad",
    "fp8_grouped_wgrad",
    "bf16_gemm",
    "bf16_wgrad",
)
ATTENTION = ("forward", "backward")
SWEEPS = (
    "quantise",
    "grad_quantise",
    "transpose",
    "permute",
    "permute_backward",
    "activation",
    "activation_backward",
    "norm",
    "rotate",
    "join",
    "split",
    "add",
    "gate",
    "gate_backward",
)
FAMILIES: Mapping[str, tuple[str, ...]] = MappingProxyType({"matmul": MATMUL, "attention": ATTENTION, "sweeps": SWEEPS})
"""Names of the families of each sort."""

Above = Annotated[Share, Field(gt=0)]


class Fit(Spec):
    """What a family's parameters were fitted on, and how well they meet it."""

    rows: Count
    """Measurements."""
    shapes: Annotated[str, Field(min_length=1)]
    """Range of shapes; outside of it the formula extrapolates."""
    median_error_ratio: Share
    """Median of |predicted / measured - 1|."""
    p90_error_ratio: Annotated[float, Field(ge=0)]
    """Nine of ten measurements lie within it."""


class MatmulFamily(Spec):
    """Matrix products by tiles and waves; the formula is in simulator/kernels/matmul.py."""

    flop_ratio: Above
    """Rate of a tile's main loop over the peak of its multiprocessor at the sustained clock."""
    operand_bytes_per_s: BytesPerS
    """What each multiprocessor gets from the L2 cache while all of them load."""
    exposed_output_ratio: Share
    """Share of the output's traffic that no other tile's main loop hides."""
    bandwidth_ratio: Above
    """Achieved bytes/s over the nominal memory bandwidth."""
    start_s: SecondsOrZero
    """Seconds of a kernel before its first and after its last multiply-add."""
    widest_tile: Count
    """Columns of the widest output tile."""
    wide_when_tall: bool = False
    """Of the widths with the fewest waves a tall product takes the widest instead of the narrowest."""
    padded_groups: bool = False
    """Groups lie one behind the other and each starts at a whole tile of rows, so that no tile is a half one."""
    fit: Fit | None = None


class AttentionFamily(Spec):
    """Attention over many queries; the formula is in simulator/kernels/attention.py."""

    flop_ratio: Above
    """Rate of a tile over the peak of its multiprocessor at the sustained clock."""
    block_s: SecondsOrZero
    """Seconds of a block of 128 queries beside its tiles."""
    bandwidth_ratio: Above
    """Achieved bytes/s over the nominal memory bandwidth."""
    start_s: SecondsOrZero
    """Seconds of a kernel before its first and after its last tile."""
    fit: Fit | None = None


class DecodeFamily(Spec):
    """Attention of a few new tokens over a cache, keys split among multiprocessors."""

    flop_ratio: Above
    """Rate of a tile over the peak of its multiprocessor at the sustained clock."""
    bandwidth_ratio: Above
    """Achieved bytes/s over the nominal memory bandwidth."""
    start_s: SecondsOrZero
    """Seconds of both kernels (attend, combine) before their first and after their last tile."""
    fit: Fit | None = None


class SweepFamily(Spec):
    """Memory-bound kernels of one kind; the formula is in simulator/kernels/sweeps.py."""

    bandwidth_ratio: Above
    """Achieved bytes/s over the nominal memory bandwidth."""
    start_s: SecondsOrZero
    """Seconds of a kernel beside its bytes: the memory pipeline fills and drains."""
    kernels: Count = 1
    """Kernels that run for one logical operation."""
    traffic_ratio: Positive = 1.0
    """Bytes that they move over the bytes of the operation if each operand moved once."""
    start_rows: Count = 1
    few_rows_start_s: SecondsOrZero = 0.0
    """From so many rows on a kernel has its whole start_s, which holds what its many rows cost; with none it has
    few_rows_start_s, between them a part. Left out: start_s whatever the rows."""
    fit: Fit | None = None


class KernelSet(Entry):
    """One generation of kernels; ratios are against the peaks at the sustained clock, not the nominal ones.

    Generations of one line are entries LINE-YYYY-MM-DD of the catalogue: LINE@DATE is what there was on a day.
    """

    group: ClassVar[str] = "kernels"
    launch_s: SecondsOrZero
    """Seconds between the end of one kernel and the start of the next on a stream."""
    graph_launch_s: SecondsOrZero
    """The same for kernels that were recorded in a CUDA graph."""
    sm_load_bytes_per_s: BytesPerS
    """Most that one multiprocessor takes from the L2 cache."""
    matmul: Named[MatmulFamily]
    attention: Named[AttentionFamily]
    decode: DecodeFamily
    sweeps: Named[SweepFamily]
    all_to_all: Annotated[AllToAllKernels, FromCatalogue("all-to-all")]
    """The library that takes tokens to their experts and back."""

    @model_validator(mode="after")
    def _all_families(self) -> Self:
        """Every family is given, and nothing else."""
        problems = []
        for field, names in FAMILIES.items():
            given = getattr(self, field)
            missing = [name for name in names if name not in given]
            unknown = [name for name in given if name not in names]
            lacks = f"lacks {', '.join(missing)}" if missing else ""
            odd = f"does not know {', '.join(unknown)}" if unknown else ""
            if missing or unknown:
                problems.append(f"`{field}` {' and '.join(filter(None, (lacks, odd)))}; there are {', '.join(names)}")
        if problems:
            raise ValueError("\n".join(problems))
        return self
