"""Roofline of a model's parts: the roof above, and under it each part at its arithmetic intensity."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd
from markupsafe import Markup

from reports import palette, svg, words
from reports.document import Key, Part, Picture, Section
from reports.tables import Look, table

TABLE = "roofline"
WIDTH, LEFT, RIGHT = 1160.0, 200.0, 1140.0
ROOF_TOP, ROOF_HEIGHT, ROW, AXIS = 22.0, 150.0, 21.0, 40.0
APART = 3.0
"""Height between the dots of two cases on a part's line, so that equal ones are both seen."""
BEHIND_RIDGE = 4
"""Times its intensity that a ridge has room on its right, where its name stands."""
HIDDEN = ["work", "flop", "bytes", "peak_flop_per_s"]
TITLES = {"training": "Roofline of training", "prefill": "Roofline of prefill", "decode": "Roofline of decode"}
CASES = {"training": "Pass", "prefill": "Work", "decode": "Sequences"}
CAPTION = (
    "Dots left of their precision's dashed ridge are rings: the part waits for memory. Right of it they are full: "
    "arithmetic binds. Above, the same dots on the roof, the most that the GPU's nominal rates allow. Norms, casts and "
    "moves do no matrix products: memory binds them all, and they have no dot."
)
LOOK = Look(
    "Parts, what binds them, and what they take",
    titles={
        "part": "Part", "precision": "Precision", "flop_per_byte": "FLOP a byte", "bound": "Bound by",
        "ridge_flop_per_byte": "Ridge", "attainable_flop_per_s": "Attainable", "time_share": "Share of the time",
    },
    meanings={"ridge_flop_per_byte": "FLOP a byte at which arithmetic and memory take equally long",
              "time_share": "if every operation takes what its roof allows"},
    names={"compute": "arithmetic", "bf16": "BF16", "fp8": "FP8"},
    bars=("time_share",),
)  # fmt: skip


class Frame(NamedTuple):
    """Where intensities and rates lie in the picture; both axes are logarithmic.

    low, high  decades of FLOP a byte;  floor, top  decades of FLOP/s
    """

    low: int
    high: int
    floor: int
    top: int

    def x(self, flop_per_byte: float) -> float:
        """Horizontal place of an intensity."""
        return LEFT + (math.log10(flop_per_byte) - self.low) / (self.high - self.low) * (RIGHT - LEFT)

    def y(self, flop_per_s: float) -> float:
        """Vertical place of a rate in the upper part."""
        return ROOF_TOP + (self.top - math.log10(flop_per_s)) / (self.top - self.floor) * ROOF_HEIGHT


def section(rows: pd.DataFrame) -> Section:
    """What binds the parts of a training step."""
    lead = "Arithmetic intensity is what a part computes for each byte that it moves. Recomputation is not counted."
    title = "What arithmetic binds and what memory binds"
    return Section(TABLE, "Roofline", title, (lead,), parts(rows, "training", f"tables/{TABLE}.csv"))


def parts(rows: pd.DataFrame, work: str, data: str = "") -> tuple[Part, ...]:
    """Picture and table of one kind of work."""
    own = rows[rows["work"] == work]
    name = f"{TABLE}-{work}"
    titles = {**LOOK.titles, "at": CASES[work]}
    shown = table(
        name,
        own.drop(columns=HIDDEN),
        replace(LOOK, title=f"Parts of {work}, what binds them, and what they take", titles=titles),
    )
    return (_picture(own[own["flop"] > 0], work, data), replace(shown, data=data))


def named(rows: pd.DataFrame) -> str:
    """Parts by what binds them, in a sentence each."""
    computed = rows[rows["flop"] > 0]
    sides: dict[str, list[str]] = {"compute": [], "memory": [], "both": []}
    for label, group in _by_label(computed):
        bounds = set(group["bound"])
        if len(bounds) == 1:
            sides[bounds.pop()].append(label)
        else:
            side, fewer = min(group.groupby("bound"), key=lambda found: len(found[1]))
            sides["both"].append(f"{label} (by {LOOK.names.get(str(side), side)}: {', '.join(fewer['at'])})")
    said = {"compute": "Bound by arithmetic", "memory": "Bound by memory", "both": "By one or the other"}
    return " ".join(f"{text}: {'; '.join(sides[side])}." for side, text in said.items() if sides[side])


