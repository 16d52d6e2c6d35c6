"""What was tried to find a number: the figure at each, with its interval, and which keep the limits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup

from reports import svg, words
from reports.chart import Axis, Frame
from reports.document import Key, Picture

WIDTH, HEIGHT = 1160.0, 300.0
EDGES = (64.0, 30.0, 1130.0, 258.0)
ROOM = 0.06
KEEPS, FAILS = "forward-0", "optimizer"
LEGEND = (Key(KEEPS, "keeps the limits (filled)"), Key(FAILS, "does not (hollow)"))
CAPTION = (
    "Each mark is one try; the line through it is the figure's interval at 90 %, where it is known. Marks at the foot: "
    "nothing was found there that keeps the limits."
)


class Try(NamedTuple):
    """One try: the number, the figure there, its interval (not numbers where unknown), whether the limits are kept."""

    value: float
    figure: float
    low: float
    high: float
    keeps: bool


def tries(found: Sequence[Try], along: tuple[str, str], upwards: tuple[str, str], data: str) -> Picture:
    """Draw every try. along, upwards   title and unit of the axes"""
    ends = [one for a in found for one in (a.figure, a.low, a.high) if math.isfinite(one)]
    frame = Frame(_axis(along, [one.value for one in found]), _axis(upwards, ends), EDGES)
    drawn: list[Markup] = [*frame.grid()]
    for one in sorted(found):
        drawn += _mark(one, frame, along[1], upwards[1])
    told = "; ".join(
        f"{words.quantity(one.value, along[1])}: {_figure(one, upwards[1])}{'' if one.keeps else ', not kept'}"
        for one in sorted(found)
    )
    title = f"{upwards[0]} over {words.lowered(along[0])}"
    picture = svg.picture("tries", (WIDTH, HEIGHT), f"{title}. {told}.", drawn)
    return Picture("tries", title, picture, CAPTION, LEGEND, data)


def _axis(of: tuple[str, str], values: Sequence[float]) -> Axis:
    """An axis with room on either side."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = ROOM * (high - low) or 0.05 * abs(high) or 1.0
    return Axis(of[0], (low - room, high + room), of[1])


def _figure(one: Try, unit: str) -> str:
    """The figure with its unit, or that there is none."""
    return str(words.quantity(one.figure, unit)) if math.isfinite(one.figure) else "nothing keeps the limits"


def _mark(one: Try, frame: Frame, along: str, upwards: str) -> Iterator[Markup]:
    """The interval, then the mark; at the foot where there is no figure."""
    x, y = frame.at(one.value, one.figure if math.isfinite(one.figure) else frame.y.span[0])
    colour = KEEPS if one.keeps else FAILS
    if math.isfinite(one.low) and math.isfinite(one.high):
        yield svg.polyline([(x, frame.at(one.value, one.low)[1]), (x, frame.at(one.value, one.high)[1])], colour)
    title = f"{words.quantity(one.value, along)}: {_figure(one, upwards)}"
    yield svg.dot(x, y, colour, not one.keeps, title)
