"""What schedules idle and hold, replayed and as published, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reports.document import Cell, Column, Table
from simulator.replay import Replay

COLUMNS = (
    "Stages", "Step", "Idle", "Counted", "Published", "Difference", "Held", "Published held", "Difference held",
)  # fmt: skip
GROUPS = (range(0, 1), range(1, 6), range(6, 9))
"""Columns that share their decimals: stages, times, micro-batches held."""
SIGNED = ("Difference", "Difference held")
NOTE = (
    "The published formulas are exact for equal F, b and W, a pair that takes their sum, and micro-batches that fill "
    "the pipeline. A dash means that none is published for these times. dualpipe holds two whole shares a rank."
)
MEANINGS = (
    ("Idle", "Time in which a rank does nothing, mean over ranks, in a step that begins and ends on all ranks "
     "together."),
    ("Counted", "The same as the published formula counts it: for zb-h2 and zbv the longest of any rank from its own "
     "first chunk to its last, for others idle."),
    ("Published", "The same by the published formula."),
    ("Difference", "Counted beyond published."),
    ("Held", "Micro-batches whose activations the fullest rank holds for its share of the layers."),
)  # fmt: skip
MOST_DECIMALS = 4
NONE = "–"


def figures(played: Mapping[str, Replay]) -> Table:
    """One row a schedule; times share their decimals, and so do micro-batches."""
    values = [_values(one) for one in played.values()]
    columns = [
        _texts([row[at] for row in values], _decimals(values, group), "+" if COLUMNS[at] in SIGNED else "")
        for group in GROUPS
        for at in group
    ]
    rows = [(Cell(name), *map(Cell, texts)) for name, *texts in zip(played, *columns, strict=True)]
    heads = (Column("Schedule"), *(Column(title, numeric=True) for title in COLUMNS))
    return Table("schedules", "Replay and published formulas", heads, tuple(rows), note=NOTE)


def _values(one: Replay) -> tuple[float | None, ...]:
    """Numbers of a schedule, one a column."""
    idle = (one.idle_s, one.counted_s, one.published_s, one.difference_s)
    return (one.stages, one.trace.makespan_s, *idle, one.held, one.published_held, one.held_difference)


def _texts(values: Sequence[float | None], decimals: int, sign: str) -> list[str]:
    """A column's numbers as text, other than 0 with their sign if `sign` is "+"."""
    return [NONE if value is None else f"{value:{sign if value else ''},.{decimals}f}" for value in values]


def _decimals(rows: Sequence[Sequence[float | None]], group: range) -> int:
    """Decimals that the numbers of some columns need, `MOST_DECIMALS` at most."""
    numbers = [row[at] for row in rows for at in group]
    needed = [f"{number:.{MOST_DECIMALS}f}".rstrip("0").partition(".")[2] for number in numbers if number is not None]
    return max(map(len, needed), default=0)
