"""Numbers and names as a person reads them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from topologies import units

PHYSICAL = ("bytes", "bytes/s", "s", "flop", "flop/s", "USD/s", "W", "Hz", "J")
SECONDS_FROM, SECONDS_TO = 0.1, 1000.0
"""Between these a time stays in seconds, so that the parts of a step can be compared at a glance."""
SHARES = ("ratio", "share")
UNIT_WORDS = {"gpu_hours": "GPU-hours", "GPU h": "GPU-hours", "GPUh": "GPU-hours", "count": ""}
MOST_DECIMALS = 12
AT = " at 90 %"
"""What an interval says of itself."""
COUNTED = ("USD", "GPU h", "tokens/day")
"""Units of headline figures that are counted in thousands, millions and so on."""
WRITTEN_OUT, WRITTEN_OUT_TO = ("tokens/s",), 100_000.0
"""Units whose figures of some thousands are written out, as people say them."""
STEPS = ("", "thousand", "million", "billion", "trillion", "quadrillion")
SUFFIX_UNITS = {
    "_bytes_per_s": "bytes/s", "_flop_per_s": "flop/s", "_per_s": "1/s", "_bytes": "bytes", "_flop": "flop",
    "_usd": "USD", "_ratio": "ratio", "_share": "ratio", "_hz": "Hz", "_w": "W", "_j": "J", "_s": "s",
}  # fmt: skip
WHOLE_NAMES = {"seconds": "s", "bytes": "bytes", "usd": "USD", "share": "ratio", "ratio": "ratio", "flop": "flop"}
LADDERS = {
    "s": ("ns", "us", "ms", "s"),
    "bytes": ("B", "kB", "MB", "GB", "TB", "PB"),
    "bytes/s": ("B/s", "kB/s", "MB/s", "GB/s", "TB/s"),
    "flop": ("FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP", "EFLOP"),
    "flop/s": ("FLOP/s", "kFLOP/s", "MFLOP/s", "GFLOP/s", "TFLOP/s", "PFLOP/s"),
    "W": ("W", "kW", "MW"), "Hz": ("Hz", "kHz", "MHz", "GHz"), "J": ("J", "kWh", "MWh"),
}  # fmt: skip


class Quantity(NamedTuple):
    """A number as text and the unit beside it."""

    number: str
    unit: str

    def __str__(self) -> str:
        return f"{self.number} {self.unit}".strip()


class Scale(NamedTuple):
    """What a column of numbers is divided by, how many decimals it keeps, and the unit in its head."""

    divisor: float
    decimals: int
    unit: str

    def text(self, value: float) -> str:
        """One cell; a dash where there is no number."""
        if not math.isfinite(value):
            return "–"
        return f"{value / self.divisor:,.{self.decimals}f}"


def quantity(value: float, unit: str, digits: int = 4) -> Quantity:
    """Any figure for a person: "19.93" "s", "38.9" "%", "2.788" "million GPU-hours"."""
    if unit in SHARES:
        return Quantity(f"{100 * value:.{digits - 1}g}", "%")
    if unit == "s" and SECONDS_FROM <= abs(value) < SECONDS_TO:
        return Quantity(f"{value:#.{digits}g}".rstrip("."), unit)
    if unit in PHYSICAL:
        number, _, symbol = units.pretty(value, unit, digits).partition(" ")
        return Quantity(number, symbol)
    if unit in WRITTEN_OUT and 1000 <= abs(value) < WRITTEN_OUT_TO:
        return Quantity(f"{value:,.0f}", unit)
    number, thousands = _by_thousands(value, digits)
    return Quantity(number, f"{thousands} {UNIT_WORDS.get(unit, unit)}".strip())


def exact(value: float, unit: str) -> str:
    """All digits, in the unit of result.json."""
    return f"{value!r} {UNIT_WORDS.get(unit, unit)}".strip()


def interval(low: float | None, high: float | None, unit: str, digits: int = 3) -> str:
    """ "19.1 to 20.5 s at 90 %", empty while either end is unknown, or where nothing that varies moves the figure."""
    if low is None or high is None or low == high:
        return ""
    first, last = quantity(low, unit, digits), quantity(high, unit, digits)
    start = first.number if first.unit == last.unit else str(first)
    return f"{start} to {last}{AT}"


def unit_of(column: str) -> str:
    """SI unit that a column's name carries ("step_1f_s" -> "s"), empty for names that carry none."""
    if column in WHOLE_NAMES:
        return WHOLE_NAMES[column]
    return next((unit for suffix, unit in SUFFIX_UNITS.items() if f"_{column}".endswith(suffix)), "")


def title_of(column: str) -> str:
    """A column's name without its unit and its underscores, first letter large."""
    suffix = next((end for end in SUFFIX_UNITS if column.endswith(end)), "")
    words = column.removesuffix(suffix).replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def lowered(title: str) -> str:
    """A title inside of a sentence: its first letter small, but not that of an abbreviation."""
    return title if title[1:2].isupper() or not title else f"{title[0].lower()}{title[1:]}"


def scale(values: Sequence[float], unit: str, digits: int = 4) -> Scale:
    """One scale for a whole column, chosen so that its largest number shows `digits` figures."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if unit in SHARES:
        return Scale(0.01, 1, "%")
    divisor, symbol = 1.0, UNIT_WORDS.get(unit, unit)
    for step in LADDERS.get(unit, ()):
        worth = units.parse(f"1 {step}", unit)
        if largest >= worth or step == LADDERS[unit][0]:
            divisor, symbol = worth, step
    before_point = math.floor(math.log10(largest / divisor)) + 1 if largest else 1
    whole = not unit and all(float(value).is_integer() for value in values if math.isfinite(value))
    return Scale(divisor, 0 if whole else min(max(digits - before_point, 0), MOST_DECIMALS), symbol)


def of_column(values: Sequence[float], unit: str, digits: int = 4) -> Scale:
    """One scale for a column of headline figures: counts by thousands, all else as `scale` does."""
    return counted(values, unit, digits) if unit in COUNTED else scale(values, unit, digits)


def counted(values: Sequence[float], unit: str, digits: int = 4) -> Scale:
    """One scale for a column of a count (USD, GPU-hours), in thousands, millions and so on."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    place = min(max(int(math.log10(largest) // 3), 0), len(STEPS) - 1) if largest >= 1 else 0
    before_point = math.floor(math.log10(largest / 1000**place)) + 1 if largest else 1
    decimals = min(max(digits - before_point, 0), MOST_DECIMALS)
    return Scale(1000.0**place, decimals, f"{STEPS[place]} {UNIT_WORDS.get(unit, unit)}".strip())


def _by_thousands(value: float, digits: int) -> tuple[str, str]:
    """A count and the word for its thousands: "2.788", "million"."""
    place = 0
    while abs(value) >= 1000 and place < len(STEPS) - 1:
        value, place = value / 1000, place + 1
    return (f"{value:#.{digits}g}".rstrip(".") if place else f"{value:.{digits}g}"), STEPS[place]
