"""`clustercast results`: read the points of a sweep's store, also while it runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.columns import aligned

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 40
"""Rows that are printed unless more are asked for; an export has all."""
FIGURES = ("step_s", "step_bubble_s", "mfu_ratio_causal", "gpu_hours", "cost_usd", "memory_bytes_per_gpu_max")
"""Figures that are printed unless columns are named; a run's and a service's own if there are none of them."""
OWN_FIGURES = 5
LONG = 100_000_000
"""Whole numbers below it are printed digit by digit."""
HIDDEN = ("sweep", "label", "key", "detail", "version")
"""Columns that are printed only where they are named."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows, in which order."""

    where: Annotated[
        str | None,
        typer.Option(metavar="CONDITION", help='Only points that meet it: "step_s < 20 and status == done".'),
    ] = None
    sort: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="From the smallest; with - before it from the largest.")
    ] = None
    limit: Annotated[int | None, typer.Option(min=1, help=f"Rows at most; {SHOWN} on the terminal if left out.")] = None
    older: Annotated[
        bool, typer.Option("--older", help="Also points of the same sweeps with earlier files or programs.")
    ] = False


@dataclass(frozen=True, slots=True)
class Form:
    """Which columns, and where they go."""

    columns: Annotated[str | None, typer.Option(metavar="A,B,...", help="Columns, with commas between.")] = None
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the rows to a .csv or .parquet file.", dir_okay=False)
    ] = None
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON, for programs.")] = False


def results(
    store: Annotated[Path, typer.Argument(help="The store of a sweep, or the folder of its result.")],
    rows: Rows = Rows(),
    form: Form = Form(),
) -> None:
    """Query the points of a sweep: filter, sort, choose columns, export to CSV or Parquet."""
    from simulator.sweep.export import export
    from simulator.sweep.table import Wanted, require_columns, table

    short = form.export is None and not form.as_json
    limit = SHOWN if rows.limit is None and short else rows.limit
    found = table(store, Wanted(rows.where or "", rows.sort or "", limit, rows.older))
    names = [name.strip() for name in form.columns.split(",")] if form.columns else []
    require_columns(names, list(map(str, found.table.columns)))
    shown = found.table[names] if names else found.table
    if form.export is not None:
        export(shown, form.export)
        print(f"{len(shown):,} rows: {form.export}")
    elif form.as_json:
        print(as_json(shown))
    else:
        print(as_text(shown if names else narrow(shown), found.there))


def as_json(shown: pd.DataFrame) -> str:
    """The rows as a list of mappings; what is missing is null."""
    from reports.json_result import records

    return json.dumps(records(shown), indent=1, ensure_ascii=False)


def narrow(shown: pd.DataFrame) -> pd.DataFrame:
    """The columns that fit a terminal: what was varied, what became of it, the first figures."""
    at = list(shown.columns).index("why") + 1
    before = [name for name in shown.columns[:at] if name not in HIDDEN]
    figures = [name for name in shown.columns[at:] if name not in HIDDEN]
    first = [name for name in FIGURES if name in figures] or figures[:OWN_FIGURES]
    several = ["sweep"] * (shown["sweep"].nunique() > 1)
    kept = [*several, *before, *first]
    return shown[[name for name in kept if name != "why"] + ["why"] * bool((shown["why"] != "").any())]


def as_text(shown: pd.DataFrame, there: int) -> str:
    """Rows under each other, and how many more there are."""
    rows = [[cell(value) for value in row] for row in shown.astype(object).to_numpy().tolist()]
    more = f"\n\n{there - len(rows):,} more rows: --limit, --where or --export" if there > len(rows) else ""
    none = "" if rows else "\n\nno row meets the condition"
    return aligned(rows, list(map(str, shown.columns))) + more + none


def cell(value: Any) -> str:
    """A number with the figures that matter, text as it is, nothing for what is missing."""
    if value is None or value != value:
        return ""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < LONG
    return str(int(value)) if whole else f"{value:.6g}" if isinstance(value, float) else str(value)
