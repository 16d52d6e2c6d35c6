"""Pictures of a service's units: where a step's time goes, what fills the memory of a GPU."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from reports import palette, terms, words
from reports.document import Key, Picture
from reports.stacked_bars import Row, stacked

TERM_COLOURS = {
    "attention's projections": "forward-0", "attention from its core to the gate": "forward-1",
    "shared experts": "backward-0", "routed experts": "backward-1", "dense MLP": "backward-1",
    "waiting for the slowest GPU": "hatch", "dispatch": "weight-0", "combine": "weight-1",
    "sums of attention over tensor ranks": "input-0", "sums of the MLP over tensor ranks": "input-1",
    "layers without experts": "pair-0", "output head": "pair-1", "embedding": "other",
    "guesses of prediction modules": "optimizer",
}  # fmt: skip
"""Lines of a step -> names of palette.py: computing cool, transfers warm."""
HIDDEN = "hidden beside it"
STEP_CAPTION = "Each full bar is one step, whatever it lasts; the sum stands behind it."
HIDDEN_CAPTION = "The lighter bar below goes on at the same time: transfers and waiting that computing hides."
MEMORY = terms.MEMORY | {"caches": "Caches of the sequences", "free": "Free"}
MEMORY_COLOURS = terms.MEMORY_COLOURS | {"caches": "pair-0", "free": "bubble"}
MEMORY_CAPTION = (
    "Each bar is as long as the memory that a GPU can use. More sequences, or longer ones, take what is free."
)


def steps(table: pd.DataFrame) -> Picture:
    """A bar a unit as long as its step, and below it what is hidden.

    table   [unit x term]   unit, term, seconds, counted_s
    """
    rows, told = [], []
    for unit, own in table.groupby("unit", sort=False):
        counted = dict(zip(own["term"].tolist(), own["counted_s"].astype(float).tolist(), strict=True))
        every = dict(zip(own["term"].tolist(), own["seconds"].astype(float).tolist(), strict=True))
        hidden = {term: seconds - counted[term] for term, seconds in every.items() if seconds > counted[term]}
        full_s = max(sum(counted.values()), sum(hidden.values()))
        rows.append(Row(f"{unit} step", counted, full_s))
        if hidden:
            rows.append(Row(HIDDEN, hidden, full_s, faint=True))
        told.append(f"{unit} {_listed(counted, 's')}; hidden: {_listed(hidden, 's') or 'nothing'}")
    names = list(dict.fromkeys(table["term"].tolist()))
    colours = _colours(names, TERM_COLOURS)
    picture = stacked("steps", rows, colours, "s", f"Steps by part. {'. '.join(told)}.")
    legend = tuple(Key(colours[name], name) for name in names)
    caption = f"{STEP_CAPTION} {HIDDEN_CAPTION}" if any(row.faint for row in rows) else STEP_CAPTION
    return Picture("steps", "The step of each unit, part by part", picture, caption, legend, "tables/steps.csv")


def memory(table: pd.DataFrame) -> Picture:
    """A bar a unit of what one of its GPUs holds. table   [unit x part]   unit, part, bytes"""
    rows, told = [], []
    wholes = table.groupby("unit", sort=False)["bytes"].sum()
    for unit, own in table.groupby("unit", sort=False):
        parts = {
            MEMORY.get(part, part): max(held, 0.0)
            for part, held in zip(own["part"].tolist(), own["bytes"].astype(float).tolist(), strict=True)
        }
        rows.append(Row(f"{unit} GPU", parts, float(wholes.max())))
        told.append(f"{unit}: {_listed(parts, 'bytes')}")
    names = list(dict.fromkeys(table["part"].tolist()))
    colours = {MEMORY.get(name, name): colour for name, colour in _colours(names, MEMORY_COLOURS).items()}
    picture = stacked("memory", rows, colours, "bytes", f"Memory of a GPU. {'. '.join(told)}.")
    legend = tuple(Key(colour, name) for name, colour in colours.items())
    return Picture("memory", "What fills the memory of a GPU", picture, MEMORY_CAPTION, legend, "tables/memory.csv")


def _colours(names: list[str], known: Mapping[str, str]) -> dict[str, str]:
    """Colour of each part; parts without one of their own get those that are left."""
    left = [colour for colour in palette.SERIES if colour not in {known.get(name) for name in names}] or ["other"]
    others = [name for name in names if name not in known]
    found = {name: left[place % len(left)] for place, name in enumerate(others)}
    return {name: known.get(name) or found[name] for name in names}


def _listed(parts: Mapping[str, float], unit: str) -> str:
    """ "dispatch 9.6 ms, combine 21 ms"."""
    return ", ".join(f"{name} {words.quantity(value, unit, 3)}" for name, value in parts.items() if value > 0)
