"""Conditions that were asked of figures: on a page, in JSON, and in a sentence each that is met."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from reports import words
from reports.document import Cell, Column, Section, Table
from reports.tables import once
from simulator.conditions import TABLE

MOST_OTHERS = 3
"""Results that do not meet a condition and are named; more are counted."""
LEAD = "What --fail-if asked: the command ends with 1 where a condition is met."


def sections(tables: Mapping[str, pd.DataFrame]) -> tuple[Section, ...]:
    """For each condition the results that meet it, then the others; nothing where nothing was asked."""
    frame = tables.get(TABLE)
    if frame is None or not len(frame):
        return ()
    rows = []
    for text, whole in frame.groupby("condition", sort=False):
        results = [(str(name), own, bool(own["met"].iloc[0])) for name, own in whole.groupby("name", sort=False)]
        rows += [(str(text), name, _values(own), "met") for name, own, met in results if met]
        others = [(name, own) for name, own, met in results if not met]
        if len(others) > MOST_OTHERS:
            rows.append((str(text), f"{len(others)} others", "in the file", "not met"))
        else:
            rows += [(str(text), name, _values(own), "not met") for name, own in others]
    columns = (Column("Condition"), Column("Of"), Column("Figures"), Column("Which is"))
    cells = [tuple(map(Cell, row)) for row in rows]
    listed = Table(TABLE, "Conditions and results", columns, once(cells), f"tables/{TABLE}.csv")
    return (Section(TABLE, "Conditions", "What was asked of the figures", (LEAD,), (listed,)),)


def as_data(tables: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Every condition, whether any result meets it, and every result with its figures."""
    frame = tables.get(TABLE)
    if frame is None:
        return []
    return [
        {
            "condition": text,
            "met": bool(whole["met"].any()),
            "results": [
                {
                    "name": name,
                    "met": bool(own["met"].iloc[0]),
                    "figures": {
                        row["figure"]: {"value": None if pd.isna(row["value"]) else row["value"], "unit": row["unit"]}
                        for row in own.to_dict("records")
                    },
                }
                for name, own in whole.groupby("name", sort=False)
            ],
        }
        for text, whole in frame.groupby("condition", sort=False)
    ]


def met(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """A sentence for each condition and result that meets it; empty where none does."""
    frame = tables.get(TABLE)
    if frame is None:
        return []
    own = frame[frame["met"]]
    return [
        f"`{text}` is met by {name}: {_values(rows)}"
        for (text, name), rows in own.groupby(["condition", "name"], sort=False)
    ]


def _values(rows: pd.DataFrame) -> str:
    """ "step_s is 36.27 s, cost_usd is 4.854 million USD"."""
    return ", ".join(
        f"{row['figure']} is "
        + ("not known" if pd.isna(row["value"]) else str(words.quantity(float(row["value"]), row["unit"])))
        for row in rows.to_dict("records")
    )
