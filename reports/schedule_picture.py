"""The step as pictures, one row a pipeline rank: all of it, and its start and end larger."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from reports import svg, terms, words
from reports.document import Key, Picture
from reports.rank_rows import COLOURS, LABELS, ORDER, Axis, Blocks, blocks, looks, row
from simulator.trace import Trace

WIDTH, LEFT, RIGHT, TOP = 1160.0, 58.0, 64.0, 20.0
MIDDLE, MIDDLE_GAP = 609.0, 12.0
TALLEST_ROW, ROWS_HEIGHT, GAP_SHARE, LEGIBLE = 19.0, 420.0, 0.16, 9.0
MOST_ROWS = 64
END_SHARE = 0.14
"""Share of the step that is shown larger at either end."""


class Rows(NamedTuple):
    """Ranks that are drawn, with what they compute; `pitch` is the height of a row with its gap."""

    blocks: dict[int, Blocks]
    pitch: float

    @property
    def bottom(self) -> float:
        """Lower edge of the last row."""
        return TOP + self.pitch * len(self.blocks)


def schedule(trace: Trace, waits_s: Mapping[int, float]) -> Picture:
    """Draw the whole step; chunks too narrow to be seen one by one are drawn as the colour at each instant.

    waits_s   rank -> its bubble in seconds, written at the end of its row
    """
    rows, end_s = rows_of(trace), trace.makespan_s or 1.0
    drawn = _panel(rows, Axis(0.0, end_s, LEFT, WIDTH - RIGHT), "schedule")
    drawn += names(rows)
    drawn += [svg.text(WIDTH, TOP - 7, "bubble", "axis", "end")]
    for place, rank in enumerate(rows.blocks):
        if rank in waits_s and rows.pitch >= LEGIBLE:
            drawn.append(svg.text(WIDTH, baseline(rows, place), f"{waits_s[rank]:.2f} s", "axis", "end"))
    alt = _alt({rank: waits_s[rank] for rank in rows.blocks if rank in waits_s}, end_s)
    whole = svg.picture("schedule", (WIDTH, rows.bottom + 24), alt, drawn)
    title = "Every pipeline rank over the whole step"
    return Picture("schedule", title, whole, terms.CAPTIONS["schedule"], legend(rows), "timeline.json")


def both_ends(trace: Trace) -> Picture:
    """Draw how the pipeline fills and how it drains, side by side, in the same scale."""
    rows, end_s = rows_of(trace), trace.makespan_s or 1.0
    drawn = _panel(rows, Axis(0.0, end_s * END_SHARE, LEFT, MIDDLE - MIDDLE_GAP), "ends")
    drawn += _panel(rows, Axis(end_s * (1 - END_SHARE), end_s, MIDDLE + MIDDLE_GAP, WIDTH), "ends")
    drawn += names(rows)
    length = words.quantity(end_s * END_SHARE, "s", 3)
    alt = f"The first and the last {length} of the step, larger: the pipeline fills, and at the end drains."
    larger = svg.picture("ends", (WIDTH, rows.bottom + 24), alt, drawn)
    title = f"The first and the last {length} of the step"
    return Picture("ends", title, larger, terms.CAPTIONS["ends"], legend(rows), "timeline.json")


def rows_of(trace: Trace, dark_from_stage: float = math.inf) -> Rows:
    """All ranks, or `MOST_ROWS` evenly spread ones; the darker shade as in `rank_rows.looks`."""
    ranks, look = np.unique(trace.rank), looks(trace, dark_from_stage)
    if len(ranks) > MOST_ROWS:
        ranks = ranks[np.linspace(0, len(ranks) - 1, MOST_ROWS).round().astype(int)]
    shown = {int(rank): blocks(trace, look, int(rank)) for rank in ranks}
    return Rows(shown, min(TALLEST_ROW, ROWS_HEIGHT / max(len(shown), 1)))


def _panel(rows: Rows, axis: Axis, picture: str) -> list[Markup]:
    """Ticks and one row of blocks a rank; `picture` is the one it belongs to."""
    drawn = []
    for second in ticks(axis.start_s, axis.end_s):
        x = float(axis.at(np.asarray([second]))[0])
        drawn.append(svg.line(x, TOP - 4, rows.bottom + 2))
        drawn.append(svg.text(x, rows.bottom + 16, f"{second:g} s", "axis", "middle"))
    for place, (rank, mine) in enumerate(rows.blocks.items()):
        drawn += row(rank, mine, axis, (TOP + place * rows.pitch, rows.pitch * (1 - GAP_SHARE)), picture)
    return drawn


def names(rows: Rows) -> list[Markup]:
    """The ranks' names before their rows, where they can be read."""
    if rows.pitch < LEGIBLE:
        return []
    return [
        svg.text(LEFT - 8, baseline(rows, place), f"rank {rank}", "axis", "end")
        for place, rank in enumerate(rows.blocks)
    ]


def baseline(rows: Rows, place: int) -> float:
    """Where text stands that belongs to a row."""
    return TOP + (place + 0.5) * rows.pitch + 3


def ticks(start_s: float, end_s: float) -> list[float]:
    """Round instants from `start_s` to `end_s`, five to ten of them."""
    length_s = end_s - start_s
    rough = 10.0 ** np.floor(np.log10(length_s / 5)) if length_s > 0 else 1.0
    step = float(next(rough * factor for factor in (1, 2, 5, 10) if length_s / (rough * factor) <= 10))
    first, last = int(np.ceil(start_s / step - 1e-9)), int(np.floor(end_s / step + 1e-9))
    return [round(step * place, 12) for place in range(first, last + 1)]


def legend(rows: Rows) -> tuple[Key, ...]:
    """Colours that occur, with what they stand for."""
    seen = {colour for mine in rows.blocks.values() for colour in mine.colour.tolist()}
    keys = [Key(COLOURS[kind][0], LABELS[kind]) for kind in ORDER if seen & set(COLOURS[kind])]
    return (*keys, Key("hatch", "bubble: waiting"))


def _alt(waits: Mapping[int, float], end_s: float) -> str:
    """The picture in words."""
    if not waits:
        return "Schedule of the step."
    least, most = min(waits, key=waits.__getitem__), max(waits, key=waits.__getitem__)
    return (
        f"Schedule of {len(waits)} pipeline ranks over {words.quantity(end_s, 's')}. "
        f"Rank {least} waits least, {waits[least]:.2f} s; rank {most} waits most, {waits[most]:.2f} s."
    )
