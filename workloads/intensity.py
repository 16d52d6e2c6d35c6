"""Arithmetic intensity of a model's operations: what a GPU's arithmetic binds and what its memory binds."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Literal

from topologies.hardware import Gpu
from workloads.model import ModelSpec
from workloads.reference.dims import WHOLE, Latent, Share, Tokens
from workloads.reference.reading import BlockName, forward_block, training_block
from workloads.reference.record import Op

Work = Literal["training", "prefill", "decode"]
Bound = Literal["compute", "memory"]


@dataclass(frozen=True, slots=True)
class Intensity:
    """One kind of operation, summed over the model.

    moved_bytes  read and written if every operand moves once
    """

    name: str
    part: str
    phase: str
    precision: str
    flop: float
    moved_bytes: float

    @property
    def flop_per_byte(self) -> float:
        """Arithmetic intensity (Williams et al. 2009)."""
        return self.flop / self.moved_bytes

    def bound(self, gpu: Gpu) -> Bound:
        """What limits it at the GPU's nominal rates; a GPU without FP8 does FP8 work in BF16."""
        return "compute" if self.flop_per_byte >= ridge_flop_per_byte(gpu, self.precision) else "memory"


def ridge_flop_per_byte(gpu: Gpu, precision: str) -> float:
    """Intensity at which a GPU's arithmetic and memory take equally long."""
    rate_flop_per_s = gpu.fp8_flop_per_s if precision == "fp8" and gpu.fp8_flop_per_s else gpu.bf16_flop_per_s
    return rate_flop_per_s / gpu.hbm_bytes_per_s


def intensities(model: ModelSpec, work: Work, tokens: Tokens, share: Share = WHOLE) -> tuple[Intensity, ...]:
    """Intensity of every kind of operation of the whole model, equal layers and names summed.

    training  forward and backward of sequences;  prefill  their forward
    decode    one pass over `tokens.length` new tokens a sequence behind `tokens.past` cached ones
    Prediction modules count in training only.
    """
    sums: dict[tuple[str, str, str, str, bool], float] = defaultdict(float)
    for block, copies in Counter(model.block_kinds()).items():
        if block == "mtp" and work != "training":
            continue
        for op in _record(model, block, work, tokens, share):
            key = (op.name, op.part, op.phase, op.precision)
            sums[(*key, True)] += copies * op.flop
            sums[(*key, False)] += copies * (op.read_bytes + op.write_bytes)
    keys = dict.fromkeys(key[:4] for key in sums)
    return tuple(Intensity(*key, sums[(*key, True)], sums[(*key, False)]) for key in keys)


def _record(model: ModelSpec, block: BlockName, work: Work, tokens: Tokens, share: Share) -> tuple[Op, ...]:
    """One block's operations; decode reads latents themselves where the model has them."""
    dims = model.dims()
    if work == "training":
        return training_block(dims, block, tokens, share).record
    folded = work == "decode" and isinstance(dims.attention, Latent)
    return forward_block(dims, block, tokens, share, folded).record
