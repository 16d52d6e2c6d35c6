"""Memory of each pipeline rank by part, held against what is usable."""

from __future__ import annotations

import pandas as pd

from reports import bars, palette, terms, words
from reports.document import Key, Part, Picture, Section
from reports.tables import Look, table
from simulator.result import Result
from topologies import units

MEMORY = Look("Memory by pipeline rank and part", titles={f"{part}_bytes": name for part, name in terms.MEMORY.items()})


def section(result: Result) -> Section:
    """Picture and table; the table has one column a part."""
    usable = words.quantity(result.memory_usable_bytes, "bytes")
    wide = _wide(result.memory)
    parts: tuple[Part, ...] = ()
    if len(wide):
        parts = (_picture(result, wide), table("memory", _named(wide), MEMORY))
    lead = f"What a GPU of each pipeline rank holds at its fullest moment. {usable} can be used."
    return Section("memory", "Memory", "Memory", (lead,), parts)


def _wide(memory: pd.DataFrame) -> pd.DataFrame:
    """[rank] one column of bytes a part, in the order of first appearance."""
    if not len(memory):
        return pd.DataFrame()
    wide = memory.pivot_table(index="rank", columns="part", values="bytes", aggfunc="sum", sort=False)
    return wide.sort_index().fillna(0.0).astype(float)


def _named(wide: pd.DataFrame) -> pd.DataFrame:
    """The same with the unit in each column's name and a sum at the end."""
    named = wide.rename(columns=lambda part: f"{part}_bytes")
    named["sum_bytes"] = wide.sum(axis=1)
    return named.reset_index()


def _picture(result: Result, wide: pd.DataFrame) -> Picture:
    """Stacked bars with the usable memory as a line."""
    scale = words.scale([result.memory_usable_bytes], "bytes")
    usable = f"usable: {words.quantity(result.memory_usable_bytes, 'bytes')}"
    values = {
        terms.MEMORY.get(str(part), words.title_of(str(part))): (wide[part] / scale.divisor).tolist()
        for part in wide.columns
    }
    colours = palette.series(len(values))
    sums = wide.sum(axis=1)
    fullest = sums.idxmax()
    alt = (
        f"Stacked bars of memory by pipeline rank; {usable}. "
        f"Rank {fullest} holds most: {units.pretty(float(sums.max()), 'bytes')}."
    )
    limit = (result.memory_usable_bytes / scale.divisor, usable)
    names = [f"rank {rank}" for rank in wide.index]
    drawn = bars.stacked(bars.Bars("memory", alt, names, values, colours, scale.unit, limit))
    legend = tuple(Key(colour, label) for colour, label in zip(colours, values, strict=True))
    return Picture("memory", "Memory by pipeline rank", drawn, terms.CAPTIONS["memory"], legend, "tables/memory.csv")
