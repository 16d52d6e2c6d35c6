"""Memory through the step as a picture: one row a pipeline rank, its height the usable memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
from markupsafe import Markup

from reports import svg, terms, words
from reports.document import Key, Picture
from reports.schedule_picture import ticks

WIDTH, LEFT, RIGHT, TOP = 1160.0, 58.0, 72.0, 20.0
ROWS_HEIGHT, TALLEST_ROW, GAP = 480.0, 30.0, 4.0
MOST_ROWS = 32
CONSTANT, CHANGING = "backward-0", "pair-0"


def picture(frame: pd.DataFrame, usable_bytes: float) -> Picture:
    """Draw every rank, or MOST_ROWS evenly spread ones.

    frame   [rank x window]  rank, start_s, constant_bytes, bytes
    """
    ranks = frame["rank"].unique()
    if len(ranks) > MOST_ROWS:
        ranks = ranks[np.linspace(0, len(ranks) - 1, MOST_ROWS).round().astype(int)]
    starts = frame.loc[frame["rank"] == ranks[0], "start_s"].to_numpy()
    window_s = float(starts[1] - starts[0]) if len(starts) > 1 else 1.0
    end_s = float(starts[-1]) + window_s
    pitch = min(TALLEST_ROW, ROWS_HEIGHT / len(ranks))
    bottom = TOP + pitch * len(ranks)
    at = LEFT + (WIDTH - RIGHT - LEFT) * np.append(starts, end_s) / end_s
    drawn = [_tick(second, end_s, bottom) for second in ticks(0.0, end_s)]
    peaks = {}
    for place, rank in enumerate(ranks.tolist()):
        own = frame[frame["rank"] == rank]
        peaks[rank] = float(own["bytes"].max())
        drawn += _row(own, at, (TOP + place * pitch, pitch - GAP, usable_bytes))
        drawn.append(svg.text(LEFT - 8, TOP + (place + 0.5) * pitch + 2, f"rank {rank}", "axis", "end"))
        said = str(words.quantity(peaks[rank], "bytes"))
        drawn.append(svg.text(WIDTH, TOP + (place + 0.5) * pitch + 2, said, "axis", "end"))
    drawn.append(svg.text(WIDTH, TOP - 7, "most", "axis", "end"))
    fullest = max(peaks, key=peaks.__getitem__)
    usable = words.quantity(usable_bytes, "bytes")
    alt = (
        f"Memory of {len(ranks)} pipeline ranks over {words.quantity(end_s, 's')}; the height of a row is {usable}. "
        f"Rank {fullest} is fullest, with {words.quantity(peaks[fullest], 'bytes')}."
    )
    whole = svg.picture("memory-over-time", (WIDTH, bottom + 24), alt, drawn)
    legend = (Key(CONSTANT, "held all the time"), Key(CHANGING, "activations in flight"), Key("hatch", "free"))
    title = "Memory of every pipeline rank through the step"
    return Picture(
        "memory-over-time", title, whole, terms.CAPTIONS["memory-over-time"], legend, "tables/memory_over_time.csv"
    )


def _tick(second: float, end_s: float, bottom: float) -> Markup:
    """A thin line at a round instant, with its time."""
    x = LEFT + (WIDTH - RIGHT - LEFT) * second / end_s
    return svg.line(x, TOP - 4, bottom + 2) + svg.text(x, bottom + 16, f"{second:g} s", "axis", "middle")


def _row(own: pd.DataFrame, at: np.ndarray, band: tuple[float, float, float]) -> list[Markup]:
    """One rank: hatching for what is free, over it what is held; `band` is top, height, bytes at the full height."""
    top, height, usable_bytes = band
    levels = np.minimum(own["bytes"].to_numpy() / usable_bytes, 1.0) * height
    constant = min(float(own["constant_bytes"].iloc[0]) / usable_bytes, 1.0) * height
    floor = top + height
    columns = [(x, floor - y, end - x, y) for x, end, y in zip(at, at[1:], levels, strict=False)]
    return [
        svg.hatched([(at[0], top, at[-1] - at[0], height)], "memory-over-time"),
        svg.skyline(columns, floor, CHANGING),
        svg.rectangles([(at[0], floor - constant, at[-1] - at[0], constant)], CONSTANT),
    ]
