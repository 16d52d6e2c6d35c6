"""The page of one model: what it weighs, caches and computes, and what binds it on a GPU."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from reports import render, roofline, words
from reports.document import Page, Section, Tile
from reports.tables import Look, table
from topologies.hardware import Gpu
from workloads.counts import TRAINING_PER_FORWARD, PartCount, count
from workloads.model import ModelSpec

LENGTH_TOKENS = 4096
COUNTS = Look(
    "Counts by part",
    "FLOP are of forward and both gradients, recomputation not counted. Causal attention counts half of the square, "
    "full attention all of it.",
    titles={"activated": "Activated by a token", "cache_bytes": "Cache a token", "training_flop": "Training a token",
            "training_full_flop": "The same, full attention"},
    total="All",
)  # fmt: skip
WITH_EXPERTS = " Expert parallelism brings each expert more tokens and moves routed experts to the right."
SETTINGS = {
    "training": f"Forward and both gradients of one sequence of {LENGTH_TOKENS:,} tokens.",
    "prefill": f"One prompt of {LENGTH_TOKENS:,} tokens.",
    "decode": f"One new token a sequence behind {LENGTH_TOKENS:,} cached ones, so many sequences at once.",
}


def page(model: ModelSpec, gpu: Gpu, rows: pd.DataFrame) -> str:
    """HTML of a model's counts and rooflines.

    rows  as simulator.roofline.of_model gives them for this model and GPU
    """
    return render.html(document(model, gpu, rows))


def document(model: ModelSpec, gpu: Gpu, rows: pd.DataFrame) -> Page:
    """The page's content, in the order in which it is read."""
    parts = count(model, LENGTH_TOKENS)
    return Page(
        title=model.title,
        kicker=f"clustercast model: {model.name}",
        binds=_binds(gpu, rows),
        answer=(),
        warnings=(),
        tiles=tuple(_tiles(parts)),
        sections=tuple(_sections(parts, gpu, rows)),
        foot=("Written by clustercast.",),
    )


def _binds(gpu: Gpu, rows: pd.DataFrame) -> str:
    """How much of each kind of work waits for memory on this GPU."""
    said = []
    for work, own in rows.groupby("work", sort=False):
        cases = own.groupby("at", sort=False) if work == "decode" else [("", own)]
        shares = [group.loc[group["bound"] == "memory", "time_share"].sum() for _, group in cases]
        low, high = (f"{100 * share:.0f}" for share in (min(shares), max(shares)))
        said.append(f"{low} % of {work}" if low == high else f"{low} to {high} % of {work}")
    return f"On one {gpu.title}, memory binds {', '.join(said[:-1])} and {said[-1]} (share of the time at its roof)."


def _tiles(parts: tuple[PartCount, ...]) -> Iterable[Tile]:
    """The sums, large."""
    figures = (
        ("Parameters", float(sum(part.parameters for part in parts)), "", "all parts"),
        ("Activated", float(sum(part.activated for part in parts)), "", "by one token"),
        ("Cache", float(sum(part.cache_bytes_per_token for part in parts)), "bytes", "a token"),
        ("Training", TRAINING_PER_FORWARD * sum(part.flop_per_token for part in parts), "flop", "a token, causal"),
    )
    for label, value, unit, note in figures:
        number, symbol = words.quantity(value, unit)
        yield Tile(label, number, symbol, note, words.exact(value, unit), "counts")


def _sections(parts: tuple[PartCount, ...], gpu: Gpu, rows: pd.DataFrame) -> Iterable[Section]:
    """Counts, then a roofline for each kind of work."""
    frame = pd.DataFrame(
        [
            (
                part.part,
                part.parameters,
                part.activated,
                float(part.cache_bytes_per_token),
                TRAINING_PER_FORWARD * part.flop_per_token,
                TRAINING_PER_FORWARD * part.flop_per_token_full,
            )
            for part in parts
        ],
        columns=["part", "parameters", "activated", "cache_bytes", "training_flop", "training_full_flop"],
    )
    lead = f"For sequences of {LENGTH_TOKENS:,} tokens."
    counts = replace(table("counts", frame, COUNTS), data="")
    yield Section("counts", "Counts", "What it weighs, caches and computes", (lead,), (counts,))
    spread = any(part.part == "routed experts" for part in parts)
    for work, setting in SETTINGS.items():
        title = f"{work.title()} on {gpu.title}"
        sentences = (setting, "The whole model on one rank." + (WITH_EXPERTS if spread else ""))
        yield Section(work, work.title(), title, sentences, roofline.parts(rows, work))
