"""Candidates by two figures: those that no other betters in both, and the one that was chosen."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from markupsafe import Markup

from reports import svg, words
from reports.chart import Axis, Frame
from reports.document import Key, Picture

WIDTH, HEIGHT = 560.0, 340.0
EDGES = (58.0, 30.0, 536.0, 296.0)
"""Of the frame: left, top, right, bottom."""
ROOM = 0.08
"""Of the span, left free on either side."""
LOGARITHMIC_FROM = 4.0
"""Highest over lowest value from which on equal ways are equal ratios."""
TOGETHER = 9.0
"""Points nearer than this are one mark with the numbers of all."""
LETTER, LINE = 6.4, 13.0
"""Width and height that a letter of a number takes."""
MOST_NUMBERS = 3
"""Numbers at one mark; of more, the first, and how many others there are."""
FRONT, CHOSEN, BEATEN = "forward-0", "optimizer", "other"
LEGEND = (
    Key(CHOSEN, "the choice (a square)"),
    Key(FRONT, "no other is better in both (filled, joined by the line)"),
    Key(BEATEN, "another is at least as good in both (hollow)"),
)
CAPTION = "Numbers are places in the ranking. The axes do not begin at 0."


class Measure(NamedTuple):
    """What an axis measures: its title, unit, and whether less of it is better."""

    title: str
    unit: str
    less: bool = True


class Point(NamedTuple):
    """One candidate.

    number   its place;  x, y   in the measures' units;  front   no other betters it in both;  chosen   the choice
    """

    number: int
    label: str
    x: float
    y: float
    front: bool
    chosen: bool


class Mark(NamedTuple):
    """Points that lie together, and where."""

    points: tuple[Point, ...]
    x: float
    y: float

    @property
    def text(self) -> str:
        """Numbers of the points: "7", "2, 5", "2, 5 and 4 more"."""
        numbers = [str(one.number) for one in self.points]
        if len(numbers) <= MOST_NUMBERS:
            return ", ".join(numbers)
        return f"{', '.join(numbers[: MOST_NUMBERS - 1])} and {len(numbers) - MOST_NUMBERS + 1} more"


Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def front(values: Sequence[tuple[float, float]], x: Measure, y: Measure) -> list[bool]:
    """Which of the values no other betters in both measures; one that is not a number is never among them."""
    turned = [(a if x.less else -a, b if y.less else -b) for a, b in values]
    known = [one for one in turned if all(map(math.isfinite, one))]
    return [
        all(map(math.isfinite, one)) and not any(o != one and o[0] <= one[0] and o[1] <= one[1] for o in known)
        for one in turned
    ]


def pareto(name: str, points: Sequence[Point], measures: tuple[Measure, Measure], data: str) -> Picture:
    """Draw points with their numbers, none over another; those with a figure that is not known are left out.

    measures   of the axis along and of the one upwards
    """
    along, upwards = measures
    shown = [one for one in points if math.isfinite(one.x) and math.isfinite(one.y)]
    frame = Frame(_axis(along, [one.x for one in shown]), _axis(upwards, [one.y for one in shown]), EDGES)
    marks = _marks(shown, frame)
    drawn = [*frame.grid(), _stairs(shown, frame, measures)]
    drawn += [_dot(mark) for mark in marks]
    drawn += [part for mark, box in zip(marks, _labels(marks), strict=True) for part in _numbered(mark, box)]
    title = f"{upwards.title} over {words.lowered(along.title)}"
    alt = f"{title}. {_told(shown, measures)}"
    return Picture(name, title, svg.picture(name, (WIDTH, HEIGHT), alt, drawn), CAPTION, (), data)


def _axis(measure: Measure, values: Sequence[float]) -> Axis:
    """An axis with room on either side of the values; logarithmic where they lie far apart."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if low > 0 and high / low >= LOGARITHMIC_FROM:
        factor = (high / low) ** ROOM
        return Axis(f"{measure.title} (logarithmic)", (low / factor, high * factor), measure.unit, True)
    room = ROOM * (high - low) or 0.05 * abs(high) or 1.0
    return Axis(measure.title, (low - room, high + room), measure.unit)


