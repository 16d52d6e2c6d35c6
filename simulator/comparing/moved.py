"""What-ifs with a figure of their own: what it was, what it is, and what was assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from simulator.comparing.comparison import Asked, Compared
from simulator.refusal import Refused

COLUMNS = ("scenario", "moves", "base", "here", "change_ratio", "assumed")


def moved(asked: Sequence[Asked], compared: Sequence[Compared], tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a what-if that says which figure it moves: a headline figure, or `table.column`, summed over its rows.

    tables   of the comparison, looked in first; then those of each result
    returns  [what-if]  scenario, moves, base, here (in the figure's SI unit), change_ratio, assumed
    Raises Refused for a figure that neither has.
    """
    by_label, rows = {one.label: one for one in compared}, []
    for one in asked:
        if one.moves and one.label in by_label:
            before, after = (_value(one.moves, of, tables) for of in (compared[0], by_label[one.label]))
            ratio = after / before - 1 if before else float("nan")
            rows.append((one.label, one.moves, before, after, ratio, one.assumed))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _value(moves: str, of: Compared, tables: Mapping[str, pd.DataFrame]) -> float:
    """The figure of one scenario; a column that only the other one has is 0."""
    name, _, column = moves.partition(".")
    result = of.result
    if not column and name in result.headline:
        return result.headline[name].value
    if column and name in tables:
        own = tables[name]
        return float(own.loc[own["scenario"] == of.label, column].sum())
    frame = result.traffic if name == "traffic" else result.tables.get(name)
    if not column or frame is None:
        known = ", ".join((*result.headline, *(f"{table}.COLUMN" for table in ("traffic", *result.tables))))
        raise Refused(f"a what-if moves `{moves}`, which no result has; there are {known}")
    return float(frame[column].sum()) if column in frame else 0.0
