"""Every difference to the base term by term: a row a scenario, a column a thing, bars of one scale."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from reports import svg, words
from reports.differences import cut, difference
from reports.document import Key, Picture
from reports.parallel_picture import LETTER, wrapped
from reports.words import Scale

WIDTH, TOP, PITCH, BAR, BELOW = 1160.0, 52.0, 22.0, 7.0, 6.0
LEFT, SUM = 330.0, 84.0
"""Width of the names of scenarios, and of the sum in the last column."""
NAME = 50
"""Letters of a scenario's name."""
MOST_COLUMNS = 9
REST = "all else"
OUTLIER = 4.0
"""A bar longer than this times that of a middling row is cut, so that the others can be seen."""
CUT = " »"
DIGITS = 5
MORE, LESS = "optimizer", "backward-0"
LEGEND = (Key(MORE, "adds"), Key(LESS, "saves"))
CAPTION = (
    "A row is one scenario against the base, with its place in the ranking, a column one thing that was changed; all "
    "bars are on one scale and begin at the middle of their column; one with » is cut. Numbers of a row add up to its "
    "difference."
)


class Row(NamedTuple):
    """One scenario: its name, and what each thing adds."""

    name: str
    adds: Mapping[str, float]

    @property
    def total(self) -> float:
        """The whole difference."""
        return sum(self.adds.values())


def attribution_picture(rows: Sequence[Row], title: str, unit: str, data: str) -> Picture:
    """Draw all terms; things beyond the MOST_COLUMNS that add most are put together."""
    columns = _columns(rows)
    gathered = [Row(row.name, _gathered(row.adds, columns)) for row in rows]
    values = [value for row in gathered for value in (*row.adds.values(), row.total)]
    scale = words.of_column(values, unit, DIGITS)
    longest = _longest([max(map(abs, row.adds.values())) for row in gathered if row.adds])
    wide = (WIDTH - LEFT - SUM) / max(len(columns), 1)
    drawn: list[Markup] = []
    for at, thing in enumerate(columns):
        drawn += _head(thing, LEFT + wide * at, wide, PITCH * len(rows))
    drawn.append(svg.text(WIDTH, TOP - 10, f"all, {scale.unit}", "axis", "end"))
    for place, row in enumerate(gathered):
        y = TOP + PITCH * place
        drawn.append(svg.text(0.0, y + 14, cut(row.name, NAME), "axis"))
        drawn.append(svg.text(WIDTH, y + 14, difference(row.total, scale), "place", "end"))
        for at, thing in enumerate(columns):
            if value := row.adds.get(thing, 0.0):
                drawn += _cell(f"{row.name}, {thing}", value, (LEFT + wide * at, y, wide), (longest, scale))
    told = "; ".join(f"{row.name}: {_sentence(row, scale)}" for row in gathered)
    alt = f"What each thing adds, in {scale.unit}. {told}."
    picture = svg.picture("attribution", (WIDTH, TOP + PITCH * len(rows) + BELOW), alt, drawn)
    return Picture("attribution", title, picture, CAPTION, LEGEND, data)


def _columns(rows: Sequence[Row]) -> list[str]:
    """Things in the order in which they are first met, those that add most where they are too many."""
    every = list(dict.fromkeys(thing for row in rows for thing in row.adds))
    if len(every) <= MOST_COLUMNS:
        return every
    most = {thing: max(abs(row.adds.get(thing, 0.0)) for row in rows) for thing in every}
    kept = sorted(every, key=lambda thing: -most[thing])[: MOST_COLUMNS - 1]
    return [*(thing for thing in every if thing in kept), REST]


def _gathered(adds: Mapping[str, float], columns: Sequence[str]) -> dict[str, float]:
    """What each column's things add."""
    found = {thing: adds[thing] for thing in columns if thing in adds}
    left = sum(value for thing, value in adds.items() if thing not in columns)
    return {**found, REST: left} if left else found


def _head(thing: str, x: float, wide: float, tall: float) -> Iterator[Markup]:
    """The thing's name above its column, and the line at which its bars begin."""
    letters = max(int((wide - 6) / LETTER), 6)
    lines = wrapped(thing, letters)[:3]
    for row, text in enumerate(lines):
        yield svg.text(x + wide / 2, TOP - 10 - 13 * (len(lines) - 1 - row), cut(text, letters), "axis", "middle")
    yield svg.line(x + wide / 2, TOP, TOP + tall)


def _cell(name: str, value: float, place: tuple[float, float, float], shown: tuple[float, Scale]) -> Iterator[Markup]:
    """A bar from the middle of its column, the number above it.

    place   left edge, top edge and width of the cell;  shown   the longest bar's value, and the numbers' scale
    """
    (x, y, wide), (longest, scale) = place, shown
    long = max(min(abs(value) / longest, 1.0) * (wide / 2 - 4), 0.8)
    middle = x + wide / 2
    left = middle if value > 0 else middle - long
    told = difference(value, scale)
    yield svg.rectangles([(left, y + 13, long, BAR)], MORE if value > 0 else LESS, f"{name}: {told} {scale.unit}")
    yield svg.text(middle, y + 11, told + CUT * (abs(value) > longest), "axis halo", "middle")


def _longest(largest: Sequence[float]) -> float:
    """What the longest bar stands for: the largest value, but no more than a few times that of a middling row."""
    known = [value for value in largest if value]
    return min(max(known), OUTLIER * statistics.median(known)) if known else 1.0


def _sentence(row: Row, scale: Scale) -> str:
    """ "network +0.20, number of nodes −1.30, all −1.10"."""
    terms = ", ".join(f"{thing} {difference(value, scale)}" for thing, value in row.adds.items())
    return f"{terms}, all {difference(row.total, scale)}" if terms else "nothing differs"
