"""Points of a store as a table: one row a point of a sweep, one column a varied path and a figure."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from simulator.sweep.jobs import DONE
from simulator.sweep.store import Heading, reading
from topologies import units
from topologies.problems import InvalidInput, Problem, listed, meant
from workloads.condition import PERCENT, condition, unit_of

FIRST = ("sweep", "number", "label")
STATUS = ("status", "why")
LAST = ("key", "detail", "version")
ROWS = """
SELECT sweeps.name, asked.number, asked.label, asked.changed, points.status, points.why, points.figures, points.key,
       points.detail, points.version
FROM asked JOIN sweeps ON sweeps.id = asked.sweep
JOIN points ON points.key = asked.key AND points.detail = sweeps.detail AND points.version = sweeps.version
"""
NEWEST = "sweeps.rowid IN (SELECT max(rowid) FROM sweeps GROUP BY name)"
"""A sweep whose file or program has changed is another one; the one asked last stands for its name."""
ORDER = "ORDER BY sweeps.name, sweeps.rowid, asked.number"
Row = Mapping[str, Any]


class Wanted(NamedTuple):
    """What of a store is wanted.

    where   a condition on columns;  sort   a column, with `-` before it from the largest;  limit   rows, None for all
    older   also what sweeps of the same name asked before, with another file or program
    """

    where: str = ""
    sort: str = ""
    limit: int | None = None
    older: bool = False


EVERYTHING = Wanted()


class Found(NamedTuple):
    """Rows of a store, and how many there are, shown or not."""

    table: pd.DataFrame
    there: int


class Kept(NamedTuple):
    """A row in its parts: what was varied, and figures."""

    first: Row
    varied: Row
    status: Row
    figures: Row
    last: Row

    @property
    def whole(self) -> dict[str, Any]:
        """Column -> value."""
        return {**self.first, **self.varied, **self.status, **self.figures, **self.last}


def table(path: Path, wanted: Wanted = EVERYTHING) -> Found:
    """Rows of a store, also while sweeps write to it. Raises InvalidInput for no store or a wrong condition.

    returns  [point]  sweep, number, label, one column a varied path, status, why, one a figure (SI), and what it is
             kept under: key, detail, version
    """
    with reading(path) as store:
        rows = list(_rows(store, "TRUE" if wanted.older else NEWEST))
    return _found(rows, wanted)


def table_of(path: Path, heading: Heading) -> pd.DataFrame:
    """Rows of one sweep."""
    with reading(path) as store:
        rows = list(_rows(store, "sweeps.id = ?", heading.id))
    return _found(rows, EVERYTHING).table


def _found(kept: Sequence[Kept], wanted: Wanted) -> Found:
    """The rows that are wanted, in their order."""
    columns = _columns(kept)
    rows = [row.whole for row in kept]
    if wanted.where:
        test = condition(wanted.where, columns)
        rows = [row for row in rows if test.holds(row)]
    if wanted.sort:
        name, falling = wanted.sort.removeprefix("-"), wanted.sort.startswith("-")
        require_columns([name], columns)
        there = [row for row in rows if _is_there(row.get(name))]
        there.sort(key=lambda row: _place(row[name]), reverse=falling)
        rows = [*there, *(row for row in rows if not _is_there(row.get(name)))]
    return Found(pd.DataFrame(rows[: wanted.limit], columns=columns), len(rows))


def require_columns(names: Sequence[str], known: Sequence[str]) -> None:
    """Raise InvalidInput for a column that there is not, with the nearest one."""
    found = [
        Problem(name, 0, 0, "", f"no such column{meant(name, known)}; there are: {listed(known, 60)}")
        for name in names
        if name not in known
    ]
    if found:
        raise InvalidInput(found)


def _rows(store: sqlite3.Connection, which: str, *given: str) -> Iterator[Kept]:
    """Rows of some sweeps, by their numbers."""
    for name, number, label, changed, status, why, figures, *last in store.execute(
        f"{ROWS} WHERE {which} {ORDER}", given
    ):
        yield Kept(
            dict(zip(FIRST, (name, number, label), strict=True)),
            {path: as_number(path, value) for path, value in json.loads(changed).items()},
            dict(zip(STATUS, (status, why), strict=True)),
            json.loads(figures) if status == DONE else {},
            dict(zip(LAST, last, strict=True)),
        )


def as_number(path: str, value: object) -> object:
    """A varied value as the table has it: quantities in SI, as their column's name says; mappings as JSON."""
    unit = unit_of(path)
    if isinstance(value, str) and unit:
        try:
            return units.percent(value) if unit == PERCENT else units.parse(value, unit)
        except units.UnitError:
            return value
    return json.dumps(value) if isinstance(value, list | Mapping) else value


def _columns(kept: Sequence[Kept]) -> list[str]:
    """Columns of all rows: who asked, what was varied, what became of it, figures, what it is kept under."""
    varied = dict.fromkeys(name for row in kept for name in row.varied)
    figures = dict.fromkeys(name for row in kept for name in row.figures)
    return [*FIRST, *varied, *STATUS, *figures, *LAST]


def _is_there(value: object) -> bool:
    """Whether there is a value at all."""
    return value is not None and value == value


def _place(value: object) -> tuple[bool, Any]:
    """Where a value sorts: numbers by size, then text."""
    is_number = isinstance(value, int | float)
    return (not is_number, value if is_number else str(value))
