"""A tornado: the step with one input at a time at the ends of its interval, the widest swing on top."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd
from markupsafe import Markup

from reports import svg, words
from reports.differences import cut
from reports.document import Key, Picture

WIDTH, PITCH, BAR, TOP, BELOW = 1160.0, 24.0, 14.0, 4.0, 22.0
LEFT, RIGHT = 470.0, 1080.0
"""Where the bars begin and end; inputs stand to the left of them."""
NAME = 66
"""Letters of an input's name."""
ROOM = 0.04
"""Of the span, left free on either side."""
LOW, HIGH = "backward-0", "optimizer"
LEGEND = (Key(LOW, "input at the low end of its interval"), Key(HIGH, "at the high end"))
CAPTION = (
    "Each input by itself at the ends of the interval that holds nine of its values in ten, all others as they are. "
    "x marks a factor on a family of values that stand on one source. The axis does not begin at 0."
)


class Bar(NamedTuple):
    """One input: its name without the scenario's part of the path, its ends as text, the step at each."""

    name: str
    ends: tuple[str, str]
    at_s: tuple[float, float]


def tornado(frame: pd.DataFrame, data: str) -> Picture:
    """Draw the table TORNADO of a result, which has at least one row."""
    names, low, high = (frame[name].tolist() for name in ("input", "low", "high"))
    at_s = zip(frame["step_at_low_s"].tolist(), frame["step_at_high_s"].tolist(), strict=True)
    bars = [Bar(short(name), (a, b), s) for name, a, b, s in zip(names, low, high, at_s, strict=True)]
    nominal_s = float(frame["step_nominal_s"].iloc[0])
    ends = [second for bar in bars for second in bar.at_s] + [nominal_s]
    room_s = ROOM * (max(ends) - min(ends))
    span = (min(ends) - room_s, max(ends) + room_s)
    height = TOP + PITCH * len(bars) + BELOW
    drawn = [svg.line(_at(nominal_s, span), TOP, height - BELOW + 4)]
    for place, bar in enumerate(bars):
        drawn += _bar(bar, nominal_s, TOP + PITCH * place, span)
    drawn.append(svg.text(_at(nominal_s, span), height - 4, str(words.quantity(nominal_s, "s")), "axis", "middle"))
    told = "; ".join(f"{bar.name} {_seconds(bar.at_s)}" for bar in bars)
    alt = f"Steps with one input at the ends of its interval: {told}; {words.quantity(nominal_s, 's')} as they are."
    picture = svg.picture("tornado", (WIDTH, height), alt, drawn)
    return Picture("tornado", f"The {len(bars)} inputs that move the step most", picture, CAPTION, LEGEND, data)


def short(name: str) -> str:
    """An input's path without what all of a cluster's paths begin with."""
    for start in ("cluster.node.gpu.", "cluster.node.", "cluster."):
        if name.startswith(start):
            return name.removeprefix(start)
    return name


def _at(second: float, span: tuple[float, float]) -> float:
    """Place of an instant."""
    return svg.across(second, span, (LEFT, RIGHT))


def _bar(bar: Bar, nominal_s: float, y: float, span: tuple[float, float]) -> Iterator[Markup]:
    """Name with its ends, and the way from the nominal step to that at each end."""
    yield svg.text(0.0, y + 13, cut(f"{bar.name} ({bar.ends[0]} to {bar.ends[1]})", NAME), "axis")
    for second, colour, end in zip(bar.at_s, (LOW, HIGH), bar.ends, strict=True):
        left, right = sorted((_at(nominal_s, span), _at(second, span)))
        title = f"{bar.name} at {end}: {words.quantity(second, 's')}"
        yield svg.rectangles([(left, y + 3, max(right - left, 1.0), BAR)], colour, title)
    yield svg.text(WIDTH, y + 13, _seconds(bar.at_s), "axis", "end")


def _seconds(at_s: Sequence[float]) -> str:
    """ "18.60 to 19.73 s"."""
    return words.interval(min(at_s), max(at_s), "s", 4).removesuffix(words.AT)
