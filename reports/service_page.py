"""The report of a service: rates, times that users see, what fits, what a token costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pandas as pd

from reports import (
    answered_page,
    batch_pictures,
    conditions_section,
    histogram_pictures,
    render,
    request_pictures,
    tiles,
    unit_pictures,
)
from reports.document import Grid, Page, Part, Picture, Section, Terms
from reports.service_words import LEADS, OWN_WAY, WORDS, look_of
from reports.standing import assumed, reproduced
from reports.tables import table
from simulator.result import Figure
from simulator.serving.result import ServiceResult
from workloads.service import Promises

Tables = Mapping[str, pd.DataFrame]
WRITTEN_WHOLE = 1000
"""From here on a quoted figure has no decimals."""


def _same(name: str, text: str) -> answered_page.Note:
    """A line under a tile that quotes another figure."""

    def line(headline: Mapping[str, Figure]) -> str:
        if (other := headline.get(name)) is None:
            return ""
        whole = other.value >= WRITTEN_WHOLE or other.value.is_integer()
        return text.format(f"{other.value:,.{0 if whole else 1}f}")

    return line


SHOWN: Mapping[str, tuple[str, answered_page.Note]] = {
    "kept_share": ("Promises kept", "of the requests"),
    "ttft_p90_s": ("First token, TTFT", "nine in ten are no longer"),
    "tpot_p90_s": ("Output tokens, TPOT", "nine in ten are no longer"),
    "goodput_requests_per_s": ("Goodput", "requests that got what was promised"),
    "fleet_nodes": ("Cheapest fleet", "servers, by closed forms"),
    "mean_nodes": ("Servers of a day", _same("peak_nodes", "mean; at the peak {}")),
    "cost_profit_ratio": ("Profit over rent", "if every token is paid for"),
    "prefill_tokens_per_s_per_gpu": (
        "Reading speed of a GPU", _same("prefill_tokens_per_s_per_node", "prompt tokens; a server: {}")),
    "prefill_step_s": ("Step of prompts", "a full step of typical ones"),
    "decode_tokens_per_s_per_gpu": (
        "Writing speed of a GPU", _same("decode_tokens_per_s_per_node", "output tokens; a server: {}")),
    "tpot_s": ("Time per output token", "TPOT, mean"),
    "tokens_per_s_per_user": ("Speed for a user", "one over the TPOT"),
    "decode_sequences_per_gpu": ("Batch of a GPU", _same("decode_sequences_per_gpu_most", "sequences; {} fit")),
    "prefill_memory_bytes": ("Memory, reading", "weights and buffers of a GPU"),
    "decode_memory_bytes": ("Memory, writing", "weights and buffers of a GPU"),
    "kv_bytes_per_token": ("Cache of a token", "keys and values of all layers"),
    "usd_per_million_input_tokens": ("A million prompt tokens", "rent of GPUs that are always busy"),
    "usd_per_million_output_tokens": ("A million output tokens", "rent of GPUs that are always busy"),
}  # fmt: skip
"""Figures of the tiles."""


def page(result: ServiceResult) -> str:
    """The HTML of one service."""
    return render.html(document(result))


def document(result: ServiceResult) -> Page:
    """The page's content, in the order in which it is read."""
    return answered_page.document(result, answered_page.shown(result.headline, SHOWN), _sections(result))


def _sections(result: ServiceResult) -> Iterator[Section]:
    """All sections; those of tables that are not there, or empty, are left out."""
    told = {name: frame for name, frame in result.tables.items() if len(frame)}
    own = {
        "step": ("Step", "Where a step's time goes", ("units",), _step(told)),
        "batch": ("Batch", "More requests at once", ("answers", "prompts"), _batch(told, result.promises)),
        "memory": ("Memory", "What fits", (), _memory(told)),
        "guesses": ("Guesses", "Guessing tokens ahead", ("guesses",), ()),
        "requests": (
            "Requests", "What requests get", ("percentiles", "promises", "throughput", "engines"),
            _requests(told, result.promises)),
        "fleet": ("Fleet", "The cheapest fleet that keeps the promises", ("candidates", "checks", "left_out"), ()),
        "day": ("A day", "A day of the fleet, and what it earns", ("day", "classes"), ()),
        "layouts": (
            "Layouts", "The same model with its weights elsewhere", ("resources", "layouts", "crossings"), ()),
    }  # fmt: skip
    yield from conditions_section.sections(told)
    for name, (short, title, tables, pictures) in own.items():
        parts = (*pictures, *_tables(told, tables))
        if parts:
            yield Section(name, short, title, (LEADS[name],), parts)
    known = {one for _, _, tables, _ in own.values() for one in tables} | set(OWN_WAY)
    if others := _tables(told, tuple(name for name in told if name not in known)):
        yield Section("more", "More tables", "More tables", (), others)
    yield Section("figures", "Definitions", "Figures and definitions", (), (tiles.definitions(result.headline),))
    yield assumed(result.assumptions)
    yield Section("words", "Words", "Words used", (), (Terms(WORDS),))
    yield reproduced(result.reproduction, result.kind)


def _tables(told: Tables, names: tuple[str, ...]) -> tuple[Part, ...]:
    """Those of the tables that are there, as tables."""
    return tuple(table(name, told[name], look_of(name)) for name in names if name in told)


def _step(told: Tables) -> Iterator[Part]:
    """Where a step's time goes: bars, then a table a unit, each with a scale of its own."""
    if "steps" not in told:
        return
    yield unit_pictures.steps(told["steps"])
    for unit, own in told["steps"].groupby("unit", sort=False):
        look = replace(look_of("steps"), title=f"Lines of a typical {unit} step")
        yield replace(table(f"steps-{unit}", own.drop(columns="unit"), look), data="tables/steps.csv")


def _memory(told: Tables) -> Iterator[Part]:
    """What a GPU holds: bars, then a table with a column a unit."""
    if "memory" not in told:
        return
    yield unit_pictures.memory(told["memory"])
    held = told["memory"].pivot_table(index="part", columns="unit", values="bytes", sort=False)
    beside = held.add_suffix("_bytes").fillna(0.0).reset_index()
    yield table("memory", beside, look_of("memory"))


def _batch(told: Tables, promises: Promises | None) -> Iterator[Part]:
    """Batches of answers, then what overlapping gains."""
    if "answers" in told:
        yield batch_pictures.batches(told["answers"], _own_sequences(told), promises.tpot_s if promises else None)
    cells: list[Picture] = [
        batch_pictures.overlap(f"overlap-{name}", title, told[name], size)
        for name, title, size in (
            ("answers", "Decoding with two micro-batches", "sequences"),
            ("prompts", "Prefilling with two micro-batches", "tokens"),
        )
        if name in told and "gain_ratio" in told[name]
    ]
    if cells:
        yield Grid(batch_pictures.OVERLAP_LEGEND, tuple(cells))


def _own_sequences(told: Tables) -> float:
    """Sequences of a group in the service's own typical step of answers; not a number where they are not known."""
    units = told.get("units")
    answering = units[units["unit"] != "prefill"] if units is not None else None
    return float(answering["rows"].iloc[0]) if answering is not None and len(answering) else float("nan")


def _requests(told: Tables, promises: Promises | None) -> Iterator[Part]:
    """What requests get, how units fare meanwhile, what more of them would do."""
    if "histograms" in told:
        yield histogram_pictures.histograms(told["histograms"], promises)
    if "timeline" in told:
        yield from request_pictures.timelines(told["timeline"])
    if "throughput" in told:
        yield request_pictures.over_load(told["throughput"])
