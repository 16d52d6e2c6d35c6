"""One pipeline rank's time as a row of blocks: which colour from when to when, drawn as one path a colour."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from reports import chunks, svg
from simulator.trace import Trace

NARROWEST = 1.5
"""Mean width of a block below which blocks are no longer drawn one by one."""
BLOCK_GAP = 0.4

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
Names = npt.NDArray[np.object_]


class Axis(NamedTuple):
    """Seconds to units of the picture; `unit` is written beside times, empty where they have none."""

    start_s: float
    end_s: float
    left: float
    right: float
    unit: str = "s"

    def at(self, seconds: Floats) -> Floats:
        """Horizontal places of instants."""
        share = (seconds - self.start_s) / (self.end_s - self.start_s)
        return np.clip(self.left + share * (self.right - self.left), self.left, self.right)


class Blocks(NamedTuple):
    """What one rank computes, in order of time; `colour` [block] names a colour of the palette."""

    start_s: Floats
    end_s: Floats
    colour: Names


def looks(trace: Trace, dark_from_stage: float = math.inf) -> Names:
    """Colour of each task, empty for what is not computing (sends).

    The darker shade is for micro-batches that enter at the far end, and for stages from `dark_from_stage` on.
    """
    far = chunks.from_the_far_end(trace)
    colours = []
    for name in trace.names:
        kind = chunks.kind(name)
        first = next((c for c in chunks.chunks(name) if c.op == "F" or kind != "pair"), None)
        dark = first is not None and (first.micro_batch in far or first.stage >= dark_from_stage)
        colours.append("" if kind == "send" else COLOURS[kind][dark])
    return np.asarray([*colours, ""], dtype=object)[trace.name]


def blocks(trace: Trace, colour: Names, rank: int) -> Blocks:
    """The rank's computing tasks by start."""
    chosen = np.flatnonzero((trace.rank == rank) & (colour != "") & (trace.end_s > trace.start_s))
    chosen = chosen[np.argsort(trace.start_s[chosen], kind="stable")]
    return Blocks(trace.start_s[chosen], trace.end_s[chosen], colour[chosen])


def row(rank: int, drawn: Blocks, axis: Axis, band: tuple[float, float], picture: str) -> list[Markup]:
    """One rank: hatching from end to end, over it its blocks, one path a colour; `band` is top and height."""
    top, height = band
    left, right, colour = _places(_within(drawn, axis), axis)
    markup = [svg.hatched([(axis.left, top, axis.right - axis.left, height)], picture)]
    for kind in ORDER:
        for shade in dict.fromkeys(COLOURS[kind]):
            mine = colour == shade
            if mine.any():
                shapes = [(x, top, end - x, height) for x, end in zip(left[mine], right[mine], strict=True)]
                spent_s = float((drawn.end_s - drawn.start_s)[drawn.colour == shade].sum())
                title = f"rank {rank}, {LABELS[kind]}: {spent_s:.2f} {axis.unit}".strip()
                markup.append(svg.rectangles(shapes, shade, title))
    return markup


def _within(drawn: Blocks, axis: Axis) -> Blocks:
    """The blocks of which something lies on the axis."""
    seen = (drawn.end_s > axis.start_s) & (drawn.start_s < axis.end_s)
    return Blocks(drawn.start_s[seen], drawn.end_s[seen], drawn.colour[seen])


def _places(drawn: Blocks, axis: Axis) -> tuple[Floats, Floats, Names]:
    """Left and right end of each block and its colour, or of runs of one colour where blocks are too narrow."""
    left, right = axis.at(drawn.start_s), axis.at(drawn.end_s)
    if len(left) and float((right - left).mean()) < NARROWEST:
        return _sampled(drawn, axis)
    return left, np.maximum(right - BLOCK_GAP, left + BLOCK_GAP), drawn.colour


def _sampled(drawn: Blocks, axis: Axis) -> tuple[Floats, Floats, Names]:
    """Runs of one colour, taken at every unit of the picture's width: left, right, colour."""
    columns = np.arange(axis.left, axis.right)
    when = axis.start_s + (columns + 0.5 - axis.left) / (axis.right - axis.left) * (axis.end_s - axis.start_s)
    place = np.searchsorted(drawn.start_s, when, side="right") - 1
    busy = (place >= 0) & (when < drawn.end_s[place])
    colour = np.where(busy, drawn.colour[place], "")
    starts = np.flatnonzero(np.concatenate(([True], colour[1:] != colour[:-1])))
    ends = np.append(starts[1:], len(columns))
    return columns[starts], columns[ends - 1] + 1, colour[starts]
