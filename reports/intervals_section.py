"""How far the figures may be off, and which inputs make them so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from reports import words
from reports.bands_picture import bands
from reports.document import Cell, Column, Part, Section, Table
from reports.tables import Look, table
from reports.tornado_picture import short, tornado
from simulator.uncertainty.tables import EVERY, INPUTS, INTERVALS, NOTES, SOBOL, TORNADO

SHOWN = EVERY
"""Tables of a result that this section shows."""
NONE = (
    "No intervals were asked for. `clustercast run SCENARIO --intervals 256` puts low, mid and high at 90 % on every "
    "figure; --sobol adds which share of the step's variance each input explains."
)
LEAD = (
    "Every input is known within an interval only; nine values of ten lie in it. They are drawn together, many times, "
    "and each draw is put through the fast estimate."
)
UNCERTAIN = Look(
    "Inputs with their intervals",
    "The spread is what the input's source states, else what is usual for its basis. x 1 is a factor on all values "
    "that stand on one source.",
    titles={"input": "Input", "value": "Value", "low": "Low", "high": "High", "basis": "Basis", "source": "Source"},
)
EXPLAINED = Look(
    "Sobol indices of the step",
    "First: share of the step's variance that the input explains alone. Total: with all that it takes part in. Low and "
    "high are the 90 % interval of each estimate.",
    titles={"input": "Input", "first": "First", "first_low": "low", "first_high": "high", "total": "Total",
            "total_low": "low", "total_high": "high"},
)  # fmt: skip


def section(tables: Mapping[str, pd.DataFrame]) -> Section:
    """The section; without intervals one sentence that says how to get them."""
    title = "How far these figures may be off"
    if INTERVALS not in tables:
        return Section("intervals", "Error bars", title, (NONE,), ())
    notes = [f"{note[:1].upper()}{note[1:]}." for note in tables[NOTES]["note"].tolist()]
    return Section("intervals", "Error bars", title, (LEAD, " ".join(notes)), tuple(_parts(tables)))


def _parts(tables: Mapping[str, pd.DataFrame]) -> Iterator[Part]:
    """Bands, tornado, then tables."""
    yield bands(tables[INTERVALS], f"tables/{INTERVALS}.csv")
    if len(tables[TORNADO]):
        yield tornado(tables[TORNADO], f"tables/{TORNADO}.csv")
    yield _figures(tables[INTERVALS])
    if SOBOL in tables:
        yield table(SOBOL, _short(tables[SOBOL]), EXPLAINED)
    if len(tables[INPUTS]):
        yield table(INPUTS, _short(tables[INPUTS]), UNCERTAIN)


def _short(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with inputs under their short names."""
    return frame.assign(input=[short(name) for name in frame["input"]])


def _figures(frame: pd.DataFrame) -> Table:
    """Every figure with its own unit: value, low, mid, high."""
    names = ("value", "low", "mid", "high")
    rows = tuple(
        (Cell(row["figure"], code=True), *(Cell(str(words.quantity(row[name], row["unit"]))) for name in names))
        for row in frame.to_dict("records")
    )
    head = tuple(Column(name.capitalize(), numeric=True) for name in names)
    return Table(INTERVALS, "Low, mid and high at 90 %", (Column("Figure"), *head), rows, f"tables/{INTERVALS}.csv")
