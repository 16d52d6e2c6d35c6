"""Pictures of a plan: the way to the runner-up, what would change the choice, what was tried."""

from __future__ import annotations

import pandas as pd

from reports.candidates import Candidates, Shown
from reports.document import Grid, Picture
from reports.terms import PARTS
from reports.tornado_picture import Bar, Swung, short, swings
from reports.tries_picture import Try, tries
from reports.waterfall import LEGEND, Way, waterfall

MOST_BARS = 12
CAPTION = "The figure of the choice with one input at a time at the ends of its interval, all others as they are."
CHANGES = "Where an input is marked *, another candidate is the best at one of its ends."


def way_to_runner_up(frame: pd.DataFrame, of: Shown) -> Grid:
    """From the choice's figure to the runner-up's, term by term."""
    steps = [
        (PARTS.get(str(term), str(term)), float(more) / of.divisor)
        for term, more in frame[["term", "difference"]].to_numpy().tolist()
        if more
    ]
    way = Way(of.unit, f"of {of.title[:1].lower()}{of.title[1:]}", "the choice", "the runner-up")
    first = float(frame["chosen"].sum()) / of.divisor
    return Grid(LEGEND, (waterfall("way", "What the runner-up adds", first, steps, way, "tables/attribution.csv"),))


def swings_of_choice(frame: pd.DataFrame, of: Candidates, how: Shown) -> Picture:
    """A tornado of the choice's figure; inputs that change the choice are marked."""
    rows = frame.assign(swing=(frame["figure_high"] - frame["figure_low"]).abs())
    rows = rows.sort_values(["changes_choice", "swing"], ascending=False, kind="stable").head(MOST_BARS)
    rows = rows.sort_values("swing", ascending=False, kind="stable")
    bars = [
        Bar(
            f"{'* ' * bool(row['changes_choice'])}{short(str(row['input']))}",
            (str(row["low"]), str(row["high"])),
            (float(row["figure_low"]) / how.divisor, float(row["figure_high"]) / how.divisor),
        )
        for row in rows.to_dict("records")
    ]
    swung = Swung(
        name="sensitivity",
        title=f"The {len(bars)} inputs that weigh most on the choice",
        nominal=of.values(of.objective)[0],
        unit=how.unit,
        caption=f"{CAPTION} {CHANGES}" if rows["changes_choice"].any() else f"{CAPTION} None changes the choice.",
        alt=f"{how.title} of the choice with one input at the ends of its interval",
    )
    return swings(bars, swung, "tables/sensitivity.csv")


def inverse(frame: pd.DataFrame, along: tuple[str, str], how: Shown) -> Picture:
    """Every try of an inverse question."""
    found = []
    for row in frame.to_dict("records"):
        figure, low, high = (float(row[name]) / how.divisor for name in ("figure", "low", "high"))
        found.append(Try(float(row["value"]), figure, low, high, bool(row["keeps"])))
    return tries(found, along, (how.title, how.unit), "tables/inverse.csv")
