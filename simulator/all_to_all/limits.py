"""Published limits of decode: what a network allows if nothing but its bandwidth counts (arXiv 2505.09343, 2.3.2)."""

from __future__ import annotations

from dataclasses import dataclass

DISPATCH_BYTES, COMBINE_BYTES = 1, 2
"""Of an element on the way to experts (FP8) and back (BF16), scales left out."""


@dataclass(frozen=True, slots=True)
class DecodeLimit:
    """Seconds that tokens travel, with computing hidden entirely.

    exchange_s     one dispatch and combine of one micro-batch
    layer_s        two micro-batches, of which one travels while the other computes
    tpot_s         all layers: the least time for an output token;  tokens_per_s   one over it
    """

    exchange_s: float
    layer_s: float
    tpot_s: float

    @property
    def tokens_per_s(self) -> float:
        """Of one user."""
        return 1 / self.tpot_s


def decode_limit(tokens: int, experts: int, hidden: int, layers: int, link_bytes_per_s: float) -> DecodeLimit:
    """Least time of a decode step.

    tokens    of a GPU in one micro-batch (32 as published)
    experts   that each goes to, the shared one counted (9 as published)
    hidden    elements of a token (7,000 as published, 7,168 in truth)
    """
    moved_bytes = (DISPATCH_BYTES + COMBINE_BYTES) * tokens * experts * hidden
    exchange_s = moved_bytes / link_bytes_per_s
    return DecodeLimit(exchange_s, 2 * exchange_s, 2 * exchange_s * layers)
