"""Histograms of what requests get, with what they are promised marked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from markupsafe import Markup

from reports import svg, words
from reports.batch_pictures import SMALL_HEIGHT, SMALL_WIDTH
from reports.chart import BELOW, Axis, Frame
from reports.document import Grid, Key, Picture
from workloads.service import Promises

Bin = tuple[float, float, float]
"""Ends in seconds, share."""
HISTOGRAM_EDGES = (20.0, 8.0, SMALL_WIDTH - 12.0, SMALL_HEIGHT - BELOW)
METRICS = {
    "ttft": "Time to the first token (TTFT)", "tpot": "Time per output token, mean of a request (TPOT)",
    "itl": "From one token to the next (ITL)", "e2e": "Time to the whole answer",
}  # fmt: skip
"""What a histogram's metric is called."""
COLUMN, LATE = "forward-0", "optimizer"
WIDE_RATIO = 30.0
"""From this ratio of last to first edge on an axis of times is logarithmic."""


def histograms(table: pd.DataFrame, promises: Promises | None) -> Grid:
    """A histogram a metric; what is promised of it is marked, and later requests are of another colour.

    table   [metric x bin]   metric, low_s, high_s, share (of the requests, or of the tokens for itl); bins without an
            end are not drawn
    """
    limits_s = {"ttft": promises.ttft_s, "tpot": promises.tpot_s} if promises else {}
    known = table[np.isfinite(table["high_s"]) & np.isfinite(table["share"]) & (table["high_s"] > table["low_s"])]
    cells = [
        _histogram(str(metric), own, limits_s.get(str(metric))) for metric, own in known.groupby("metric", sort=False)
    ]
    legend = [Key(COLUMN, "share, by area")] + ([Key(LATE, "later than promised")] if limits_s else [])
    return Grid(tuple(legend), tuple(cells))


def _histogram(metric: str, own: pd.DataFrame, limit_s: float | None) -> Picture:
    """One metric. A column is as large as its share; bins need not be equally wide."""
    bins = [
        part
        for low, high, share in zip(own["low_s"], own["high_s"], own["share"], strict=True)
        for part in parted((float(low), float(high), float(share)), limit_s)
    ]
    ends = [bins[0][0], bins[-1][1], *([limit_s] if limit_s else [])]
    wide = min(ends) > 0 and max(ends) / min(ends) > WIDE_RATIO
    across = Axis("time", (min(ends), max(ends)), "s", wide)
    dense = [share / (across.share(high) - across.share(low)) for low, high, share in bins]
    frame = Frame(across, Axis("", (0.0, 1.15 * max(dense) or 1.0)), HISTOGRAM_EDGES)
    late = sum(share for low, _, share in bins if limit_s is not None and low >= limit_s)
    drawn = list(_ground(frame))
    for (low, high, share), height in zip(bins, dense, strict=True):
        (left, top), (right, floor) = frame.at(low, height), frame.at(high, 0.0)
        colour = LATE if limit_s is not None and low >= limit_s else COLUMN
        title = f"{words.quantity(low, 's', 3)} to {words.quantity(high, 's', 3)}: {share:.1%}"
        drawn.append(svg.rectangles([(left, top, right - left, floor - top)], colour, title))
    if limit_s is not None:
        drawn += frame.mark(limit_s, f"promised {words.quantity(limit_s, 's', 3)}")
    name, title = f"histogram-{metric}", METRICS.get(metric, metric)
    largest = max(bins, key=lambda one: one[2])
    alt = f"{title}: most often {words.quantity(largest[0], 's', 3)} to {words.quantity(largest[1], 's', 3)}."
    caption = f"{late:.1%} are later than promised." if limit_s is not None else "Nothing is promised of this time."
    drawing = svg.picture(name, (SMALL_WIDTH, SMALL_HEIGHT), f"{alt} {caption}", drawn)
    return Picture(name, title, drawing, caption, (), "tables/histograms.csv")


def parted(one: Bin, limit_s: float | None) -> tuple[Bin, ...]:
    """A bin cut in two where the limit lies inside of it, as if its share were spread evenly."""
    low, high, share = one
    if limit_s is None or not low < limit_s < high:
        return (one,)
    before = share * (limit_s - low) / (high - low)
    return (low, limit_s, before), (limit_s, high, share - before)


def _ground(frame: Frame) -> Iterator[Markup]:
    """The horizontal axis alone."""
    left, top, right, bottom = frame.edges
    for value, label in zip(frame.x.ticks(), frame.x.labels(), strict=True):
        x, _ = frame.at(value, 0.0)
        yield svg.line(x, top, bottom)
        yield svg.text(x, bottom + 15, label, "axis", "middle")
    yield svg.polyline([(left, bottom), (right, bottom)], "soft")
    yield svg.text((left + right) / 2, bottom + 31, frame.x.head(), "axis", "middle")
