"""Tables of steps and draws of speculation for the slow world, by other means than the product's."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from simulator.serving.tables import MixedTable, StepTable

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def lookup(table: StepTable, row: float, key: float, own: bool = False) -> float:
    """Seconds by scipy's interpolation; a table of one row or key is the same everywhere, and below its first row."""
    points, values, row = [], table.own_s if own else table.seconds, max(row, float(table.rows[0]))
    for axis, (along, at) in enumerate(((table.rows, row), (table.keys, key))):
        points.append((along if len(along) > 1 else np.array([at - 1, at + 1]), at))
        if len(along) == 1:
            values = np.repeat(values, 2, axis=axis)
    return float(RegularGridInterpolator([p for p, _ in points], values)([[at for _, at in points]])[0])


def together(table: StepTable, ranks: list[tuple[int, float]]) -> float:
    """Seconds of a step of ranks with so many rows and keys in all: of the mean, and what the slowest adds alone."""
    rows, keys = sum(many for many, _ in ranks), sum(total for _, total in ranks)
    if not rows:
        return 0.0
    mean, key = rows / len(ranks), keys / rows
    longest_s = max(lookup(table, many, total / many, own=True) for many, total in ranks if many)
    return lookup(table, mean, key) + max(0.0, longest_s - lookup(table, mean, key, own=True))


def rest(table: MixedTable, tokens: float, own: bool = False) -> float:
    """Seconds that depend on the number of new tokens only; or those of them that a rank takes by itself."""
    return float(np.interp(tokens, table.tokens, table.own_s if own else table.rest_s))


def mixed(z: int) -> int:
    """SplitMix64's output."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def steps_drawn(acceptance: tuple[float, ...], tokens: int, seed: int, number: int, made: int) -> int:
    """Steps until a sequence has its tokens."""
    z = mixed((seed + GOLDEN) & MASK)
    z = mixed((z + number * GOLDEN) & MASK)
    z = mixed((z + made * GOLDEN) & MASK)
    steps, got = 0, 0
    while got < tokens:
        z = (z + GOLDEN) & MASK
        draw, share = (mixed(z) >> 11) / 2**53, 1.0
        got += 1
        for one in acceptance:
            share *= one
            if draw >= share:
                break
            got += 1
        steps += 1
    return steps
