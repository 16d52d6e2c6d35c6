"""What lies on each pipeline stage: a model's items in order, cut by hand and said in words.

Items are the embedding, the blocks, and the head, in this order; MTP modules belong to the head.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise


def stages_by_hand(layers_per_stage: Sequence[int]) -> tuple[slice, ...]:
    """Return the items of each stage.

    layers_per_stage   [stage]  number of blocks; the embedding joins the first stage, the head the last
    """
    ends = [1 + blocks for blocks in accumulate(layers_per_stage)]
    ends[-1] += 1
    return tuple(slice(first, end) for first, end in pairwise([0, *ends]))


def stage_texts(stages: Sequence[slice], layers: int, mtp_modules: int = 0) -> tuple[str, ...]:
    """Say what each stage holds: "embedding, layers 0 to 3"; "layer 60, MTP, head"."""
    return tuple(_stage_text(range(s.start, s.stop), layers, mtp_modules) for s in stages)


def _stage_text(items: range, layers: int, mtp_modules: int) -> str:
    """Say what one stage holds."""
    parts = ["embedding"] if 0 in items else []
    blocks = range(max(items.start, 1) - 1, min(items.stop, layers + 1) - 1)
    if len(blocks) == 1:
        parts.append(f"layer {blocks[0]}")
    elif blocks:
        parts.append(f"layers {blocks[0]} to {blocks[-1]}")
    if layers + 1 in items:
        parts += ["MTP"] if mtp_modules == 1 else [f"{mtp_modules} MTP modules"] if mtp_modules else []
        parts.append("head")
    return ", ".join(parts)
