"""Output tiles of a matrix product: which size a kernel takes, how many there are, in how many waves they run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

SHORT_ROWS, ROWS = 64, 128
"""Rows of a tile: one or two warp groups' matrix instructions of 64 rows (DeepGEMM, `get_best_configs`)."""
COLUMN_STEP = 16
TALL_ROWS = ROWS << 3
"""From so many rows on, two neighbouring multiprocessors share one operand of their tiles by TMA multicast
(DeepGEMM, `get_best_configs`), and a tile is as wide as the number of waves allows (grids of the training trace)."""
UNEVEN_STEPS = 31
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Grid:
    """The output as a kernel cuts it: rows and columns of one tile, tiles in all (expected), waves over the SMs."""

    rows: int
    columns: int
    tiles: float
    waves: int


@lru_cache(maxsize=4096)
def grid(rows: float, columns: int, groups: float, sms: int, rule: TileRule) -> Grid:
    """Cut a product: of all tile widths the one with the fewest waves; of those the narrowest, if tall the widest.

    rows   of one group. DeepGEMM chooses so, but breaks ties by how full the last wave is, which mostly means the same.
    """
    height = SHORT_ROWS if rows <= SHORT_ROWS and not rule.full_rows else ROWS
    down = groups * row_tiles(rows, height, rule.uneven_ratio)
    best: Grid | None = None
    for width in range(COLUMN_STEP, rule.widest + 1, COLUMN_STEP):
        tiles = down * ceil(columns / width)
        waves = ceil(tiles / sms - TOLERANCE)
        if best is None or waves < best.waves or (rule.wide_when_tall and rows >= TALL_ROWS and waves == best.waves):
            best = Grid(height, width, tiles, waves)
    if best is None:
        raise ValueError(f"the widest tile has {rule.widest} columns; the narrowest one made has {COLUMN_STEP}")
    return best


@dataclass(frozen=True, slots=True)
class TileRule:
    """How a family cuts its output.

    widest        columns of its widest tile
    wide_when_tall   among equal waves a tall product takes the widest tile instead of the narrowest
    full_rows     a tile never has fewer than 128 rows: groups that lie behind each other start at multiples of it
    uneven_ratio  groups have uniformly between (1 - r) and (1 + r) times their mean rows; 0 if all have the same
    """

    widest: int
    wide_when_tall: bool = False
    full_rows: bool = False
    uneven_ratio: float = 0.0


@lru_cache(maxsize=4096)
def row_tiles(rows: float, height: int, uneven_ratio: float) -> float:
    """Tiles that one group's rows need, on average over groups of uneven size."""
    if uneven_ratio == 0:
        return ceil(rows / height - TOLERANCE)
    steps = (1 + uneven_ratio * (2 * step / (UNEVEN_STEPS - 1) - 1) for step in range(UNEVEN_STEPS))
    return sum(ceil(rows * share / height) for share in steps) / UNEVEN_STEPS
