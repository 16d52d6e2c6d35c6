"""Differences as a person reads them: signed numbers, percent, and the words for no material change."""

from __future__ import annotations

import math

from reports import words
from reports.words import Scale
from simulator.comparing.deltas import NO_CHANGE

MINUS = "\N{MINUS SIGN}"
NONE = "–"
PERCENT = "\N{NO-BREAK SPACE}%"
LEAST_PERCENT = 0.1
LONGEST = 48
"""Letters of a scenario's label in a picture."""


def signed(value: float, unit: str, digits: int = 3) -> str:
    """A difference with its sign and unit; a dash where there is none to speak of."""
    if not math.isfinite(value):
        return NONE
    return f"{_sign(value)}{words.quantity(abs(value), unit, digits)}" if value else "0"


def percent(ratio: float) -> str:
    """A difference as percent of what it is held against; nothing where that is 0."""
    if not math.isfinite(ratio):
        return ""
    share = 100 * abs(ratio)
    return (
        f"{_sign(ratio)}{share:.1f}{PERCENT}"
        if share >= LEAST_PERCENT or not share
        else f"under {LEAST_PERCENT}{PERCENT}"
    )


def difference(value: float, scale: Scale) -> str:
    """A difference in a column whose head has the unit; 0 where nothing of it is to be seen."""
    if not math.isfinite(value):
        return NONE
    text = scale.text(abs(value))
    return f"{_sign(value)}{text}" if any(digit in text for digit in "123456789") else "0"


def told(value: float, ratio: float, before: float, scale: Scale, verdict: str) -> str:
    """A figure and what it is to the base's: "18.44 (−0.61, −3.2 %)"; shares differ by points."""
    shown = scale.text(value)
    if verdict == NO_CHANGE:
        return f"{shown}, {NO_CHANGE}"
    points = " points" if scale.unit == "%" else ""
    parts = (difference(value - before, scale) + points, percent(ratio))
    return f"{shown} ({', '.join(part for part in parts if part)})"


def cut(label: str, longest: int = LONGEST) -> str:
    """A label that is not too long for a picture."""
    return label if len(label) <= longest else f"{label[: longest - 1]}…"


def _sign(value: float) -> str:
    """Plus, minus, or nothing for 0."""
    return "+" if value > 0 else MINUS if value < 0 else ""
