"""A report page as values: what stands on it and in which order, no word of how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Tile:
    """One headline figure, large.

    label       what it is ("Step time")
    value       the number as a person reads it ("19.93"), unit beside it ("s")
    note        one short line under it, with the interval where one is known
    exact       all digits, shown on hovering
    anchor      id of the row that defines it
    """

    label: str
    value: str
    unit: str
    note: str
    exact: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of a legend: colour (a name of palette.py) and what it stands for."""

    colour: str
    label: str


@dataclass(frozen=True, slots=True)
class Picture:
    """An inline SVG that says in words what it shows.

    svg      markup that render puts in as it is; whoever draws has escaped every text in it
    caption  what to see, one or two sentences
    data     file that holds the numbers ("tables/ranks.csv")
    """

    kind: ClassVar[str] = "picture"
    name: str
    title: str
    svg: Markup
    caption: str
    legend: tuple[Key, ...]
    data: str


@dataclass(frozen=True, slots=True)
class Column:
    """Head of a table's column; `unit` holds for every cell, `definition` is shown with the head."""

    title: str
    unit: str = ""
    numeric: bool = False
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """Text of one cell; `share` (0..1) also draws a bar, `anchor` makes its row a target of links.

    code   it is to be typed or looked up letter by letter
    again  the same as in the row before: read out, but not shown
    """

    text: str
    share: float | None = None
    anchor: str = ""
    code: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, first cell the row's name; `total` marks the last row as the sum of the others."""

    kind: ClassVar[str] = "table"
    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    data: str = ""
    note: str = ""
    total: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """Words and their meanings."""

    kind: ClassVar[str] = "terms"
    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Text kept as it is (a scenario file), folded away behind `title`."""

    kind: ClassVar[str] = "listing"
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """What stands in the place of a picture that cannot be drawn, and why."""

    kind: ClassVar[str] = "refusal"
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """Small pictures side by side where there is room, under one legend."""

    kind: ClassVar[str] = "grid"
    legend: tuple[Key, ...]
    cells: tuple[Picture | Refusal, ...]


Part = Picture | Table | Terms | Listing | Grid


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, sentences, then pictures and tables; `short` is its name in the list of sections."""

    name: str
    short: str
    title: str
    lead: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def pictures(self) -> int:
        """How many pictures it has."""
        return sum(len(part.cells) if isinstance(part, Grid) else isinstance(part, Picture) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report: answers first, then sections.

    binds     one sentence: what limits
    answer    further sentences
    foot      what wrote the page, and which files stand beside it
    """

    title: str
    kicker: str
    binds: str
    answer: tuple[str, ...]
    warnings: tuple[str, ...]
    tiles: tuple[Tile, ...]
    sections: tuple[Section, ...]
    foot: tuple[str, ...]
