"""The whole step as a picture: one row a pipeline rank, one block a chunk, hatching where a rank waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from reports import chunks, svg, terms, words
from reports.document import Key, Picture
from simulator.trace import Trace

WIDTH, LEFT, RIGHT, TOP = 1160.0, 58.0, 64.0, 20.0
TALLEST_ROW, ROWS_HEIGHT, GAP_SHARE = 19.0, 420.0, 0.16
NARROWEST = 1.5
"""Mean width of a block below which blocks are no longer drawn one by one."""
MOST_ROWS = 64
BLOCK_GAP, LEGIBLE = 0.4, 9.0

LABELS = {
    "F": "forward alone", "B": "backward alone", "I": "input gradient alone",
    "W": "weight gradient alone", "pair": "overlapped pair",
    "optimizer": "gradient exchange and optimiser", "other": "other work",
}  # fmt: skip
COLOURS = {
    "F": ("forward-0", "forward-1"), "B": ("backward-0", "backward-1"), "I": ("input-0", "input-1"),
    "W": ("weight-0", "weight-1"), "pair": ("pair-0", "pair-1"),
    "optimizer": ("optimizer", "optimizer"), "other": ("other", "other"),
}  # fmt: skip
ORDER = tuple(LABELS)

Floats = npt.NDArray[np.float64]


class Axis(NamedTuple):
    """Seconds to units of the picture."""

    start_s: float
    end_s: float
    left: float
    right: float

    def at(self, seconds: Floats) -> Floats:
        """Horizontal places of instants."""
        share = (seconds - self.start_s) / (self.end_s - self.start_s)
        return np.clip(self.left + share * (self.right - self.left), self.left, self.right)


class Blocks(NamedTuple):
    """What one rank computes, in order of time; `colour` [block] names a colour of the palette."""

    start_s: Floats
    end_s: Floats
    colour: npt.NDArray[np.object_]


def schedule(trace: Trace, waits_s: Mapping[int, float]) -> Picture:
    """Draw the step; chunks too narrow to be seen one by one are drawn as the colour at each point in time.

    waits_s   rank -> its bubble in seconds, written at the end of its row
    """
    look = _looks(trace)
    rows = {rank: _blocks(trace, look, rank) for rank in _shown_ranks(trace)}
    end_s = trace.makespan_s or 1.0
    axis = Axis(0.0, end_s, LEFT, WIDTH - RIGHT)
    pitch = min(TALLEST_ROW, ROWS_HEIGHT / max(len(rows), 1))
    bottom = TOP + pitch * len(rows)
    drawn = [*_axis(axis, bottom, end_s)]
    for place, (rank, blocks) in enumerate(rows.items()):
        top = TOP + place * pitch
        drawn.extend(_row(rank, blocks, axis, (top, pitch * (1 - GAP_SHARE))))
        if pitch >= LEGIBLE:
            drawn.extend(_names(rank, waits_s, axis.left, top + pitch / 2 + 3))
    drawn.append(svg.text(WIDTH, TOP - 7, "bubble", "axis", "end"))
    alt = _alt(rank_waits(rows, waits_s), end_s)
    return Picture(
        "schedule",
        "Every pipeline rank over the whole step",
        svg.picture("schedule", (WIDTH, bottom + 24), alt, drawn),
        terms.CAPTIONS["schedule"],
        _legend(rows),
        "timeline.json",
    )


def _looks(trace: Trace) -> npt.NDArray[np.object_]:
    """Colour of each task, empty for what is not computing (sends)."""
    far = chunks.from_the_far_end(trace)
    colours = []
    for name in trace.names:
        kind = chunks.kind(name)
        first = next((c.micro_batch for c in chunks.chunks(name) if c.op == "F" or kind != "pair"), -1)
        colours.append("" if kind == "send" else COLOURS[kind][first in far])
    return np.asarray([*colours, ""], dtype=object)[trace.name]


def _shown_ranks(trace: Trace) -> list[int]:
    """All ranks, or `MOST_ROWS` evenly spread ones."""
    ranks = np.unique(trace.rank)
    if len(ranks) > MOST_ROWS:
        ranks = ranks[np.linspace(0, len(ranks) - 1, MOST_ROWS).round().astype(int)]
    return [int(rank) for rank in ranks]


def _blocks(trace: Trace, colour: npt.NDArray[np.object_], rank: int) -> Blocks:
    """The rank's computing tasks by start."""
    chosen = np.flatnonzero((trace.rank == rank) & (colour != "") & (trace.end_s > trace.start_s))
    chosen = chosen[np.argsort(trace.start_s[chosen], kind="stable")]
    return Blocks(trace.start_s[chosen], trace.end_s[chosen], colour[chosen])


