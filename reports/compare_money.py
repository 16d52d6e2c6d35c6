"""What the networks of compared scenarios cost to buy, beside the rental of their GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from reports import words
from reports.document import Cell, Column, Table
from reports.tables import Look, once, table
from simulator.comparing.comparison import Compared, Comparison

BILL = Look("Line by line", titles={"what": "What", "each_usd": "Each", "total_usd": "All"})
MONEY = {
    "cost_usd": ("GPU rental of the run", "paid for this run alone"),
    "network_usd": ("Network to buy", "capital expense, there for many runs"),
    "both_usd": ("Both", "unlike money added: see above"),
}
"""Column -> its head and what it counts."""


def money(comparison: Comparison) -> tuple[Table, ...]:
    """Sizes and prices of the networks, rental and purchase side by side, and each different bill line by line."""
    return (_networks(comparison), _both(comparison), *_bills(comparison))


def scaled(title: str, values: Sequence[float], unit: str) -> tuple[Column, list[str]]:
    """A column of figures on one scale, with the unit in its head."""
    scale = words.of_column(values, unit)
    return Column(title, scale.unit, numeric=True), [scale.text(value) for value in values]


def _networks(comparison: Comparison) -> Table:
    """Sizes and prices."""
    frame = comparison.tables["network"]
    counts = ("endpoints", "switches", "links")
    whole = scaled("Network", frame["network_usd"].tolist(), "USD")
    each = scaled("An endpoint", frame["network_usd_per_endpoint"].tolist(), "USD")
    heads = (Column("Scenario"), Column("Topology"), *(Column(words.title_of(n), numeric=True) for n in counts))
    texts = [frame["scenario"].tolist(), frame["topology"].tolist()]
    texts += [[f"{number:,}" for number in frame[name]] for name in counts]
    why = {one.network.why for one in comparison.compared if one.network.why}
    note = "Links are cables between switches. " + " ".join(f"A dash: {reason}." for reason in sorted(why))
    power = scaled("Power", frame["network_w"].tolist(), "W")
    rows = _rows([*texts, whole[1], each[1], power[1]])
    return Table("network", "Networks", (*heads, whole[0], each[0], power[0]), rows, "tables/network.csv", note.strip())


def _both(comparison: Comparison) -> Table:
    """Rental and purchase, and what they would be together, on one scale."""
    frame = comparison.tables["network"]
    scale = words.of_column(frame[list(MONEY)].to_numpy().ravel().tolist(), "USD")
    heads = (Column("Scenario"), *(Column(title, scale.unit, True, told) for title, told in MONEY.values()))
    texts = [[scale.text(value) for value in frame[name]] for name in MONEY]
    rows = _rows([frame["scenario"].tolist(), *texts])
    return Table("rental-and-network", "Two kinds of money", heads, rows, "tables/network.csv")


def _bills(comparison: Comparison) -> tuple[Table, ...]:
    """Each different bill once, under the names of those that pay it; nothing where there is none."""
    frame = comparison.tables["network_bill"]
    whose: dict[object, list[Compared]] = {}
    for one in comparison.compared:
        if one.network.bill is not None:
            whose.setdefault(one.network.bill, []).append(one)
    if not whose:
        return ()
    parts = []
    for owners in whose.values():
        more = f" and {len(owners) - 1} more" if len(owners) > 1 else ""
        own = frame[frame["scenario"] == owners[0].label]
        parts.append(own.assign(scenario=f"{owners[0].label}{more}"))
    note = f"Unit prices: clustercast show network-price {comparison.base.network.prices}."
    lines = table("network_bill", pd.concat(parts), replace(BILL, note=note))
    return (replace(lines, rows=once(lines.rows)),)


def _rows(texts: Sequence[Sequence[str]]) -> tuple[tuple[Cell, ...], ...]:
    """Rows out of columns of text."""
    return tuple(tuple(map(Cell, row)) for row in zip(*texts, strict=True))
