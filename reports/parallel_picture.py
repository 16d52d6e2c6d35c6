"""Candidates as lines across upright scales: what was varied on the left, what came of it on the right."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from reports import svg, words
from reports.differences import cut
from reports.document import Key, Picture
from reports.pareto_picture import LOGARITHMIC_FROM
from topologies.scalars import read

WIDTH, TOP, HEIGHT, BELOW = 1160.0, 54.0, 330.0, 26.0
LEFT, RIGHT = 12.0, 1000.0
"""Where the first and the last scale stand; names of levels and numbers of places are to the right of them."""
MOST_AXES = 12
LETTER = 6.1
"""Width of a letter of 11 pixels."""
LOGARITHMIC = " (log)"
"""What the title of a logarithmic scale says of it."""
MOST_LEVELS = 9
"""Different values up to which each has a place of its own; more numbers are a scale."""
SPREAD = 18.0
"""Height over which lines through one level are spread, so that they can be told apart."""
APART = 12.0
"""Least distance of two numbers at the right edge."""
WRITTEN_OUT = 1_000_000
"""Numbers without a unit below this are written out."""
BEHIND = 42.0
"""From the last scale to its ends' values, which stand behind the numbers of the places."""
TITLE_LINES = 3
PIECE = re.compile(r"([\s_]*)([^\s_.]+\.?|\.)")
"""A part of a title that stays together, and the blanks before it."""

Role = Literal["chosen", "second", "base", "other"]
STYLES: dict[Role, tuple[str, float, str]] = {
    "other": ("other", 1.0, "none"),
    "base": ("ink", 2.0, "2 3"),
    "second": ("forward-0", 2.0, "7 4"),
    "chosen": ("optimizer", 3.0, "none"),
}
"""Colour, width and dashes of a line, those drawn last on top."""
LEGENDS: dict[Role, Key] = {
    "chosen": Key("optimizer", "the choice (thick)"),
    "second": Key("forward-0", "the runner-up (dashed)"),
    "base": Key("ink", "the base (dotted)"),
    "other": Key("other", "others (thin)"),
}
CAPTION = (
    "Each line is one candidate, each scale one variable or figure with its own ends; the numbers at the right are "
    "places in the ranking. Lines through one value are spread a little."
)

Value = float | str | None


@dataclass(frozen=True, slots=True)
class Scale:
    """One upright scale: its title, the value of each line, its unit; a line without a value is broken there.

    figure   a figure, whose ends are told; else a variable, whose values are, where they are few
    """

    title: str
    values: tuple[Value, ...]
    unit: str = ""
    figure: bool = False

    @property
    def levels(self) -> tuple[Value, ...]:
        """The different values from the bottom up, where each has its own place; empty for a scale of numbers."""
        known = list(dict.fromkeys(value for value in self.values if _known(value)))
        numbers = [read(one) if isinstance(one, str) else one for one in known]
        numeric = all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers)
        if len(known) > MOST_LEVELS and not any(isinstance(one, str) for one in known):
            return ()
        if self.figure:
            return ()
        return tuple(
            one for _, one in sorted(zip(numbers, known, strict=True), key=lambda pair: _order(pair[0], numeric))
        )

    @property
    def span(self) -> tuple[float, float]:
        """The least and the most of its numbers."""
        numbers = [float(one) for one in self.values if isinstance(one, int | float) and _known(one)]
        return min(numbers, default=0.0), max(numbers, default=0.0)

    @property
    def logarithmic(self) -> bool:
        """Whether equal ways are equal ratios, because the numbers lie far apart."""
        low, high = self.span
        return low > 0 and high / low >= LOGARITHMIC_FROM

    def text(self, value: Value) -> str:
        """A value beside the scale."""
        if isinstance(value, str) or value is None:
            return value or "none"
        plain = not self.unit and abs(value) < WRITTEN_OUT
        return f"{value:,.10g}" if plain else str(words.quantity(value, self.unit, 3))


@dataclass(frozen=True, slots=True)
class Line:
    """One candidate: its place, its name and what it is among the others."""

    number: int
    label: str
    role: Role = "other"


def _known(value: Value) -> bool:
    """Whether there is a value."""
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def _order(value: object, numeric: bool) -> tuple[float, str]:
    """Numbers by size, all else by the alphabet."""
    return (float(value), "") if numeric and isinstance(value, int | float) else (0.0, str(value))


def parallel(
    name: str, title: str, lines: Sequence[Line], scales: tuple[Sequence[Scale], Sequence[Scale]], data: str
) -> Picture:
    """Draw every line across at most MOST_AXES scales; variables that are left out are named below.

    scales   variables, figures; the values of each in the order of the lines
    """
    variables, figures = scales
    most = max(MOST_AXES - len(figures), 0)
    shown, left_out = [*variables[:most], *figures], variables[most:]
    pitch = (RIGHT - LEFT) / max(len(shown) - 1, 1)
    places = [list(_heights(scale, lines)) for scale in shown]
    order = sorted(range(len(lines)), key=lambda at: (list(STYLES).index(lines[at].role), -lines[at].number))
    drawn: list[Markup] = []
    for at, scale in enumerate(shown):
        drawn += _axis(scale, LEFT + pitch * at, pitch)
    for one in order:
        drawn += _line(lines[one], [places[at][one] for at in range(len(shown))], pitch)
    for at, scale in enumerate(shown):
        drawn += _values(scale, LEFT + pitch * at, pitch, at == len(shown) - 1)
    drawn += _numbers(lines, places[-1] if places else [], LEFT + pitch * (len(shown) - 1))
    alt = f"{len(lines)} candidates across {', '.join(one.title for one in shown)}. {_told(lines, shown)}"
    picture = svg.picture(name, (WIDTH, TOP + HEIGHT + BELOW), alt, drawn)
    more = f" Not drawn: {', '.join(one.title for one in left_out)}." if left_out else ""
    legend = tuple(LEGENDS[role] for role in LEGENDS if any(one.role == role for one in lines))
    return Picture(name, title, picture, CAPTION + more, legend, data)


