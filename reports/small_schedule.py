"""One schedule as a small picture, on a scale of time that it shares with others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from markupsafe import Markup

from reports import chunks, svg
from reports.document import Picture
from reports.rank_rows import Axis, row
from reports.schedule_picture import GAP_SHARE, LEFT, LEGIBLE, TOP, Rows, baseline, names, rows_of, ticks
from simulator.trace import Trace

WIDTH, RIGHT, BELOW = 560.0, 12.0, 22.0
DIGIT, AND, MARGIN = 6.5, 8.0, 3.0
"""Width of a digit and of "&" in the picture's units, and of what stays free beside a label."""


def small(name: str, trace: Trace, longest_s: float, caption: str) -> tuple[Picture, Rows]:
    """Draw all ranks from 0 to the schedule's own end, on an axis that ends at `longest_s`; and what was drawn.

    The darker shade is for micro-batches from the far end, and for every stage of a rank but its first.
    """
    rows = rows_of(trace, dark_from_stage=int(trace.rank.max()) + 1)
    shared = Axis(0.0, longest_s, LEFT, WIDTH - RIGHT, unit="")
    end = float(shared.at(np.asarray([trace.makespan_s]))[0])
    own = Axis(0.0, trace.makespan_s, LEFT, end, unit="")
    drawn: list[Markup] = []
    for instant in ticks(0.0, longest_s):
        x = float(shared.at(np.asarray([instant]))[0])
        drawn.append(svg.line(x, TOP - 4, rows.bottom + 2))
        drawn.append(svg.text(x, rows.bottom + 15, f"{instant:g}", "axis", "middle"))
    picture = f"schedule-{name}"
    for place, (rank, mine) in enumerate(rows.blocks.items()):
        drawn += row(rank, mine, own, (TOP + place * rows.pitch, rows.pitch * (1 - GAP_SHARE)), picture)
        if rows.pitch >= LEGIBLE:
            drawn += _labels(trace, rank, own, baseline(rows, place))
    drawn += names(rows)
    whole = svg.picture(picture, (WIDTH, rows.bottom + BELOW), _alt(name, trace), drawn)
    return Picture(picture, name, whole, caption, (), ""), rows


def _labels(trace: Trace, rank: int, axis: Axis, y: float) -> Iterator[Markup]:
    """The micro-batch in each block that has room for it, both of a pair."""
    own = np.flatnonzero(trace.rank == rank)
    left, right = axis.at(trace.start_s[own]), axis.at(trace.end_s[own])
    for code, begin, end in zip(trace.name[own].tolist(), left.tolist(), right.tolist(), strict=True):
        numbers = [str(chunk.micro_batch) for chunk in chunks.chunks(trace.names[code])]
        label, needed = "&".join(numbers), len("".join(numbers)) * DIGIT + (len(numbers) - 1) * AND + MARGIN
        if label and needed <= end - begin:
            yield svg.text((begin + end) / 2, y, label, "block", "middle")


def _alt(name: str, trace: Trace) -> str:
    """The picture in words: when the pipeline's two ends begin and end."""
    spans = []
    for rank in sorted({0, int(trace.rank.max())}):
        own = (trace.rank == rank) & (trace.end_s > trace.start_s)
        spans.append(f"rank {rank} works from {trace.start_s[own].min():g} to {trace.end_s[own].max():g}")
    return f"Schedule {name}, one row a rank: {', '.join(spans)}."
