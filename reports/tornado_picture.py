"""A tornado: a figure with one input at a time at the ends of its interval, the widest swing on top."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd
from markupsafe import Markup

from reports import svg, words
from reports.differences import cut
from reports.document import Key, Picture

WIDTH, PITCH, BAR, TOP, BELOW = 1160.0, 24.0, 14.0, 4.0, 22.0
LEFT = 470.0
"""Where the bars begin; inputs stand to the left of them, the figure's ends to the right."""
LETTER = 6.2
"""Width of a letter of 11 pixels."""
NAME = 66
"""Letters of an input's name."""
APART = 130.0
"""Least distance between two labels below the bars."""
ROOM = 0.04
"""Of the span, left free on either side."""
LOW, HIGH = "backward-0", "optimizer"
LEGEND = (Key(LOW, "input at the low end of its interval"), Key(HIGH, "at the high end"))
CAPTION = (
    "Each input by itself at the ends of the interval that holds nine of its values in ten, all others as they are. "
    "x marks a factor on a family of values that stand on one source. The axis does not begin at 0."
)


class Bar(NamedTuple):
    """One input: its name without the scenario's part of the path, its ends as text, the figure at each."""

    name: str
    ends: tuple[str, str]
    at: tuple[float, float]


class Swung(NamedTuple):
    """What is swung.

    name     of the picture;  nominal   the figure with all inputs as they are
    alt      what the picture shows, up to the colon;  zero   what 0 means where it is worth a line of its own
    """

    name: str
    title: str
    nominal: float
    unit: str
    caption: str
    alt: str
    zero: str = ""


class Across(NamedTuple):
    """The axis: lowest and highest value, and the edges that stand for them."""

    span: tuple[float, float]
    edges: tuple[float, float]

    def at(self, value: float) -> float:
        """Place of a value."""
        return svg.across(value, self.span, self.edges)


def tornado(frame: pd.DataFrame, data: str) -> Picture:
    """Draw the table TORNADO of a result, which has at least one row."""
    names, low, high = (frame[name].tolist() for name in ("input", "low", "high"))
    at_s = zip(frame["step_at_low_s"].tolist(), frame["step_at_high_s"].tolist(), strict=True)
    bars = [Bar(short(name), (a, b), s) for name, a, b, s in zip(names, low, high, at_s, strict=True)]
    title = f"The {len(bars)} inputs that move the step most"
    alt = "Steps with one input at the ends of its interval"
    nominal_s = float(frame["step_nominal_s"].iloc[0])
    return swings(bars, Swung("tornado", title, nominal_s, "s", CAPTION, alt), data)


def swings(bars: Sequence[Bar], of: Swung, data: str) -> Picture:
    """Draw the swings of any figure, at least one."""
    ends = [value for bar in bars for value in bar.at] + [of.nominal]
    room = ROOM * (max(ends) - min(ends))
    right = WIDTH - LETTER * max(len(_ends(bar.at, of.unit)) for bar in bars)
    across = Across((min(ends) - room, max(ends) + room), (LEFT, right))
    height = TOP + PITCH * len(bars) + BELOW
    drawn = [svg.line(across.at(of.nominal), TOP, height - BELOW + 4)]
    for place, bar in enumerate(bars):
        drawn += _bar(bar, of, TOP + PITCH * place, across)
    drawn += _feet(of, across, height)
    told = "; ".join(f"{bar.name} {_ends(bar.at, of.unit)}" for bar in bars)
    alt = f"{of.alt}: {told}; {words.quantity(of.nominal, of.unit)} as they are."
    picture = svg.picture(of.name, (WIDTH, height), alt, drawn)
    return Picture(of.name, of.title, picture, of.caption, LEGEND, data)


def _feet(of: Swung, across: Across, height: float) -> Iterator[Markup]:
    """The figure as it is, and 0 where it means something and lies apart from it, each below its line."""
    at, span = across.at(of.nominal), across.span
    yield svg.text(at, height - 4, str(words.quantity(of.nominal, of.unit)), "axis", "middle")
    if of.zero and span[0] <= 0 <= span[1]:
        zero = across.at(0.0)
        yield svg.polyline([(zero, TOP), (zero, height - BELOW + 4)], "ink", "4 3")
        if abs(zero - at) > APART:
            yield svg.text(zero, height - 4, of.zero, "axis", "middle")


def short(name: str) -> str:
    """An input's path without what all of a cluster's paths begin with."""
    for start in ("cluster.node.gpu.", "cluster.node.", "cluster."):
        if name.startswith(start):
            return name.removeprefix(start)
    return name


def _bar(bar: Bar, of: Swung, y: float, across: Across) -> Iterator[Markup]:
    """Name with its ends, and the way from the nominal figure to that at each end."""
    yield svg.text(0.0, y + 13, cut(f"{bar.name} ({bar.ends[0]} to {bar.ends[1]})", NAME), "axis")
    for value, colour, end in zip(bar.at, (LOW, HIGH), bar.ends, strict=True):
        left, right = sorted((across.at(of.nominal), across.at(value)))
        title = f"{bar.name} at {end}: {words.quantity(value, of.unit)}"
        yield svg.rectangles([(left, y + 3, max(right - left, 1.0), BAR)], colour, title)
    yield svg.text(WIDTH, y + 13, _ends(bar.at, of.unit), "axis", "end")


def _ends(at: Sequence[float], unit: str) -> str:
    """ "18.60 to 19.73 s"."""
    return words.interval(min(at), max(at), unit, 4).removesuffix(words.AT)
