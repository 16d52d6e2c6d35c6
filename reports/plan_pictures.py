"""Pictures of a plan: the way to the runner-up, what would change the choice, what was tried."""

from __future__ import annotations

import pandas as pd

from reports import words
from reports.candidates import Candidates, Shown
from reports.document import Grid, Picture
from reports.plan_tables import ending, has_intervals
from reports.terms import PARTS
from reports.tornado_picture import Bar, Swung, short, swings
from reports.tries_picture import Try, tries
from reports.waterfall import LEGEND, Way, waterfall

MOST_BARS = 12
NOISE_SHARE = 1e-9
"""Terms smaller than this share of the whole are rounding."""
CAPTION = "The figure of the best candidate with one input at a time at its low and at its high end."
CHANGES = "Where an input is marked *, another candidate is the best at one of its ends."


def in_si(of: Shown) -> Shown:
    """How differences of a figure are shown: a time in seconds, minutes, hours or days, whichever fits."""
    return Shown(of.title, "s", 1.0, of.less) if of.unit == "days" and of.divisor != 1 else of


def way_to_runner_up(frame: pd.DataFrame, of: Shown) -> Grid:
    """From the choice's figure to the runner-up's, term by term."""
    of = in_si(of)
    first = float(frame["chosen"].sum()) / of.divisor
    steps = [
        (PARTS.get(str(term), str(term)), float(more) / of.divisor)
        for term, more in frame[["term", "difference"]].to_numpy().tolist()
        if abs(float(more) / of.divisor) > NOISE_SHARE * abs(first)
    ]
    way = Way(of.unit, f"of {words.lowered(of.title)}", "the choice", "the runner-up")
    return Grid(LEGEND, (waterfall("way", "What the runner-up adds", first, steps, way, "tables/attribution.csv"),))


def swings_of_choice(frame: pd.DataFrame, of: Candidates, how: Shown) -> Picture:
    """A tornado of the choice's figure; inputs that change the choice are marked."""
    how = in_si(how)
    rows = frame.assign(swing=(frame["figure_high"] - frame["figure_low"]).abs())
    rows = rows.sort_values(["changes_choice", "swing"], ascending=False, kind="stable").head(MOST_BARS)
    rows = rows.sort_values("swing", ascending=False, kind="stable")
    bars = [
        Bar(
            f"{'* ' * bool(row['changes_choice'])}{short(str(row['input']))}",
            (ending(row["low"], str(row["input"])), ending(row["high"], str(row["input"]))),
            (float(row["figure_low"]) / how.divisor, float(row["figure_high"]) / how.divisor),
        )
        for row in rows.to_dict("records")
    ]
    swung = Swung(
        name="sensitivity",
        title=f"The {len(bars)} inputs that weigh most on the choice",
        nominal=float(of.frame[of.objective].iloc[0]) / how.divisor,
        unit=how.unit,
        caption=f"{CAPTION} {CHANGES}" if rows["changes_choice"].any() else f"{CAPTION} None changes the choice.",
        alt=f"{how.title} with one input at its low and at its high end",
    )
    return swings(bars, swung, "tables/sensitivity.csv")


def inverse(frame: pd.DataFrame, along: tuple[str, str], how: Shown) -> Picture:
    """Every try of an inverse question."""
    found = []
    known = has_intervals(frame)
    for row in frame.to_dict("records"):
        figure, low, high = (float(row[name]) / how.divisor for name in ("figure", "low", "high"))
        unknown = float("nan")
        ends = (low, high) if known else (unknown, unknown)
        found.append(Try(float(row["value"]), figure, *ends, keeps=bool(row["keeps"])))
    return tries(found, along, (how.title, how.unit), "tables/inverse.csv")
