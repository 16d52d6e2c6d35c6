"""A waterfall: from one candidate's figure to another's, one thing after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup

from reports import svg, words
from reports.differences import cut, signed
from reports.document import Key, Picture

WIDTH, PITCH, BAR, TOP, BELOW = 560.0, 22.0, 12.0, 4.0, 20.0
LEFT, RIGHT = 200.0, 452.0
"""Where the bars begin and end; names stand to the left of them, seconds to the right."""
NAME = 34
"""Letters of a name."""
LEAST_SPAN_SHARE = 0.02
"""The axis spans at least this share of the base's step, so that what is immaterial looks small."""
ROOM = 0.06
"""Of the span, left free on either side."""
LEGEND = (Key("ink", "where it begins and ends"), Key("optimizer", "adds"), Key("backward-0", "saves"))


class Axis(NamedTuple):
    """The figure at the left and the right edge, and its unit."""

    start: float
    end: float
    unit: str

    def at(self, value: float) -> float:
        """Place of a value."""
        return LEFT + (value - self.start) / ((self.end - self.start) or 1.0) * (RIGHT - LEFT)


class Way(NamedTuple):
    """What is gone along: the figure's unit and what it is of, and what its two ends are called."""

    unit: str = "s"
    what: str = "a step"
    start: str = "the base"
    end: str = "this scenario"


STEP = Way()


def waterfall(
    name: str, title: str, first: float, steps: Sequence[tuple[str, float]], way: Way = STEP, data: str = ""
) -> Picture:
    """Draw the way from one figure to the other.

    first   where it begins;  steps   thing, what it adds, in the order in which they were changed
    """
    ends = [first]
    for _, adds in steps:
        ends.append(ends[-1] + adds)
    axis = _axis(ends, way.unit)
    drawn = list(_whole(way.start, first, 0, axis))
    for place, ((thing, adds), before) in enumerate(zip(steps, ends, strict=False), start=1):
        drawn += _step(thing, (before, adds), place, axis)
    drawn += _whole(way.end, ends[-1], len(steps) + 1, axis)
    height = TOP + PITCH * (len(steps) + 2) + BELOW
    drawn += _ends_of_axis(axis, height)
    added = "; ".join(f"{thing} {signed(adds, way.unit)}" for thing, adds in steps)
    start, end = (words.quantity(value, way.unit) for value in (first, ends[-1]))
    alt = f"From {start} to {end} {way.what}: {added or 'no difference'}."
    picture = svg.picture(name, (WIDTH, height), alt, drawn)
    caption = "The axis does not begin at 0." if axis.start > 0 else ""
    return Picture(name, title, picture, caption, (), data)


def _axis(ends: Sequence[float], unit: str) -> Axis:
    """An axis with all ends on it and some room beside them."""
    middle = (min(ends) + max(ends)) / 2
    half = max(max(ends) - min(ends), LEAST_SPAN_SHARE * abs(ends[0])) * (1 / 2 + ROOM)
    return Axis(middle - half, middle + half, unit)


def _whole(label: str, value: float, place: int, axis: Axis) -> Iterator[Markup]:
    """A whole figure: a mark at its end, not a bar, for the axis does not begin at 0."""
    yield from _line(label, str(words.quantity(value, axis.unit)), value, place, axis)
    yield svg.rectangles([(axis.at(value) - 2, TOP + PITCH * place + 2, 4.0, BAR + 4)], "ink")


def _step(thing: str, moved: tuple[float, float], place: int, axis: Axis) -> Iterator[Markup]:
    """One thing: a bar from where the figure was to where it is."""
    before, adds = moved
    told = signed(adds, axis.unit)
    yield from _line(thing, told, before + adds, place, axis)
    left, right = sorted((axis.at(before), axis.at(before + adds)))
    bar = [(left, TOP + PITCH * place + 4, max(right - left, 1.0), BAR)]
    yield svg.rectangles(bar, "optimizer" if adds > 0 else "backward-0", f"{thing}: {told}")


def _line(label: str, text: str, value: float, place: int, axis: Axis) -> Iterator[Markup]:
    """Name and figure of a line, and the thin line down to the next."""
    y = TOP + PITCH * place
    yield svg.text(0.0, y + 14, cut(label, NAME), "axis")
    yield svg.text(WIDTH, y + 14, text, "axis", "end")
    yield svg.line(axis.at(value), y + 4, y + PITCH + 4)


def _ends_of_axis(axis: Axis, height: float) -> Iterator[Markup]:
    """The figure at both edges."""
    yield svg.text(LEFT, height - 4, str(words.quantity(axis.start, axis.unit, 3)), "axis")
    yield svg.text(RIGHT, height - 4, str(words.quantity(axis.end, axis.unit, 3)), "axis", "end")
