"""What the networks of compared scenarios cost to buy, beside the rental of their GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reports import words
from reports.document import Cell, Column, Table
from reports.tables import Look, table
from simulator.comparison import Compared, Comparison

BILL = Look("", titles={"what": "What", "each_usd": "Each", "total_usd": "All"})


def money(comparison: Comparison) -> tuple[Table, ...]:
    """Sizes and prices of the networks, rental and purchase side by side, and each different bill line by line."""
    return (_networks(comparison), _both(comparison), *_bills(comparison))


def scaled(title: str, values: Sequence[float], unit: str, meaning: str = "") -> tuple[Column, list[str]]:
    """A column of figures on one scale, with the unit in its head."""
    scale = words.of_column(values, unit)
    return Column(title, scale.unit, numeric=True, definition=meaning), [scale.text(value) for value in values]


def _networks(comparison: Comparison) -> Table:
    """Sizes and prices."""
    frame = comparison.tables["network"]
    counts = ("endpoints", "switches", "links")
    whole = scaled("Network to buy", frame["network_usd"].tolist(), "USD")
    each = scaled("An endpoint", frame["network_usd_per_endpoint"].tolist(), "USD")
    heads = (Column("Scenario"), Column("Topology"), *(Column(words.title_of(n), numeric=True) for n in counts))
    texts = [frame["scenario"].tolist(), frame["topology"].tolist()]
    texts += [[f"{number:,}" for number in frame[name]] for name in counts]
    why = {one.network.why for one in comparison.compared if one.network.why}
    note = "Links are cables between switches. " + " ".join(f"A dash: {reason}." for reason in sorted(why))
    rows = _rows([*texts, whole[1], each[1]])
    return Table("network", "Networks", (*heads, whole[0], each[0]), rows, "tables/network.csv", note.strip())


def _both(comparison: Comparison) -> Table:
    """Rental and purchase, and what they would be together."""
    frame = comparison.tables["network"]
    columns = (
        scaled("GPU rental of the run", frame["cost_usd"].tolist(), "USD", "paid for this run alone"),
        scaled("Network to buy", frame["network_usd"].tolist(), "USD", "capital expense, there for many runs"),
        scaled("Both", frame["both_usd"].tolist(), "USD", "unlike money added: see above"),
    )
    heads = (Column("Scenario"), *(head for head, _ in columns))
    rows = _rows([frame["scenario"].tolist(), *(texts for _, texts in columns)])
    return Table("rental-and-network", "Two kinds of money", heads, rows, "tables/network.csv")


def _bills(comparison: Comparison) -> tuple[Table, ...]:
    """One table for each different bill."""
    frame = comparison.tables["network_bill"]
    whose: dict[object, list[Compared]] = {}
    for one in comparison.compared:
        if one.network.bill is not None:
            whose.setdefault(one.network.bill, []).append(one)
    found = []
    for place, owners in enumerate(whose.values()):
        own = frame[frame["scenario"] == owners[0].label].drop(columns="scenario")
        more = f" and {len(owners) - 1} more" if len(owners) > 1 else ""
        prices = owners[0].network.prices
        note = f"Unit prices: clustercast show network-price {prices}."
        look = replace(BILL, title=f"Line by line: {owners[0].label}{more}", note=note)
        found.append(replace(table(f"bill-{place}", own, look), data="tables/network_bill.csv"))
    return tuple(found)


def _rows(texts: Sequence[Sequence[str]]) -> tuple[tuple[Cell, ...], ...]:
    """Rows out of columns of text."""
    return tuple(tuple(map(Cell, row)) for row in zip(*texts, strict=True))
