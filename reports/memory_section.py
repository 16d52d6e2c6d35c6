"""Memory of each pipeline rank by part, held against what is usable."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from reports import bars, memory_over_time, palette, terms, words
from reports.document import Key, Part, Picture, Section, Table
from reports.tables import Look, table
from simulator.result import Result
from topologies import units

GROUPS = {
    "weights": ("weights", "experts", "embedding", "fp8_weights"),
    "gradients": ("gradients",),
    "optimizer": ("masters", "moments", "average"),
    "activations": ("activations", "activations_fp8", "logits"),
    "buffers": ("buffers", "workspace"),
    "reserve": ("reserve",),
}
"""Columns of the table by rank, and the parts that each adds up."""
RANKS = Look(
    "Every rank, parts that belong together added up",
    titles={"weights_bytes": "Weights", "gradients_bytes": "Gradients", "optimizer_bytes": "Optimiser",
            "activations_bytes": "Activations", "buffers_bytes": "Buffers, workspace", "reserve_bytes": "Reserve",
            "sum_bytes": "Sum", "free_bytes": "Free"},
)  # fmt: skip
FULLEST = Look(
    "The fullest rank, part by part",
    titles={"part": "Part", "bytes": "Memory", "share": "Share", "meaning": "What it counts"},
    names=terms.MEMORY,
    bars=("share",),
    total="All",
)
STAGES = Look(
    "Memory by stage",
    "Activations are those of one micro-batch: a rank holds as many of them as its schedule has in flight.",
    titles={"weights_bytes": "Parameters at 2 bytes", "kept_bytes": "Activations", "kept_fp8_bytes": "of them FP8",
            "logits_bytes": "of them logits", "postponed_bytes": "Kept for W", "buffer_bytes": "Buffers",
            "workspace_bytes": "Workspace"},
)  # fmt: skip
HOST = Look(
    "In the servers' memory",
    "The moving average of the weights, brought up to date after each step while the next one runs.",
    titles={"host_bytes": "Of one GPU's process", "node_bytes": "A server", "transfer_s": "Over PCIe, each step"},
)
POLICIES = Look(
    "What recomputing is worth",
    "The same step with every way of keeping or recomputing activations.",
    titles={"recompute": "Recompute", "step_s": "Step", "memory_bytes": "Fullest GPU", "fits": "Fits"},
    names=terms.RECOMPUTE,
)
TABLES = {"memory_by_stage": STAGES, "memory_on_host": HOST, "recompute": POLICIES}
OVER_TIME = "memory_over_time"
DRAWN = frozenset({OVER_TIME, *TABLES})
"""Tables of a result that this section shows."""


def section(result: Result) -> Section:
    """Through the step, by rank at the fullest moment, the fullest rank by part, by stage."""
    usable = words.quantity(result.memory_usable_bytes, "bytes")
    wide = _wide(result.memory)
    parts: list[Part] = []
    if len(result.tables.get(OVER_TIME, ())):
        parts.append(memory_over_time.picture(result.tables[OVER_TIME], result.memory_usable_bytes))
    if len(wide):
        parts += [_picture(result, wide), _fullest(wide), _by_rank(result, wide)]
    parts += [
        table(name, result.tables[name], look) for name, look in TABLES.items() if len(result.tables.get(name, ()))
    ]
    lead = f"What a GPU of each pipeline rank holds, through the step and at its fullest moment. {usable} can be used."
    return Section("memory", "Memory", "Memory", (lead,), tuple(parts))


def _fullest(wide: pd.DataFrame) -> Table:
    """Every part of the fullest rank with its share and what it counts."""
    fullest = int(wide.sum(axis=1).to_numpy().argmax())
    sizes = dict(zip(map(str, wide.columns), wide.to_numpy()[fullest].tolist(), strict=True))
    whole = sum(sizes.values()) or 1.0
    shown = [(part, size, size / whole, terms.MEMORY_MEANINGS.get(part, "")) for part, size in sizes.items() if size]
    frame = pd.DataFrame(shown, columns=["part", "bytes", "share", "meaning"])
    return replace(table("memory-fullest", frame, FULLEST), data="tables/memory.csv")


def _by_rank(result: Result, wide: pd.DataFrame) -> Table:
    """Every rank, parts that belong together added up; parts without a group stay columns of their own."""
    frame = pd.DataFrame(index=wide.index)
    for group, members in GROUPS.items():
        there = [part for part in members if part in wide.columns]
        if there:
            frame[f"{group}_bytes"] = wide[there].sum(axis=1)
    grouped = {part for members in GROUPS.values() for part in members}
    for part in wide.columns.difference(list(grouped), sort=False):
        frame[f"{part}_bytes"] = wide[part]
    frame["sum_bytes"] = wide.sum(axis=1)
    frame["free_bytes"] = result.memory_usable_bytes - frame["sum_bytes"]
    return replace(table("memory-ranks", frame.reset_index(), RANKS), data="tables/memory.csv")


def _wide(memory: pd.DataFrame) -> pd.DataFrame:
    """[rank] one column of bytes a part, in the order of first appearance."""
    if not len(memory):
        return pd.DataFrame()
    wide = memory.pivot_table(index="rank", columns="part", values="bytes", aggfunc="sum", sort=False)
    return wide.sort_index().fillna(0.0).astype(float)


def _picture(result: Result, wide: pd.DataFrame) -> Picture:
    """Stacked bars with the usable memory as a line."""
    scale = words.scale([result.memory_usable_bytes], "bytes")
    usable = f"usable: {words.quantity(result.memory_usable_bytes, 'bytes')}"
    held = [str(part) for part in wide.columns if (wide[part] > 0).any()]
    values = {terms.MEMORY.get(part, words.title_of(part)): (wide[part] / scale.divisor).tolist() for part in held}
    spare = iter(palette.series(len(held)))
    colours = tuple(terms.MEMORY_COLOURS.get(part) or next(spare) for part in held)
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
