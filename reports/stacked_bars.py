"""Bars of parts laid end to end, one a row: the step of a unit, what fills the memory of its GPUs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from reports import svg, words

WIDTH, PITCH, BAR, TOP = 1160.0, 34.0, 20.0, 4.0
LEFT, RIGHT = 150.0, 1068.0
"""Where the bars begin and end; names stand before them, sums behind."""
LEAST_TEXT = 38.0
"""Width from which on a part says its share."""
FAINT = 0.42
"""How much ink the lighter bars have."""


class Row(NamedTuple):
    """One bar, made of parts laid end to end.

    parts   name of a part -> value
    full    value that the whole width stands for
    faint   drawn lighter, and no share is written in it
    """

    name: str
    parts: Mapping[str, float]
    full: float
    faint: bool = False


def stacked(name: str, rows: Sequence[Row], colours: Mapping[str, str], unit: str, alt: str) -> Markup:
    """The drawing. colours   name of a part -> name of palette.py"""
    drawn = [mark for place, row in enumerate(rows) for mark in _row(row, TOP + PITCH * place, colours, unit)]
    return svg.picture(name, (WIDTH, TOP + PITCH * len(rows)), alt, drawn)


def _row(row: Row, y: float, colours: Mapping[str, str], unit: str) -> Iterator[Markup]:
    """Name, parts, sum."""
    x, total = LEFT, sum(row.parts.values())
    yield svg.text(0.0, y + 14, row.name, "axis")
    for part, value in row.parts.items():
        width = value / (row.full or 1.0) * (RIGHT - LEFT)
        title = f"{row.name}, {part}: {words.quantity(value, unit)}"
        if value > 0:
            yield svg.rectangles([(x, y, width, BAR)], colours[part], title, FAINT if row.faint else 1.0)
        if width >= LEAST_TEXT and not row.faint and total and colours[part] not in PALE:
            yield svg.text(x + width / 2, y + 14, f"{value / total:.0%}", "block", "middle")
        x += width
    yield svg.text(x + 6, y + 14, str(words.quantity(total, unit)), "axis")


PALE = ("bubble", "hatch")
"""Colours on which no text is written."""
