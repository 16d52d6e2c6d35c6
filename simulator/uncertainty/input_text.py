"""An uncertain input's value and the ends of its interval as a person reads them."""

from __future__ import annotations

from simulator.uncertainty.inputs import Input
from topologies.units import pretty

UNITS = {
    "_bytes_per_s": "bytes/s", "_flop_per_s": "flop/s", "_usd_per_s": "USD/s", "_bytes": "bytes", "_s": "s", "_w": "W",
}  # fmt: skip
"""End of a value's name -> its unit; a ratio has none."""
DIGITS = 4


def ends(one: Input) -> tuple[str, str, str]:
    """Value, low and high: "50 GB/s", "48.5 GB/s", "51.5 GB/s"; a common factor's as "x 1", "x 0.93", "x 1.08"."""
    field = f"_{one.name.rpartition('.')[2]}"
    unit = next((unit for suffix, unit in UNITS.items() if field.endswith(suffix)), None)
    if unit is not None:
        return (pretty(one.nominal, unit, DIGITS), pretty(one.low, unit, DIGITS), pretty(one.high, unit, DIGITS))
    sign = "x " if one.nominal == 1 else ""
    first, low, high = (f"{sign}{value:.{DIGITS}g}" for value in (one.nominal, one.low, one.high))
    return (first, low, high)
