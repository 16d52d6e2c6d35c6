"""Tiles of a plan: the choice's figures, how far the runner-up is off, how many candidates there were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from reports import tiles, words
from reports.candidates import Candidates, candidates, shown
from reports.differences import percent
from reports.document import Tile
from reports.plan_pictures import in_si
from simulator.result import Answered

Tables = Mapping[str, pd.DataFrame]
NEAR_SHARE = 0.1
"""How far an estimate may be from what was simulated and still be known for the same figure."""
MOST_TILES = 4
COUNTS = {"gpus": "GPUs", "nodes": "Nodes", "tokens": "Tokens", "requests_per_s": "Requests a second"}
"""What an inverse question may look for, as its figure is called -> its title."""
KEPT = ("estimated", "weighed")
"""How the reasons begin of candidates that were worked out."""
FIRST = ("time_s", "cost_usd", "hour_usd", "gpu_s", "step_s", "kept_share", "usd_per_million_output_tokens", "energy_j",
         "memory_bytes_per_gpu_max", "gpus")  # fmt: skip
"""Figures of the headline that are asked for first."""


def tiles_of(result: Answered) -> Iterator[Tile]:
    """The choice's figures, what the runner-up lacks, how many were looked at."""
    told = {name: frame for name, frame in result.tables.items() if len(frame)}
    of = ranked(told)
    asked = dict.fromkeys((of.objective if of else "", *FIRST))
    names = [name for name in asked if name in result.headline][:MOST_TILES]
    for name in names:
        figure, how = result.headline[name], in_si(shown(name))
        number, unit = words.quantity(figure.value / how.divisor, how.unit or figure.unit)
        low, high = (end if end is None else end / how.divisor for end in (figure.low, figure.high))
        note = words.interval(low, high, how.unit or figure.unit)
        ranked_by = "ranked by this" if of is not None and name == of.objective else "of the choice"
        title = COUNTS.get(name, how.title)
        yield Tile(title, number, unit, note or ranked_by, figure.definition, tiles.anchor(name))
    if of is not None:
        yield from _beside(of, bare=not names)
    yield from _searched(told)


def _beside(of: Candidates, bare: bool) -> Iterator[Tile]:
    """The runner-up; where the headline has none of the choice's figures (bare), they too."""
    for name in of.telling()[:MOST_TILES] if bare else ():
        number, unit = words.quantity(of.values(name)[0], shown(name).unit)
        yield Tile(shown(name).title, number, unit, "of the choice", str(of.frame[name].iloc[0]), "ranking")
    if len(of.frame) > 1 and of.objective:
        first, second = of.values(of.objective)[:2]
        change = percent(second / first - 1) if first else ""
        who, exact = str(of.frame["label"].iloc[1]), of.told(of.objective, 1)
        yield Tile("The runner-up", change or "–", "", who, exact, "ranking")


def _searched(told: Tables) -> Iterator[Tile]:
    """How many candidates there were, and how many of them were worked out."""
    if "pruned" in told:
        frame = told["pruned"]
        kept = frame["reason"].map(lambda reason: str(reason).startswith(KEPT))
        whole, worked_out = int(frame["choices"].sum()), int(frame.loc[kept, "choices"].sum())
        note = f"{worked_out:,} of them worked out" if kept.any() else "left out before they were estimated"
        yield Tile("Candidates", f"{whole:,}", "", note, str(whole), "searched")


def ranked(told: Tables) -> Candidates | None:
    """The candidates with the figure that they are ranked by, which the tables of terms and of inputs are in."""
    if "candidates" not in told:
        return None
    of = candidates(told["candidates"])
    for table_name, columns in (("sensitivity", ["figure_low", "figure_high"]), ("attribution", ["chosen"])):
        if table_name in told:
            frame = told[table_name][columns].astype(float)
            value = float(frame.sum().sum() if len(columns) == 1 else frame.median().mean())
            if near := nearest(of, value):
                return candidates(told["candidates"], near)
    return of


def nearest(of: Candidates, value: float) -> str:
    """The figure of the choice that comes nearest to a value; none where none is near."""
    own = {name: float(of.frame[name].iloc[0]) for name in of.figures}
    off = {name: abs(mine / value - 1) for name, mine in own.items() if value and mine == mine}
    best = min(off, key=lambda name: off[name], default="")
    return best if best and off[best] <= NEAR_SHARE else ""
