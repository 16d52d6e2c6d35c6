"""Rows of a roofline: arithmetic intensity of a model's parts, and whether a GPU's arithmetic or memory binds them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from topologies.hardware import Gpu
from workloads.intensity import Intensity, Work, intensities, ridge_flop_per_byte
from workloads.model import ModelSpec
from workloads.reference.dims import WHOLE, Share, Tokens
from workloads.scenario import Scenario

COLUMNS = (
    "work", "part", "precision", "at", "flop", "bytes", "flop_per_byte", "ridge_flop_per_byte", "bound",
    "attainable_flop_per_s", "peak_flop_per_s", "time_share",
)  # fmt: skip
MOVES = "norms, casts and moves"
BY_PREFIX = {
    "experts.": "routed experts", "shared.": "shared experts", "router": "router", "core": "attention scores",
}  # fmt: skip
"""Start of an operation's name -> the part it counts to, whatever else it belongs to."""
BY_PART = {
    "attention": "attention projections", "mlp": "dense MLP", "head": "output head", "mtp": "MTP projection",
}  # fmt: skip
PASSES = {"forward": "forward", "input_grad": "input gradient", "weight_grad": "weight gradient"}
BATCHES = (1, 8, 32, 128, 512)
"""Sequences that are decoded together."""
CONTEXT_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class Case:
    """One piece of work on one GPU; `at` tells cases of one kind of work apart ("batch 8").

    Training needs no `at`: its rows are told apart by forward, input gradient and weight gradient.
    """

    work: Work
    tokens: Tokens
    share: Share = WHOLE
    at: str = ""


def of_model(model: ModelSpec, gpu: Gpu) -> pd.DataFrame:
    """Training and prefill of one sequence, and decode at BATCHES behind CONTEXT_TOKENS, the model on one rank."""
    sequence = Tokens(1, CONTEXT_TOKENS)
    decode = (Case("decode", Tokens(batch, 1, CONTEXT_TOKENS), at=f"batch {batch}") for batch in BATCHES)
    return rows(model, gpu, (Case("training", sequence), Case("prefill", sequence, at="prompt"), *decode))


def of_step(scenario: Scenario) -> pd.DataFrame:
    """Training as a GPU of the scenario does it: its micro-batch, its share of each layer."""
    job, layout = scenario.job, scenario.layout
    tokens = Tokens(job.sequences_per_micro_batch, job.sequence_length)
    return rows(scenario.model, scenario.cluster.node.gpu, (Case("training", tokens, layout.share),))


def rows(model: ModelSpec, gpu: Gpu, cases: Iterable[Case]) -> pd.DataFrame:
    """One row a part of each case.

    flop, bytes  of the whole model (a rank holds some of its layers; the ratio is the same)
    attainable_flop_per_s  min(peak, intensity x memory bandwidth), at nominal rates (Williams et al. 2009)
    time_share   of the case's time (of all of training), if each operation takes what its roof allows
    """
    return pd.DataFrame([row for case in cases for row in _rows(model, gpu, case)], columns=list(COLUMNS))


def _rows(model: ModelSpec, gpu: Gpu, case: Case) -> list[tuple[object, ...]]:
    """Rows of one case, parts in the order in which a pass comes to them."""
    parts: dict[tuple[str, str, str], list[Intensity]] = defaultdict(list)
    found = intensities(model, case.work, case.tokens, case.share)
    for item in found:
        parts[case.at or PASSES[item.phase], part_of(item), _precision(item, gpu)].append(item)
    whole_s = sum(_least_s(item, gpu) for item in found)
    passes = [case.at, *PASSES.values()]
    made: list[tuple[object, ...]] = []
    for (at, part, precision), items in sorted(parts.items(), key=lambda entry: passes.index(entry[0][0])):
        flop, moved_bytes = sum(item.flop for item in items), sum(item.moved_bytes for item in items)
        whole = Intensity(part, part, at, precision, flop, moved_bytes)
        ridge, peak = ridge_flop_per_byte(gpu, precision), _peak_flop_per_s(gpu, precision)
        attainable = min(peak, whole.flop_per_byte * gpu.hbm_bytes_per_s)
        share = sum(_least_s(item, gpu) for item in items) / whole_s
        told = (case.work, part, precision, at, flop, moved_bytes, whole.flop_per_byte, ridge, whole.bound(gpu))
        made.append((*told, attainable, peak, share))
    return made


def part_of(item: Intensity) -> str:
    """Name of the part that an operation counts to."""
    if not item.flop:
        return MOVES
    return next(
        (part for prefix, part in BY_PREFIX.items() if item.name.startswith(prefix)), BY_PART.get(item.part, item.part)
    )


def _precision(item: Intensity, gpu: Gpu) -> str:
    """Precision that the GPU computes in; what computes nothing has none."""
    if not item.flop:
        return "–"
    return "bf16" if item.precision == "fp8" and not gpu.fp8_flop_per_s else item.precision


def _peak_flop_per_s(gpu: Gpu, precision: str) -> float:
    """Nominal rate of a precision."""
    return ridge_flop_per_byte(gpu, precision) * gpu.hbm_bytes_per_s


def _least_s(item: Intensity, gpu: Gpu) -> float:
    """Time that an operation's roof allows."""
    return max(item.flop / _peak_flop_per_s(gpu, item.precision), item.moved_bytes / gpu.hbm_bytes_per_s)
