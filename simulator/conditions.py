"""Conditions on the figures of results, and which result meets which: what a gate asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from simulator.result import Figure
from workloads.condition import condition

TABLE = "conditions"
COLUMNS = ("condition", "name", "met", "figure", "value", "unit")
WHAT = "figure"


def check(texts: Sequence[str], known: Sequence[str]) -> None:
    """Raise InvalidInput for a condition that cannot be read or names a figure that is not known."""
    for text in texts:
        condition(text, known, WHAT)


def conditions(texts: Sequence[str], figures: Mapping[str, Mapping[str, Figure]]) -> pd.DataFrame:
    """Put every condition to every result.

    figures  name of the result -> its figures by name
    returns  [condition x result x figure of the condition]  condition, name, met (of the whole condition), figure,
             value, unit; a result that lacks a figure does not meet what is asked of it
    Raises as `check`.
    """
    known = tuple(dict.fromkeys(name for own in figures.values() for name in own))
    rows = []
    for text in texts:
        asked = condition(text, known, WHAT)
        for name, own in figures.items():
            met = asked.holds({figure: found.value for figure, found in own.items()})
            for figure in asked.columns:
                found = own.get(figure, Figure(float("nan"), "", ""))
                rows.append((text, name, met, figure, found.value, found.unit))
    return pd.DataFrame(rows, columns=list(COLUMNS))