def rank_waits(rows: Mapping[int, Blocks], waits_s: Mapping[int, float]) -> dict[int, float]:
    """Bubble of the ranks that are drawn, those whose bubble is known."""
    return {rank: waits_s[rank] for rank in rows if rank in waits_s}


def _names(rank: int, waits_s: Mapping[int, float], left: float, y: float) -> list[Markup]:
    """The rank's name before its row, its bubble after it."""
    drawn = [svg.text(left - 8, y, f"rank {rank}", "axis", "end")]
    if rank in waits_s:
        drawn.append(svg.text(WIDTH, y, f"{waits_s[rank]:.2f} s", "axis", "end"))
    return drawn


def _row(rank: int, blocks: Blocks, axis: Axis, band: tuple[float, float]) -> list[Markup]:
    """One rank: hatching from end to end, over it its blocks, one path a colour; `band` is top and height."""
    top, height = band
    left, right = axis.at(blocks.start_s), axis.at(blocks.end_s)
    if len(left) and float((right - left).mean()) < NARROWEST:
        left, right, colour = _sampled(blocks, axis)
    else:
        right, colour = np.maximum(right - BLOCK_GAP, left + BLOCK_GAP), blocks.colour
    drawn = [svg.hatched([(axis.left, top, axis.right - axis.left, height)], "schedule")]
    for kind in ORDER:
        for shade in dict.fromkeys(COLOURS[kind]):
            mine = colour == shade
            if mine.any():
                shapes = [(x, top, end - x, height) for x, end in zip(left[mine], right[mine], strict=True)]
                spent_s = float((blocks.end_s - blocks.start_s)[blocks.colour == shade].sum())
                drawn.append(svg.rectangles(shapes, shade, f"rank {rank}, {LABELS[kind]}: {spent_s:.2f} s"))
    return drawn


def _sampled(blocks: Blocks, axis: Axis) -> tuple[Floats, Floats, npt.NDArray[np.object_]]:
    """Runs of one colour, taken at every unit of the picture's width: left, right, colour."""
    columns = np.arange(axis.left, axis.right)
    when = axis.start_s + (columns + 0.5 - axis.left) / (axis.right - axis.left) * (axis.end_s - axis.start_s)
    place = np.searchsorted(blocks.start_s, when, side="right") - 1
    busy = (place >= 0) & (when < blocks.end_s[place])
    colour = np.where(busy, blocks.colour[place], "")
    starts = np.flatnonzero(np.concatenate(([True], colour[1:] != colour[:-1])))
    ends = np.append(starts[1:], len(columns))
    return columns[starts], columns[ends - 1] + 1, colour[starts]


def _axis(axis: Axis, bottom: float, end_s: float) -> list[Markup]:
    """Ticks in seconds under the rows."""
    drawn = []
    for second in ticks(end_s):
        x = float(axis.at(np.asarray([second]))[0])
        drawn += [svg.line(x, TOP - 4, bottom + 2), svg.text(x, bottom + 16, f"{second:g} s", "axis", "middle")]
    return drawn


def ticks(end_s: float) -> list[float]:
    """Round instants from zero to `end_s`, five to ten of them."""
    rough = 10.0 ** np.floor(np.log10(end_s / 5)) if end_s > 0 else 1.0
    step = next(rough * factor for factor in (1, 2, 5, 10) if end_s / (rough * factor) <= 10)
    return [round(float(step) * place, 12) for place in range(int(end_s / step) + 1)]


def _legend(rows: dict[int, Blocks]) -> tuple[Key, ...]:
    """Colours that occur, with what they stand for."""
    seen = {colour for blocks in rows.values() for colour in blocks.colour.tolist()}
    keys = [Key(COLOURS[kind][0], LABELS[kind]) for kind in ORDER if seen & set(COLOURS[kind])]
    return (*keys, Key("hatch", "bubble: waiting"))


def _alt(waits: Mapping[int, float], end_s: float) -> str:
    """The picture in words."""
    if not waits:
        return "Schedule of the step."
    least, most = min(waits, key=waits.__getitem__), max(waits, key=waits.__getitem__)
    length = words.quantity(end_s, "s")
    return (
        f"Schedule of {len(waits)} pipeline ranks over {length}. "
        f"Rank {least} waits least, {waits[least]:.2f} s; rank {most} waits most, {waits[most]:.2f} s."
    )
