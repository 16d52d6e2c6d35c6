"""Bands: how far each headline figure may be off, in percent of what was simulated."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd
from markupsafe import Markup

from reports import svg, words
from reports.document import Key, Picture

WIDTH, PITCH, BAR, TOP, BELOW = 1160.0, 22.0, 12.0, 4.0, 22.0
LEFT, RIGHT = 330.0, 900.0
OUTER, INNER = "pair-0", "pair-1"
LEGEND = (Key(INNER, "inputs alone"), Key(OUTER, "with the simulator's own error"))
CAPTION = (
    "The interval that holds nine cases of ten, in percent of the simulated figure. The dark part is what the inputs' "
    "uncertainty alone would make of it; the rest is how far simulated steps lay from published ones."
)


class _Band(NamedTuple):
    """A figure with its interval, all in parts of its value less one."""

    name: str
    whole: tuple[float, float]
    inputs: tuple[float, float]
    text: str


def bands(frame: pd.DataFrame, data: str) -> Picture:
    """Draw the table INTERVALS of a result; figures that nothing moves are left out."""
    shown = [_band(row) for row in frame.to_dict("records") if row["low"] < row["high"] and row["value"]]
    ends = [end for one in shown for end in (*one.whole, *one.inputs)] or [0.0]
    span = (min(*ends, 0.0), max(*ends, 0.0))
    height = TOP + PITCH * len(shown) + BELOW
    drawn = [svg.line(_at(0.0, span), TOP, height - BELOW + 4)]
    for place, one in enumerate(shown):
        drawn += _line(one, TOP + PITCH * place, span)
    drawn.append(svg.text(_at(0.0, span), height - 4, "as simulated", "axis", "middle"))
    told = "; ".join(f"{one.name} {one.whole[0]:+.1%} to {one.whole[1]:+.1%}" for one in shown)
    picture = svg.picture("bands", (WIDTH, height), f"90 % intervals: {told}.", drawn)
    return Picture("bands", "How far each figure may be off", picture, CAPTION, LEGEND, data)


def _band(row: Mapping[Hashable, Any]) -> _Band:
    """One row of the table."""
    value, low, high, inputs_low, inputs_high = (
        float(row[name]) for name in ("value", "low", "high", "inputs_low", "inputs_high")
    )
    whole, inputs = ((a / value - 1, b / value - 1) for a, b in ((low, high), (inputs_low, inputs_high)))
    return _Band(str(row["figure"]), whole, inputs, words.interval(low, high, str(row["unit"])))


def _at(share: float, span: tuple[float, float]) -> float:
    """Place of a share."""
    return svg.across(share, span, (LEFT, RIGHT))


def _line(one: _Band, y: float, span: tuple[float, float]) -> Iterator[Markup]:
    """Name, both bands, and the interval in the figure's own unit."""
    yield svg.text(0.0, y + 12, one.name, "axis")
    for (low, high), colour in ((one.whole, OUTER), (one.inputs, INNER)):
        left, right = _at(low, span), _at(high, span)
        title = f"{one.name}: {low:+.1%} to {high:+.1%}"
        yield svg.rectangles([(left, y + 3, max(right - left, 1.0), BAR)], colour, title)
    yield svg.text(WIDTH, y + 12, one.text.removesuffix(words.AT), "axis", "end")
