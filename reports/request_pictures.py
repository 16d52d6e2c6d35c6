"""Pictures of units over time, and of what more requests would do."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
from markupsafe import Markup

from reports import svg, words
from reports.batch_pictures import CURVE, SMALL_EDGES, SMALL_HEIGHT, SMALL_WIDTH
from reports.chart import BELOW, Axis, Frame, from_zero
from reports.document import Grid, Key, Picture

WIDTH, PANEL, GAP = 1160.0, 130.0, 48.0
MOST_POINTS = 600
"""Instants of a timeline that are drawn; more are drawn as means of neighbours."""
LINES = {
    "running": ("pair-0", "sequences that run"), "waiting": ("optimizer", "requests that wait"),
    "kv_share": ("weight-0", "memory for caches in use"), "busy_share": ("forward-0", "time with a step running"),
}  # fmt: skip
"""Columns of a timeline -> colour, words."""
OVER_LOAD = {
    "ttft_s": "First token (TTFT), over load", "tpot_s": "Output token (TPOT), over load",
    "tokens_per_s_per_gpu": "Tokens a second of a GPU, over load", "kept_share": "Promises kept, over load",
}  # fmt: skip
"""Columns of a table over load -> what is drawn."""


def timelines(table: pd.DataFrame) -> tuple[Picture, ...]:
    """Queue and batch, caches and busy time of each kind of unit over time.

    table   [unit x instant]   time_s, unit, and any of waiting, running, kv_share, busy_share
    """
    return tuple(_timeline(str(unit), own) for unit, own in table.groupby("unit", sort=False) if len(own))


def _timeline(unit: str, own: pd.DataFrame) -> Picture:
    """Counts above, shares below, on one axis of time."""
    there = thinned(own[["time_s", *(name for name in LINES if name in own)]])
    times = there["time_s"].tolist()
    along = Axis("time", (times[0], times[-1] if times[-1] > times[0] else times[0] + 1.0), "s")
    counts = [name for name in ("running", "waiting") if name in there]
    shares = [name for name in ("kv_share", "busy_share") if name in there]
    drawn: list[Markup] = []
    top = 24.0
    for names, upright in (
        (counts, from_zero("requests", [float(there[name].max()) for name in counts])),
        (shares, Axis("share", (0.0, 1.0), "ratio")),
    ):
        if names:
            frame = Frame(along, upright, (58.0, top, WIDTH - 16.0, top + PANEL))
            drawn += frame.grid()
            drawn += [
                frame.curve(list(zip(times, there[name].tolist(), strict=True)), LINES[name][0]) for name in names
            ]
            top += PANEL + GAP + 20.0
    said = ", ".join(f"{LINES[name][1]} {_mean(there[name], name)}" for name in (*counts, *shares))
    legend = tuple(Key(*LINES[name]) for name in (*counts, *shares))
    height = top - GAP - 20.0 + BELOW
    drawing = svg.picture(
        f"timeline-{unit}", (WIDTH, height), f"{unit.capitalize()} units over time, means: {said}.", drawn
    )
    caption = f"Means: {said}."
    return Picture(
        f"timeline-{unit}", f"{unit.capitalize()} units over time", drawing, caption, legend, "tables/timeline.csv"
    )


def thinned(table: pd.DataFrame) -> pd.DataFrame:
    """As many rows as can be seen: means of neighbours, where there are more. table   all columns numbers"""
    each = -(-len(table) // MOST_POINTS)
    whole = table.reset_index(drop=True).astype(float)
    return whole.groupby(whole.index // each).mean() if each > 1 else whole


def _mean(values: pd.Series[float], name: str) -> str:
    """Mean of a line."""
    return f"{values.mean():.0%}" if name.endswith("_share") else f"{values.mean():,.1f}"


def over_load(table: pd.DataFrame) -> Grid:
    """What users and GPUs get over the rate of requests, a small chart each. table   [rate]   rate_per_s, OVER_LOAD"""
    rates = table["rate_per_s"].astype(float).tolist()
    cells = [
        _over_load(rates, table[name].astype(float).tolist(), name, title)
        for name, title in OVER_LOAD.items()
        if name in table
    ]
    return Grid((), tuple(cells))


def _over_load(rates: Sequence[float], values: Sequence[float], column: str, title: str) -> Picture:
    """One chart; rates at which a value is not known are left out."""
    known = [(rate, value) for rate, value in zip(rates, values, strict=True) if math.isfinite(value)]
    unit = words.unit_of(column)
    upright = Axis("", (0.0, 1.0), unit) if unit == "ratio" else from_zero("", [value for _, value in known], unit)
    frame = Frame(from_zero("requests a second", rates), upright, SMALL_EDGES)
    said = [f"{rate:g} a second {words.quantity(value, unit, 3)}" for rate, value in known]
    drawn = [*frame.grid(), *([frame.curve(known, CURVE)] if known else [])]
    drawn += [svg.dot(*frame.at(*point), CURVE, False, text) for point, text in zip(known, said, strict=True)]
    name = f"load-{column.replace('_', '-')}"
    drawing = svg.picture(name, (SMALL_WIDTH, SMALL_HEIGHT), f"{title}: {'; '.join(said)}.", drawn)
    return Picture(name, title, drawing, "", (), "tables/throughput.csv")
