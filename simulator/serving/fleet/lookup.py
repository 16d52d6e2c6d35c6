"""Seconds of a step read from a table at one number of keys."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.refusal import Refused
from simulator.serving.tables import StepTable

Floats = NDArray[np.float64]


def at_keys(table: StepTable, keys: float) -> Floats:
    """Seconds of each row at so many keys, linear between the table's: [row].

    Below the first key, that one's. Raises Refused above the last: a table says nothing of what lies outside of it.
    """
    if keys > table.keys[-1]:
        raise Refused(
            f"steps are tabulated up to {table.keys[-1]:g} earlier tokens, but a token looks at {keys:g}, mean of all; "
            "tabulate more"
        )
    upper = int(np.clip(np.searchsorted(table.keys, keys), 1, max(len(table.keys) - 1, 1)))
    if len(table.keys) == 1:
        return table.seconds[:, 0]
    low, high = table.keys[upper - 1], table.keys[upper]
    share = max((keys - low) / (high - low), 0.0)
    column: Floats = table.seconds[:, upper - 1] * (1 - share) + table.seconds[:, upper] * share
    return column


def step_s(table: StepTable, seconds: Floats, rows: Floats | float) -> Floats:
    """Seconds of steps with so many rows, `seconds` as from `at_keys`; fewer than the first row take as long as it."""
    found: Floats = np.asarray(np.interp(rows, table.rows, seconds))
    return found
