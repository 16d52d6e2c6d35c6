"""Where a step's time goes: schedule, inside of a pair, budget by part and by rank, stages."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from reports import bars, chunks, terms, words
from reports.document import Key, Part, Picture, Section
from reports.pair_picture import pair
from reports.schedule_picture import both_ends, schedule
from reports.tables import Look, table
from simulator.result import Result

BUDGET = Look(
    "The step by part, mean over the pipeline ranks",
    titles={"part": "Part", "seconds": "Time", "share": "Share of the step", "definition": "What it counts"},
    names=terms.PARTS,
    bars=("share",),
    total="The whole step",
)
RANKS = Look(
    "The step by pipeline rank",
    note="The six parts of a rank add up to the step exactly.",
    titles={f"step_{part}_s": label for part, label in terms.PARTS.items()},
)
PAIR = Look(
    "What fills the pair",
    titles={"term": "Term", "stream": "Stream", "seconds": "Time", "hidden_s": "Hidden", "exposed_s": "Exposed"},
    meanings={"hidden_s": "transfers beside computation", "exposed_s": "transfers alone"},
    names=terms.STREAMS,
)
STAGES = Look(
    "Layers by stage",
    titles={"forward_s": "Forward chunk", "backward_s": "Backward chunk", "contents": "Contents"},
)


def sections(result: Result) -> Iterable[Section]:
    """Sections about time; those without a trace or a table are left out."""
    waits_s = by_rank(result.ranks, "step_bubble_s")
    pictures = (schedule(result.step_trace, waits_s), both_ends(result.step_trace))
    yield Section("schedule", "Schedule", "The schedule", (terms.LEADS["schedule"],), pictures)
    if len(result.pair_trace.rank):
        tables = (table("pair", _transfers_only(result.pair), PAIR),) if len(result.pair) else ()
        parts = (pair(result.pair_trace), *tables)
        yield Section("pair", "Inside a pair", "Inside one pair", (terms.LEADS["pair"],), parts)
    budget = table("budget", result.budget, BUDGET)
    yield Section("time", "Time", "Where the time goes", (), (budget, *_by_rank(result)))
    if len(result.partition):
        stages = table("partition", result.partition, STAGES)
        yield Section("stages", "Stages", "How the layers are cut into stages", (terms.LEADS["stages"],), (stages,))


def _transfers_only(pair: pd.DataFrame) -> pd.DataFrame:
    """The terms with hidden and exposed time left empty for computation, which neither is."""
    moves = pair["stream"] != chunks.COMPUTE
    return pair.assign(hidden_s=pair["hidden_s"].where(moves), exposed_s=pair["exposed_s"].where(moves))


def by_rank(frame: pd.DataFrame, column: str) -> dict[int, float]:
    """A column by pipeline rank; empty where the frame lacks it."""
    if column not in frame:
        return {}
    return dict(zip(rank_numbers(frame), frame[column].astype(float).tolist(), strict=True))


def rank_numbers(frame: pd.DataFrame) -> list[int]:
    """Pipeline rank of each row: the column "rank", or the place of the row."""
    return [int(rank) for rank in (frame["rank"] if "rank" in frame else range(len(frame)))]


def _by_rank(result: Result) -> Iterable[Part]:
    """The picture of the budget, then its table."""
    parts = [part for part in terms.PARTS if f"step_{part}_s" in result.ranks]
    if not len(result.ranks) or not parts:
        return
    values = {terms.PARTS[part]: result.ranks[f"step_{part}_s"].astype(float).tolist() for part in parts}
    colours = [terms.PART_COLOURS[part] for part in parts]
    means = ", ".join(f"{label} {words.quantity(sum(v) / len(v), 's', 3)}" for label, v in values.items())
    alt = f"Stacked bars of the step by pipeline rank. Means: {means}."
    names = [f"rank {rank}" for rank in rank_numbers(result.ranks)]
    drawn = bars.stacked(bars.Bars("budget", alt, names, values, colours, "s"))
    legend = tuple(Key(colour, label) for colour, label in zip(colours, values, strict=True))
    title = "The parts of the step, rank by rank"
    yield Picture("budget", title, drawn, terms.CAPTIONS["budget"], legend, "tables/ranks.csv")
    yield table("ranks", result.ranks, RANKS)