def _share(scale: Scale, value: Value) -> float | None:
    """How far up a value lies, 0 to 1; None where there is none."""
    if not _known(value):
        return None
    levels = scale.levels
    if levels:
        return (levels.index(value) + 0.5) / len(levels)
    low, high = scale.span
    at = float(value) if isinstance(value, int | float) else low
    if scale.logarithmic:
        return math.log(at / low) / math.log(high / low)
    return 0.5 if high <= low else (at - low) / (high - low)


def _heights(scale: Scale, lines: Sequence[Line]) -> Iterator[float | None]:
    """Where each line crosses the scale: at its value, those of one level side by side in the order of places."""
    levels = bool(scale.levels)
    for at, value in enumerate(scale.values):
        share = _share(scale, value)
        if share is None:
            yield None
            continue
        beside = 0.0
        if levels:
            same = sorted(lines[one].number for one, other in enumerate(scale.values) if other == value)
            room = min(SPREAD, HEIGHT / len(scale.levels) / 2)
            beside = ((same.index(lines[at].number) + 0.5) / len(same) - 0.5) * room
        yield TOP + HEIGHT * (1 - share) + beside


def _axis(scale: Scale, x: float, pitch: float) -> Iterator[Markup]:
    """The upright line, and its title above."""
    yield svg.line(x, TOP, TOP + HEIGHT)
    wide = max(int((pitch - 6) / LETTER), 6)
    told = wrapped(scale.title + LOGARITHMIC * (not scale.levels and scale.logarithmic), wide)[:TITLE_LINES]
    for row, text in enumerate(told):
        yield svg.text(x, TOP - 10 - 13 * (len(told) - 1 - row), cut(text, wide), "axis")


def wrapped(title: str, wide: int) -> list[str]:
    """A title in lines of at most so many letters, broken at blanks and underscores and after points."""
    lines = [""]
    for blank, word in PIECE.findall(title):
        joined = f"{lines[-1]}{' ' * bool(blank and lines[-1])}{word}"
        if len(joined) <= wide or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines


def shortened(text: str, longest: int) -> str:
    """A text without its middle where it is too long: names of a kind differ at their ends."""
    if len(text) <= longest:
        return text
    end = (longest - 1) // 2
    return f"{text[: longest - 1 - end]}…{text[len(text) - end :]}"


def _values(scale: Scale, x: float, pitch: float, last: bool) -> Iterator[Markup]:
    """Names of levels beside the scale, or its ends above and below the lines."""
    wide = max(int((pitch - 12) / LETTER), 4)
    if levels := scale.levels:
        for level in levels:
            share = _share(scale, level) or 0.0
            lift = min(SPREAD, HEIGHT / len(levels) / 2) / 2 + 3
            yield svg.text(x + 4, TOP + HEIGHT * (1 - share) - lift, shortened(scale.text(level), wide), "axis halo")
        return
    low, high = scale.span
    if not any(map(_known, scale.values)):
        return
    side = BEHIND if last else 4
    yield svg.text(x + side, TOP + 4 if last else TOP + 10, scale.text(high), "axis halo")
    yield svg.text(x + side, TOP + HEIGHT + (4 if last else 16), scale.text(low), "axis halo")


def _line(line: Line, heights: Sequence[float | None], pitch: float) -> Iterator[Markup]:
    """One candidate from scale to scale, broken where a value is not known."""
    colour, width, dashes = STYLES[line.role]
    strokes: list[list[tuple[float, float]]] = [[]]
    for at, y in enumerate(heights):
        if y is None:
            strokes.append([])
        else:
            strokes[-1].append((LEFT + pitch * at, y))
    for points in strokes:
        if len(points) > 1:
            yield svg.stroke(points, colour, width, dashes, f"{line.number}: {line.label}")


def _numbers(lines: Sequence[Line], heights: Sequence[float | None], x: float) -> Iterator[Markup]:
    """The places at the right edge, pushed apart, each with a line to its end."""
    ends = sorted((y, line.number) for line, y in zip(lines, heights, strict=False) if y is not None)
    for (y, number), at in zip(ends, spaced([y for y, _ in ends], APART, (TOP, TOP + HEIGHT)), strict=True):
        yield svg.polyline([(x + 2, y), (x + 12, at)], "line")
        yield svg.text(x + 15, at + 4, str(number), "place")


def spaced(places: Sequence[float], apart: float, span: tuple[float, float]) -> list[float]:
    """Rising places moved as little as needed to be so far apart, inside of the span where that can be."""
    found: list[float] = []
    for place in places:
        found.append(max(place, found[-1] + apart) if found else place)
    ceiling = max(span[1], span[0] + apart * (len(found) - 1))
    for at in reversed(range(len(found))):
        found[at] = min(found[at], ceiling)
        ceiling = found[at] - apart
    return found


def _told(lines: Sequence[Line], scales: Sequence[Scale]) -> str:
    """The choice, the runner-up and the base in words."""
    said = []
    for at, line in enumerate(lines):
        if line.role != "other":
            values = ", ".join(f"{one.title} {one.text(one.values[at])}" for one in scales)
            said.append(f"{line.number}, {line.label}: {values}")
    return "; ".join(said)
