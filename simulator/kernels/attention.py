"""Seconds of attention: causal tiles spread over multiprocessors, and decode with the keys split among them."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from simulator.kernels.machine import Busy, Machine, slower
from topologies.kernel_sets import AttentionFamily, DecodeFamily

TILE = 128
"""Queries and keys of a tile (FlashAttention-2 and -3 at head width 192/128: grid 32 x 128 for 4,096 tokens)."""
DECODE_ROWS, DECODE_KEYS = 64, 64
"""Query rows and keys of a tile of FlashMLA."""
SCHEDULED_KEYS = 5 * DECODE_KEYS
"""What a request costs beside its keys, in keys (FlashMLA's tile scheduler, `fixed_overhead_num_blocks`)."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What one attention kernel scores.

    sequences           of the batch;  heads   query heads
    queries, keys       of one sequence
    flop_per_pair       of one query and one key in one head
    causal              a query sees the keys up to its own place; the last query sees all
    moved_bytes         queries, keys, values, outputs, gradients, once each
    """

    sequences: float
    heads: int
    queries: float
    keys: float
    flop_per_pair: float
    causal: bool
    moved_bytes: float


def square_s(scores: Scores, machine: Machine, family: AttentionFamily) -> Busy:
    """Time forward or backward by tiles of 128 queries x 128 keys (arXiv 2205.14135, 2307.08691).

    seconds = start + max(sum of all blocks / SMs, the longest block, bytes / HBM)
    A block is one head's 128 queries (forward) or keys (backward): fixed seconds, and one tile after the other. Tiles
    on the diagonal are computed whole. Blocks are handed out longest first, so the last ones even out.
    """
    rows = ceil(scores.queries / TILE)
    tiles, longest = key_tiles(rows, ceil(scores.keys / TILE), scores.causal)
    blocks = scores.sequences * scores.heads * rows
    tile_s = TILE * TILE * scores.flop_per_pair / (machine.sm_flop_per_s * family.flop_ratio)
    all_s = scores.sequences * scores.heads * tiles * tile_s + blocks * family.block_s
    computed_s = max(all_s / machine.used, longest * tile_s + family.block_s)
    work = slower(computed_s, scores.moved_bytes / (machine.hbm_bytes_per_s * family.bandwidth_ratio))
    return Busy(family.start_s + work.seconds, work.bound)


def key_tiles(rows: int, across: int, causal: bool) -> tuple[float, int]:
    """Tiles of one head, and of its longest row of tiles.

    rows, across   tiles down and across; causal: the last row sees all, each one before it one tile less
    """
    if not causal:
        return float(rows * across), across
    return rows * across - min(rows, across) * (min(rows, across) - 1) / 2, across


def decode_s(scores: Scores, machine: Machine, family: DecodeFamily) -> Busy:
    """Time decode: each request's keys are cut into pieces, the pieces dealt out evenly, partial sums combined.

    seconds = start + max(pieces of the fullest SM x seconds of a piece, bytes / HBM)
    A tile has 64 rows (queries x heads) and 64 keys; so many SMs as there are tiles of rows read the same keys. Every
    request costs a few tiles more (FlashMLA, `get_mla_metadata`).
    """
    row_tiles = ceil(scores.queries * scores.heads / DECODE_ROWS)
    parts = max(1, machine.used // row_tiles)
    keys = ceil(scores.keys / DECODE_KEYS) * DECODE_KEYS + SCHEDULED_KEYS
    pieces = ceil(scores.sequences * keys / DECODE_KEYS / parts) * max(1.0, row_tiles / machine.used)
    piece_flop = DECODE_ROWS * DECODE_KEYS * scores.flop_per_pair
    computed_s = pieces * piece_flop / (machine.sm_flop_per_s * family.flop_ratio)
    work = slower(computed_s, scores.moved_bytes / (machine.hbm_bytes_per_s * family.bandwidth_ratio))
    return Busy(family.start_s + work.seconds, work.bound)