def _marks(points: Sequence[Point], frame: Frame) -> list[Mark]:
    """Points in the order of their places, each joined to the first mark that it would touch."""
    found: list[Mark] = []
    for point in sorted(points, key=lambda one: (not one.chosen, one.number)):
        x, y = frame.at(point.x, point.y)
        near = next((at for at, mark in enumerate(found) if math.hypot(mark.x - x, mark.y - y) < TOGETHER), None)
        if near is None:
            found.append(Mark((point,), x, y))
        else:
            found[near] = found[near]._replace(points=(*found[near].points, point))
    return found


def _stairs(points: Sequence[Point], frame: Frame, measures: tuple[Measure, Measure]) -> Markup:
    """The edge of what can be had: from one point of the front to the next, along, then up or down."""
    ahead = sorted({(one.x, one.y) for one in points if one.front})
    places = [frame.at(x, y) for x, y in ahead]
    stairs: list[tuple[float, float]] = []
    for here, after in pairwise(places):
        corner = (after[0], here[1]) if measures[0].less else (here[0], after[1])
        stairs += [here, corner]
    return svg.polyline([*stairs, places[-1]], FRONT, "5 3") if len(places) > 1 else Markup("")


def _dot(mark: Mark) -> Markup:
    """A square for the choice, filled for the front, a ring for the rest; names are shown on hovering."""
    title = "; ".join(f"{one.number}: {one.label}" for one in mark.points)
    if mark.points[0].chosen:
        return svg.rectangles([(mark.x - 6, mark.y - 6, 12.0, 12.0)], CHOSEN, title)
    ahead = any(one.front for one in mark.points)
    return svg.dot(mark.x, mark.y, FRONT if ahead else BEATEN, not ahead, title)


def _labels(marks: Sequence[Mark]) -> list[Box]:
    """Where the numbers of each mark stand: the nearest place that is free of marks and of other numbers."""
    taken: list[Box] = [(one.x - 6, one.y - 6, one.x + 6, one.y + 6) for one in marks]
    found = []
    for mark in marks:
        box = next(
            (one for one in _places(mark) if _inside(one) and not any(_overlap(one, other) for other in taken)),
            next(_places(mark)),
        )
        taken.append(box)
        found.append(box)
    return found


def _places(mark: Mark) -> Iterator[Box]:
    """Boxes round a mark, the nearest first, each turn begun at the upper right."""
    width = LETTER * len(mark.text)
    for far in (10.0, 16.0, 24.0, 34.0, 46.0, 60.0, 76.0, 94.0):
        for turn in (-45, 0, 45, -90, 90, 180, -135, 135, -22, 22, 158, -158):
            x, y = mark.x + far * math.cos(math.radians(turn)), mark.y + far * math.sin(math.radians(turn))
            left = x if abs(turn) < 90 else x - width if abs(turn) > 90 else x - width / 2
            yield (left, y - LINE / 2, left + width, y + LINE / 2)


def _inside(box: Box) -> bool:
    """Whether a box lies in the frame."""
    left, top, right, bottom = EDGES
    return left <= box[0] and box[2] <= right + 20 and top - 6 <= box[1] and box[3] <= bottom


def _overlap(one: Box, other: Box) -> bool:
    """Whether two boxes share some paper."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _numbered(mark: Mark, box: Box) -> Iterator[Markup]:
    """The numbers, and a line to the mark where they stand apart."""
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    if math.hypot(middle[0] - mark.x, middle[1] - mark.y) > 30 + LETTER * len(mark.text) / 2:
        end = (min(max(mark.x, box[0]), box[2]), middle[1])
        yield svg.polyline([(mark.x, mark.y), end], "line")
    yield svg.text(middle[0], box[3] - 3, mark.text, "place", "middle")


def _told(points: Sequence[Point], measures: tuple[Measure, Measure]) -> str:
    """The picture in words: the choice, then the front."""
    first, second = ([one for one in points if one.chosen], [one for one in points if one.front and not one.chosen])
    named = [_named("The choice", one, measures) for one in first]
    named += [_named("On the front", one, measures) for one in sorted(second, key=lambda one: one.number)]
    beaten = sum(not one.front and not one.chosen for one in points)
    return f"{'; '.join(named)}; for {beaten} more, another is as good in both." if named else "Nothing is known."


def _named(what: str, point: Point, measures: tuple[Measure, Measure]) -> str:
    """ "On the front: 3, gpu=h100, 18.3 s, 4.9 million USD"."""
    figures = [str(words.quantity(value, of.unit)) for value, of in zip((point.x, point.y), measures, strict=True)]
    return f"{what}: {point.number}, {point.label}, {', '.join(figures)}"
