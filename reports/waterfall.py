"""A waterfall: from one scenario's step to another's, one thing after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup

from reports import svg, words
from reports.differences import cut, signed
from reports.document import Key, Picture

WIDTH, PITCH, BAR, TOP, BELOW = 560.0, 22.0, 12.0, 4.0, 20.0
LEFT, RIGHT = 200.0, 490.0
"""Where the bars begin and end; names stand to the left of them, seconds to the right."""
NAME = 34
"""Letters of a name."""
LEAST_SPAN_SHARE = 0.02
"""The axis spans at least this share of the base's step, so that what is immaterial looks small."""
ROOM = 0.06
"""Of the span, left free on either side."""
LEGEND = (Key("ink", "a whole step"), Key("optimizer", "longer"), Key("backward-0", "shorter"))


class Axis(NamedTuple):
    """Seconds at the left and the right edge."""

    start_s: float
    end_s: float

    def at(self, second: float) -> float:
        """Place of an instant."""
        return LEFT + (second - self.start_s) / (self.end_s - self.start_s) * (RIGHT - LEFT)


def waterfall(name: str, title: str, first_s: float, steps: Sequence[tuple[str, float]]) -> Picture:
    """Draw the way from the base's step to the other's.

    first_s   the base's step;  steps   thing, seconds that it adds, in the order in which they were changed
    """
    ends = [first_s]
    for _, adds_s in steps:
        ends.append(ends[-1] + adds_s)
    axis = _axis(ends)
    drawn = list(_whole("the base", first_s, 0, axis))
    for place, ((thing, adds_s), before_s) in enumerate(zip(steps, ends, strict=False), start=1):
        drawn += _step(thing, (before_s, adds_s), place, axis)
    drawn += _whole("this scenario", ends[-1], len(steps) + 1, axis)
    height = TOP + PITCH * (len(steps) + 2) + BELOW
    drawn += _ends_of_axis(axis, height)
    added = "; ".join(f"{thing} {signed(adds_s, 's')}" for thing, adds_s in steps)
    alt = f"From {words.quantity(first_s, 's')} to {words.quantity(ends[-1], 's')} a step: {added or 'no difference'}."
    picture = svg.picture(name, (WIDTH, height), alt, drawn)
    caption = "The axis does not begin at 0." if axis.start_s > 0 else ""
    return Picture(name, title, picture, caption, (), "")


def _axis(ends: Sequence[float]) -> Axis:
    """An axis with all ends on it and some room beside them."""
    middle_s = (min(ends) + max(ends)) / 2
    half_s = max(max(ends) - min(ends), LEAST_SPAN_SHARE * ends[0]) * (1 / 2 + ROOM)
    return Axis(middle_s - half_s, middle_s + half_s)


def _whole(label: str, second: float, place: int, axis: Axis) -> Iterator[Markup]:
    """A whole step: a mark at its end, not a bar, for the axis does not begin at 0."""
    yield from _line(label, str(words.quantity(second, "s")), second, place, axis)
    yield svg.rectangles([(axis.at(second) - 2, TOP + PITCH * place + 2, 4.0, BAR + 4)], "ink")


def _step(thing: str, moved: tuple[float, float], place: int, axis: Axis) -> Iterator[Markup]:
    """One thing: a bar from where the step was to where it is."""
    before_s, adds_s = moved
    yield from _line(thing, signed(adds_s, "s"), before_s + adds_s, place, axis)
    left, right = sorted((axis.at(before_s), axis.at(before_s + adds_s)))
    bar = [(left, TOP + PITCH * place + 4, max(right - left, 1.0), BAR)]
    yield svg.rectangles(bar, "optimizer" if adds_s > 0 else "backward-0", f"{thing}: {signed(adds_s, 's')}")


def _line(label: str, value: str, second: float, place: int, axis: Axis) -> Iterator[Markup]:
    """Name and seconds of a line, and the thin line down to the next."""
    y = TOP + PITCH * place
    yield svg.text(0.0, y + 14, cut(label, NAME), "axis")
    yield svg.text(WIDTH, y + 14, value, "axis", "end")
    yield svg.line(axis.at(second), y + 4, y + PITCH + 4)


def _ends_of_axis(axis: Axis, height: float) -> Iterator[Markup]:
    """The seconds at both edges."""
    yield svg.text(LEFT, height - 4, str(words.quantity(axis.start_s, "s", 3)), "axis")
    yield svg.text(RIGHT, height - 4, str(words.quantity(axis.end_s, "s", 3)), "axis", "end")
