"""Pictures of a service over the size of its steps: time per token against tokens a second, and what overlap gains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd
from markupsafe import Markup

from reports import svg, words
from reports.chart import BELOW, Axis, Frame, from_zero
from reports.document import Key, Picture

WIDTH, HEIGHT = 1160.0, 340.0
SMALL_WIDTH, SMALL_HEIGHT = 560.0, 270.0
EDGES = (58.0, 30.0, WIDTH - 16.0, HEIGHT - BELOW)
SMALL_EDGES = (58.0, 30.0, SMALL_WIDTH - 12.0, SMALL_HEIGHT - BELOW)
LETTER, LINE = 6.4, 13.0
"""Room that a letter of a label takes, and a line."""
CURVE, PROMISED, OVERLAPPED, ALONE = "forward-0", "backward-0", "forward-0", "weight-0"
OVERLAP_LEGEND = (Key(OVERLAPPED, "two micro-batches"), Key(ALONE, "one after the other"))
REGION = 0.16
"""Ink of the region that keeps the promise."""


class Point(NamedTuple):
    """One batch: sequences of a group, seconds a token, tokens a second of a GPU, whether it fits."""

    sequences: int
    tpot_s: float
    tokens_per_s: float
    fits: bool


def batches(table: pd.DataFrame, own: float, promised_s: float | None) -> Picture:
    """Tokens a second of a GPU over the time per token, one dot a batch.

    table        [sequences]   sequences, tpot_s, tokens_per_s_per_gpu, fits
    own          sequences of the service's own batch;  promised_s   time per token that is promised, if any
    """
    columns = zip(
        *(table[name].tolist() for name in ("sequences", "tpot_s", "tokens_per_s_per_gpu", "fits")), strict=True
    )
    points = [Point(int(n), float(tpot), float(rate), bool(fits)) for n, tpot, rate, fits in columns]
    slowest_s = max(*(one.tpot_s for one in points), promised_s or 0.0)
    across = from_zero("time per output token (TPOT)", [slowest_s], "s")
    frame = Frame(across, from_zero("tokens a second of a GPU", [one.tokens_per_s for one in points]), EDGES)
    drawn = [*_promise(frame, promised_s), *frame.grid()]
    drawn.append(frame.curve([(one.tpot_s, one.tokens_per_s) for one in points], CURVE))
    drawn += [_dot(frame, one) for one in points]
    drawn += _labels(frame, points, own)
    told = "; ".join(_told(one) for one in points)
    legend = [Key(CURVE, "a batch, by sequences of a group; a ring does not fit in memory")]
    legend += [Key(PROMISED, f"keeps the promised {words.quantity(promised_s, 's')} a token")] if promised_s else []
    caption = "More sequences in a step write more tokens a second, and each user waits longer for the next one."
    drawing = svg.picture("batches", (WIDTH, HEIGHT), f"Batches: {told}.", drawn)
    return Picture(
        "batches", "Speed of a GPU against speed for a user", drawing, caption, tuple(legend), "tables/answers.csv"
    )


def _promise(frame: Frame, promised_s: float | None) -> Iterator[Markup]:
    """The region in which a token is in time."""
    if promised_s is None:
        return
    left, top, _, bottom = frame.edges
    x, _ = frame.at(promised_s, 0.0)
    title = f"up to {words.quantity(promised_s, 's')} a token"
    yield svg.rectangles([(left, top, x - left, bottom - top)], PROMISED, title, REGION)


def _told(one: Point) -> str:
    """A batch in words."""
    fits = "" if one.fits else ", does not fit"
    return f"{one.sequences:,} sequences {words.quantity(one.tpot_s, 's', 3)}, {one.tokens_per_s:,.0f} a second{fits}"


def _dot(frame: Frame, one: Point) -> Markup:
    """The mark of a batch."""
    return svg.dot(*frame.at(one.tpot_s, one.tokens_per_s), CURVE, not one.fits, _told(one))


def _labels(frame: Frame, points: Sequence[Point], own: float) -> Iterator[Markup]:
    """Sequences left of their dots, where the curve never is: the service's own batch first, then from the largest
    down those that have room.
    """
    said: list[tuple[float, float, float]] = []
    for one in sorted(points, key=lambda point: (point.sequences != own, -point.sequences)):
        x, y = frame.at(one.tpot_s, one.tokens_per_s)
        text = f"{one.sequences:,} (this service)" if one.sequences == own else f"{one.sequences:,}"
        left = x - LETTER * len(text)
        if any(left < end and start < x and abs(y - up) < LINE for start, end, up in said):
            continue
        said.append((left, x, y))
        yield svg.text(x - 8, y - 4, text, "axis", "end")


def overlap(name: str, title: str, table: pd.DataFrame, size: str) -> Picture:
    """Tokens a second of a GPU with two micro-batches and without, over the size of the step.

    table   [size]   size, step_s, tokens_per_s_per_gpu, overlapped_s, alone_s, gain_ratio
    size    column of the size: sequences, or tokens
    """
    sizes = table[size].astype(float).tolist()
    work = (table["tokens_per_s_per_gpu"] * table["step_s"]).astype(float)
    both, alone = ((work / table[way]).astype(float).tolist() for way in ("overlapped_s", "alone_s"))
    low, high = min(sizes), max(sizes)
    across = Axis(f"{size} of a group in a step", (low, high if high > low else 2 * low), "", True)
    frame = Frame(across, from_zero("tokens a second of a GPU", [*both, *alone]), SMALL_EDGES)
    drawn = [*frame.grid()]
    for values, colour in ((both, OVERLAPPED), (alone, ALONE)):
        points = list(zip(sizes, values, strict=True))
        drawn.append(frame.curve(points, colour))
        drawn += [svg.dot(*frame.at(*point), colour, False, f"{point[0]:,.0f}: {point[1]:,.0f}") for point in points]
    turn = turns_at(sizes, table["gain_ratio"].astype(float).tolist())
    if turn is not None:
        drawn += frame.mark(turn, "break-even")
    gains = table["gain_ratio"].astype(float).tolist()
    told = "; ".join(f"{one:,.0f} {size} {gain:+.0%}" for one, gain in zip(sizes, gains, strict=True))
    caption = f"Two micro-batches gain {min(gains):+.0%} to {max(gains):+.0%} speed over these sizes."
    drawing = svg.picture(name, (SMALL_WIDTH, SMALL_HEIGHT), f"{title}, gain of two micro-batches: {told}.", drawn)
    data = f"tables/{name.removeprefix('overlap-')}.csv"
    return Picture(name, title, drawing, caption, (), data)


def turns_at(sizes: Sequence[float], gains: Sequence[float]) -> float | None:
    """Size from which on a loss has become a gain for good, between two that were tried; None where it never turns."""
    losses = [place for place, gain in enumerate(gains) if gain <= 0]
    if not losses or losses[-1] == len(gains) - 1:
        return None
    place = losses[-1]
    before, after = gains[place], gains[place + 1]
    return sizes[place] + (sizes[place + 1] - sizes[place]) * -before / (after - before)
