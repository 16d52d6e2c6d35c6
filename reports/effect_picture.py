"""Main effect of one varied field: what a figure is on average at each of its values, and between which ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup

from reports import svg, words
from reports.chart import Axis, Frame
from reports.document import Key, Picture
from reports.parallel_picture import LETTER, shortened

WIDTH, HEIGHT = 560.0, 240.0
EDGES = (64.0, 30.0, 540.0, 200.0)
ROOM = 0.08
ENDS, MEAN = "other", "forward-0"
LEGEND = (Key(MEAN, "mean of the points with this value"), Key(ENDS, "from the least to the most of them"))
MOST_LEVELS = 12
"""Values up to which each is named; of more, every second, third and so on."""


class Level(NamedTuple):
    """One value of a field: how many points have it, and mean, least and most of the figure among them."""

    name: str
    points: int
    mean: float
    least: float
    most: float


class Effect(NamedTuple):
    """A field and its values in order; ordered   they are numbers."""

    field: str
    levels: tuple[Level, ...]
    ordered: bool

    @property
    def width(self) -> float:
        """From the lowest mean to the highest."""
        means = [one.mean for one in self.levels]
        return max(means) - min(means)


def effect_picture(name: str, of: Effect, figure: tuple[str, str], data: str) -> Picture:
    """Draw the means with what lies around them. figure   title and unit"""
    title, unit = figure
    ends = [end for one in of.levels for end in (one.least, one.most)]
    room = ROOM * (max(ends) - min(ends)) or 0.05 * abs(max(ends)) or 1.0
    upright = Axis(title, (min(ends) - room, max(ends) + room), unit)
    frame = Frame(Axis("", (-0.5, len(of.levels) - 0.5)), upright, EDGES)
    drawn: list[Markup] = [*_grid(frame)]
    places = [frame.at(at, one.mean) for at, one in enumerate(of.levels)]
    for (x, _), one in zip(places, of.levels, strict=True):
        low, high = frame.at(0, one.least)[1], frame.at(0, one.most)[1]
        drawn.append(svg.rectangles([(x - 2, high, 4.0, max(low - high, 1.0))], ENDS, opacity=0.45))
    if of.ordered:
        drawn.append(svg.polyline(places, MEAN))
    for (x, y), one in zip(places, of.levels, strict=True):
        told = f"{one.name}: mean {words.quantity(one.mean, unit)} of {one.points} points"
        drawn.append(svg.dot(x, y, MEAN, False, told))
    drawn += _names(of.levels, [x for x, _ in places])
    listed = "; ".join(f"{one.name} {words.quantity(one.mean, unit)}" for one in of.levels)
    alt = f"{title}, mean by {of.field}: {listed}."
    return Picture(name, of.field, svg.picture(name, (WIDTH, HEIGHT), alt, drawn), "", (), data)


def _grid(frame: Frame) -> Iterator[Markup]:
    """The upright axis with its lines; values of the field are named below."""
    left, top, right, _ = frame.edges
    for value, label in zip(frame.y.ticks(), frame.y.labels(), strict=True):
        y = frame.at(0.0, value)[1]
        yield svg.polyline([(left, y), (right, y)], "line")
        yield svg.text(left - 8, y + 4, label, "axis", "end")
    yield svg.text(0.0, top - 10, frame.y.head(), "axis")


def _names(levels: Sequence[Level], places: Sequence[float]) -> Iterator[Markup]:
    """The values below their marks, as many as there is room for."""
    every = -(-len(levels) // MOST_LEVELS)
    apart = (EDGES[2] - EDGES[0]) / len(levels) * every
    for at, (one, x) in enumerate(zip(levels, places, strict=True)):
        if at % every == 0:
            text = shortened(one.name, max(int(apart / LETTER) - 1, 3))
            yield svg.text(x, EDGES[3] + 16, text, "axis", "middle")