def _by_label(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Rows of each part and precision: "routed experts, FP8"."""
    for (part, precision), group in rows.groupby(["part", "precision"], sort=False):
        yield f"{part}, {str(precision).upper()}", group


def _picture(rows: pd.DataFrame, work: str, data: str) -> Picture:
    """Roof above, one line a part below, on one axis of FLOP a byte."""
    name = f"{TABLE}-{work}"
    frame = _frame(rows)
    passes = list(dict.fromkeys(rows["at"]))
    colours = dict(zip(passes, palette.series(len(passes)), strict=True))
    labelled = list(_by_label(rows))
    bottom = ROOF_TOP + ROOF_HEIGHT + 14 + ROW * len(labelled)
    drawn = [*_grid(frame, bottom), *_roofs(rows, frame, bottom)]
    for place, (label, group) in enumerate(labelled):
        y = ROOF_TOP + ROOF_HEIGHT + 14 + ROW * (place + 0.5)
        drawn.append(svg.text(LEFT - 12, y + 4, label, "axis", "end"))
        drawn += _dots(group, frame, colours, y)
    said = named(rows)
    legend = tuple(Key(colour, str(label)) for label, colour in colours.items())
    drawing = svg.picture(name, (WIDTH, bottom + AXIS), f"{TITLES[work]}. {said}", drawn)
    return Picture(name, TITLES[work], drawing, f"{said} {CAPTION}", legend, data)


def _frame(rows: pd.DataFrame) -> Frame:
    """Whole decades around all dots and ridges, with room behind the ridges, and around what the roof gives there."""
    places = [*rows["flop_per_byte"], *(BEHIND_RIDGE * rows["ridge_flop_per_byte"])]
    rates = [*rows["attainable_flop_per_s"], *rows["peak_flop_per_s"]]
    low, floor = (math.floor(math.log10(min(values) * 0.9)) for values in (places, rates))
    high, top = (math.ceil(math.log10(max(values) * 1.1)) for values in (places, rates))
    return Frame(low, high, floor, top)


def _grid(frame: Frame, bottom: float) -> Iterator[Markup]:
    """Decades of both axes with their numbers."""
    for decade in range(frame.low, frame.high + 1):
        x = frame.x(10.0**decade)
        yield svg.line(x, ROOF_TOP, bottom)
        yield svg.text(x, bottom + 15, f"{10.0**decade:,g}", "axis", "middle")
    yield svg.text((LEFT + RIGHT) / 2, bottom + 32, "FLOP a byte", "axis", "middle")
    for decade in range(frame.floor, frame.top + 1):
        y = frame.y(10.0**decade)
        yield svg.polyline([(LEFT, y), (RIGHT, y)], "line")
        yield svg.text(LEFT - 12, y + 4, str(words.quantity(10.0**decade, "flop/s")), "axis", "end")


def _roofs(rows: pd.DataFrame, frame: Frame, bottom: float) -> Iterator[Markup]:
    """The roof of each precision, and its ridge down through the parts."""
    heads = rows.groupby("precision")[["ridge_flop_per_byte", "peak_flop_per_s"]].first()
    ordered = heads.sort_values("ridge_flop_per_byte")
    for place, (precision, ridge, peak) in enumerate(ordered.itertuples(), start=1):
        slope_bytes_per_s = peak / ridge
        start = max(10.0**frame.low, 10.0**frame.floor / slope_bytes_per_s)
        corners = [(start, start * slope_bytes_per_s), (ridge, peak), (10.0**frame.high, peak)]
        yield svg.polyline([(frame.x(at), frame.y(rate)) for at, rate in corners], "ink")
        yield svg.polyline([(frame.x(ridge), ROOF_TOP - 16), (frame.x(ridge), bottom)], "soft", "4 3")
        text = f"{str(precision).upper()}: {words.quantity(peak, 'flop/s')} from {ridge:.0f} FLOP a byte"
        last = place == len(ordered)
        yield svg.text(frame.x(ridge) + (6 if last else -6), ROOF_TOP - 8, text, "axis", "start" if last else "end")


def _dots(rows: pd.DataFrame, frame: Frame, colours: dict[Any, str], y: float) -> Iterator[Markup]:
    """A part's dots, on its own line and on the roof."""
    columns = ["at", "part", "flop_per_byte", "bound", "attainable_flop_per_s"]
    for at, part, intensity, bound, rate in rows[columns].itertuples(index=False):
        title = f"{part}, {at}: {intensity:.4g} FLOP a byte, at most {words.quantity(rate, 'flop/s')}"
        own = y + APART * (list(colours).index(at) - (len(colours) - 1) / 2)
        for height in (own, frame.y(rate)):
            yield svg.dot(frame.x(intensity), height, colours[at], bound == "memory", title)
