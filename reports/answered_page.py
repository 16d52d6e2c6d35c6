"""What pages of runs, services, plans and sweeps have in common: the page around sections, tiles, the foot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from reports import tiles, words
from reports.document import Page, Section, Tile
from simulator.result import Answered, Figure

Note = str | Callable[[Mapping[str, Figure]], str]
"""The line under a tile, or how it is made of the headline."""


def document(result: Answered, tiled: Iterable[Tile], sections: Iterable[Section]) -> Page:
    """The page's content, in the order in which it is read."""
    first, *further = result.answer or ("",)
    return Page(
        title=result.title,
        kicker=f"clustercast {result.kind}: {result.name}",
        binds=first,
        answer=tuple(further),
        warnings=result.warnings,
        tiles=tuple(tiled),
        sections=tuple(sections),
        foot=foot(result),
    )


def shown(headline: Mapping[str, Figure], asked: Mapping[str, tuple[str, Note]]) -> Iterator[Tile]:
    """The figures that are asked for first, of those that are there.

    asked   name of the figure -> what the tile is called, the line under it where no interval is known
    """
    for name, (label, note) in asked.items():
        if (figure := headline.get(name)) is None:
            continue
        number, unit = words.quantity(figure.value, figure.unit)
        said = words.interval(figure.low, figure.high, figure.unit)
        exact = f"{words.exact(figure.value, figure.unit)}. {figure.definition}"
        line = said or (note if isinstance(note, str) else note(headline))
        yield Tile(label, number, unit, line, exact, tiles.anchor(name))


def foot(result: Answered) -> tuple[str, ...]:
    """What wrote the page, and which files stand beside it."""
    again = result.reproduction
    return (
        f"Written by clustercast {again.versions.get('clustercast', '')}, {result.kind} {again.digest[:12]}.",
        f"Beside this report: result.json (all figures and tables), tables/ (CSV) and {result.kind}.yaml.",
    )
