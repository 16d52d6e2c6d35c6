"""Axes of a chart: round numbers, a grid, and where a value lies."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reports import svg, words

MOST_TICKS = 7
ROUND = (1.0, 2.0, 5.0)
"""First figures of the numbers at an axis."""
BELOW = 38.0
"""Height of the numbers and the title under a chart."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A span of values.

    title         what is measured;  unit   SI name, "ratio", or empty for a count
    span          lowest and highest value
    logarithmic   equal ways are equal ratios; the span is above 0 then
    """

    title: str
    span: tuple[float, float]
    unit: str = ""
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """How far along the axis a value lies, 0 to 1; values outside of the span lie at its end."""
        low, high, at = (math.log(one) if self.logarithmic else one for one in (*self.span, max(value, self._least)))
        return min(max((at - low) / ((high - low) or 1.0), 0.0), 1.0)

    @property
    def _least(self) -> float:
        """Smallest value whose place can be worked out."""
        return self.span[0] if self.logarithmic else -math.inf

    def ticks(self) -> tuple[float, ...]:
        """Round numbers inside of the span."""
        low, high = self.span
        if self.logarithmic:
            decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
            every = [first * 10.0**decade for decade in decades for first in ROUND]
        else:
            step = _round_up((high - low) / MOST_TICKS) or 1.0
            every = [step * place for place in range(math.ceil(low / step), math.floor(high / step) + 1)]
        return tuple(one for one in every if low * (1 - 1e-9) <= one <= high * (1 + 1e-9))

    def labels(self) -> tuple[str, ...]:
        """The ticks as text, in one unit."""
        scale = self._scale()
        return tuple(f"{round(one / scale.divisor, 9):,g}" for one in self.ticks())

    def head(self) -> str:
        """Title and unit."""
        return ", ".join(filter(None, (self.title, self._scale().unit)))

    def _scale(self) -> words.Scale:
        """What the numbers of the axis are divided by."""
        return words.of_column([self.span[1]], self.unit)


def _round_up(value: float) -> float:
    """The next number whose first figure is round."""
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(first * power for first in (*ROUND, 10.0) if first * power >= value * (1 - 1e-9))


def from_zero(title: str, values: Sequence[float], unit: str = "") -> Axis:
    """An axis that begins at 0 and has some room behind the largest of the values."""
    known = [one for one in values if math.isfinite(one)]
    return Axis(title, (0.0, 1.06 * max([*known, 0.0]) or 1.0), unit)


@dataclass(frozen=True, slots=True)
class Frame:
    """A chart's two axes, and its edges: left, top, right, bottom."""

    x: Axis
    y: Axis
    edges: tuple[float, float, float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Place of a point."""
        left, top, right, bottom = self.edges
        return left + self.x.share(x) * (right - left), bottom - self.y.share(y) * (bottom - top)

    def grid(self) -> Iterator[Markup]:
        """Lines at round numbers, the numbers, and what the axes mean: above the upright one, below the other."""
        left, top, right, bottom = self.edges
        for value, label in zip(self.x.ticks(), self.x.labels(), strict=True):
            x, _ = self.at(value, 0.0)
            yield svg.line(x, top, bottom)
            yield svg.text(x, bottom + 15, label, "axis", "middle")
        for value, label in zip(self.y.ticks(), self.y.labels(), strict=True):
            _, y = self.at(0.0, value)
            yield svg.polyline([(left, y), (right, y)], "line")
            yield svg.text(left - 8, y + 4, label, "axis", "end")
        yield svg.text((left + right) / 2, bottom + 31, self.x.head(), "axis", "middle")
        yield svg.text(0.0, top - 10, self.y.head(), "axis")

    def curve(self, points: Sequence[tuple[float, float]], colour: str, dashes: str = "") -> Markup:
        """Strokes through points in the units of the axes; points that are not known are passed over."""
        places = [self.at(x, y) for x, y in points if math.isfinite(y)]
        return svg.polyline(places, colour, dashes) if places else Markup("")

    def mark(self, value: float, label: str) -> Iterator[Markup]:
        """A dashed line up from a value of the horizontal axis, with its name on the side where there is room."""
        x, top = self.at(value, 0.0)[0], self.edges[1]
        yield svg.polyline([(x, top), (x, self.edges[3])], "ink", "4 3")
        left_side = self.x.share(value) > 0.5
        yield svg.text(x + (-5 if left_side else 5), top + 11, label, "axis", "end" if left_side else "start")
