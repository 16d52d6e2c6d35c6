"""What an answer shows of itself in a notebook: the first figures with intervals, what they mean, warnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import shorten

from reports import answered_page, compare, compare_tables, render, run_page, service_page, tiles, words
from reports.document import Cell, Column, Table, Tile
from simulator.comparing.comparison import Comparison
from simulator.explain import Explanation
from simulator.result import Answered, Result

MOST_FIGURES = 8
MOST_SENTENCES = 3
LONGEST_TITLE = 160
PAGES = {"run": run_page.SHOWN, "service": service_page.SHOWN}
"""Kind of an answer -> the figures that its report shows first; of other kinds the first of the headline."""


@dataclass(frozen=True, slots=True)
class View:
    """A small piece of HTML as values.

    facts   figures or rows;  sentences   the most important first
    more    where the rest is, in Python
    """

    title: str
    facts: Table
    sentences: tuple[str, ...]
    warnings: tuple[str, ...]
    more: str


def html(shown: Result | Answered | Comparison | Explanation) -> str:
    """The view as HTML that takes its colours and its font from where it is shown and fetches nothing."""
    return render.fragment("notebook.html.j2", view=view(shown))


def view(shown: Result | Answered | Comparison | Explanation) -> View:
    """What is shown of an answer."""
    if isinstance(shown, Comparison):
        left_out = tuple(f"Left out: {label}: {why}" for label, why in shown.refused.items())
        several = "s" * (len(shown.others) != 1)
        title = f"{len(shown.others)} scenario{several} held against {shown.base.label}"
        facts = compare_tables.ranking(shown)
        return View(
            title, facts, compare.answer(shown), compare.warnings(shown) + left_out, _named(tuple(shown.tables))
        )
    if isinstance(shown, Explanation):
        return _explained(shown)
    if isinstance(shown, Result):
        first, names = tiles.tiles(shown), ("ranks", "budget", "memory", "traffic", "cost", "partition")
        more = f".headline, .{', .'.join(names)}; {_named(tuple(shown.tables))}"
    else:
        first, more = _tiles(shown), _named(tuple(shown.tables))
    title = shorten(shown.title, LONGEST_TITLE, placeholder=" ...")
    return View(title, _facts(first), shown.answer[:MOST_SENTENCES], shown.warnings, more.rstrip("; "))


def _named(tables: Sequence[str]) -> str:
    """Where tables are."""
    return f".tables: {', '.join(tables)}" if tables else ""


def _tiles(answered: Answered) -> tuple[Tile, ...]:
    """The figures that a person asks for first."""
    if answered.kind in PAGES:
        return tuple(answered_page.shown(answered.headline, PAGES[answered.kind]))
    asked = {name: (words.title_of(name), "") for name in answered.headline}
    return tuple(answered_page.shown(answered.headline, asked))


def _facts(first: Sequence[Tile]) -> Table:
    """Figures as rows: what, how much, its interval or a note."""
    rows = tuple(
        (Cell(tile.label), Cell(f"{tile.value} {tile.unit}".strip()), Cell(tile.note)) for tile in first[:MOST_FIGURES]
    )
    return Table("figures", "", (Column(""), Column("", numeric=True), Column("")), rows)


def _explained(found: Explanation) -> View:
    """A figure with its formula and terms."""
    figure = found.figure
    rows = tuple(
        (Cell(term.name, code=True), Cell(str(words.quantity(term.value, term.unit))), Cell(term.source))
        for term in figure.terms
    )
    facts = Table("terms", "", (Column(""), Column("value", numeric=True), Column("from")), rows)
    formula = (f"{found.name} = {figure.formula}",) if figure.formula else ()
    title = f"{found.name}: {words.quantity(figure.value, figure.unit)}"
    return View(title, facts, (figure.definition, *formula, *found.notes), (), ".figure.terms")
