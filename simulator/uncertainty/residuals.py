"""The simulator's own error: how far published targets lie from simulated figures, and whether intervals hold them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd

from simulator.uncertainty.inputs import HIGH_SHARE, LOW_SHARE
from simulator.uncertainty.propagation import Propagation
from simulator.uncertainty.sampling import points
from simulator.validate import Row

WHOLE, PART, INSIDE, KERNELS = "whole step", "part of a step", "inside a chunk", "all-to-all kernels alone"
SORTS = (WHOLE, PART, INSIDE, KERNELS)
PREFIX = "headline."
ERRORS = 4096
"""Draws of the simulator's own error, which cost nothing."""
PER_STEP: Mapping[str, int] = MappingProxyType({
    "step_s": 1, "gpu_hours_per_trillion_tokens": 1, "gpu_hours": 1, "cost_usd": 1, "tokens_per_day": -1,
    "tokens_per_s_per_gpu": -1, "model_flop_per_s_per_gpu_causal": -1, "model_flop_per_s_per_gpu_full": -1,
    "mfu_ratio_causal": -1, "mfu_ratio_full": -1,
})  # fmt: skip
"""Figures that are the step's time in other words, and the power with which they follow it."""


class Fact(NamedTuple):
    """What a target is evidence of: figures of one system that say the same thing are one fact.

    sort   one of SORTS: facts of one sort have errors alike;  system   scenario, or file of a table of kernels
    """

    sort: str
    system: str
    what: str


@dataclass(frozen=True, slots=True)
class Residual:
    """Distribution of the logarithm of true over simulated seconds: Student's t around zero.

    scale_ratio   root of the mean square over facts;  facts   their number, the degrees of freedom. No mean is taken
                  off: an error found on a few systems is no correction for others
    """

    scale_ratio: float
    facts: int

    def factor(self, shares: np.ndarray) -> np.ndarray:
        """True over simulated seconds at cumulative shares; without facts nothing is known, and nothing is added."""
        if not self.facts or not self.scale_ratio:
            return np.ones_like(shares)
        from scipy.special import stdtrit

        found: np.ndarray = np.exp(self.scale_ratio * stdtrit(self.facts, shares))
        return found

    @property
    def high_ratio(self) -> float:
        """Upper end of the 90 % interval of true over simulated; the lower end is one over it."""
        return float(self.factor(np.array(HIGH_SHARE)))


@dataclass(frozen=True, slots=True)
class Held:
    """A target against the interval that all other facts of its sort give it.

    error_ratio   simulated over observed, less one;  low_ratio, high_ratio   interval of it;  facts   others there are
    """

    row: Row
    sort: str
    facts: int
    error_ratio: float
    low_ratio: float
    high_ratio: float

    @property
    def inside(self) -> bool:
        """Whether the interval holds the target."""
        return self.low_ratio <= self.error_ratio <= self.high_ratio


@dataclass(frozen=True, slots=True)
class Coverage:
    """Leave-one-out: each target held against an interval from the others."""

    held: tuple[Held, ...]

    def inside_share(self, sort: str = "") -> float:
        """Share of the targets (of one sort) that their intervals hold; about 0.9 if they are honest; nan for none."""
        chosen = [one.inside for one in self.held if sort in ("", one.sort)]
        return sum(chosen) / len(chosen) if chosen else math.nan

    def table(self) -> pd.DataFrame:
        """One row a target: file, what, sort, facts, error_ratio, low_ratio, high_ratio, inside."""
        columns = ["file", "what", "sort", "facts", "error_ratio", "low_ratio", "high_ratio", "inside"]
        rows = [
            (
                one.row.file,
                one.row.what,
                one.sort,
                one.facts,
                one.error_ratio,
                one.low_ratio,
                one.high_ratio,
                one.inside,
            )
            for one in self.held
        ]
        return pd.DataFrame(rows, columns=columns)


def fact_of(row: Row) -> Fact | None:
    """What a target is evidence of; None for what is none.

    None is a count of the model, which is arithmetic; an input, which set a parameter; and a figure that is only
    reported, because much of what it is simulated with is assumed. Kernels that run alone are a sort of their own:
    their tables are what the parameters were read from, so that they come closer than a step ever does, and their
    error is never added to a step's.
    """
    if row.role != "target":
        return None
    if row.metric.startswith("all_to_all."):
        return Fact(KERNELS, row.file, row.metric)
    if row.metric.startswith("inside."):
        return Fact(INSIDE, row.scenario, row.metric)
    name = row.metric.removeprefix(PREFIX)
    if name in PER_STEP:
        return Fact(WHOLE, row.scenario, "step")
    return Fact(PART, row.scenario, row.metric) if row.metric.startswith(PREFIX) else None


def residuals(rows: Sequence[Row], without: Fact | None = None) -> dict[str, Residual]:
    """The simulator's error of each sort, from all targets but those of one fact."""
    squares: dict[Fact, list[float]] = {}
    for row in rows:
        fact = fact_of(row)
        if fact is not None and fact != without:
            squares.setdefault(fact, []).append(math.log1p(row.error_ratio) ** 2)
    found = {}
    for sort in SORTS:
        means = [sum(each) / len(each) for fact, each in squares.items() if fact.sort == sort]
        found[sort] = Residual(math.sqrt(sum(means) / len(means)) if means else 0.0, len(means))
    return found


def coverage(rows: Sequence[Row]) -> Coverage:
    """Hold each target against the others; one with no other fact of its sort cannot be, and is left out."""
    held = []
    for row in rows:
        fact = fact_of(row)
        if fact is None:
            continue
        others = residuals(rows, without=fact)[fact.sort]
        if others.facts:
            wide = others.high_ratio
            held.append(Held(row, fact.sort, others.facts, row.error_ratio, 1 / wide - 1, wide - 1))
    return Coverage(tuple(held))


def with_residual(propagation: Propagation, found: Mapping[str, Residual]) -> Propagation:
    """The samples with the simulator's own error on top, drawn beside the inputs, each sample several times if few.

    Figures that are the step in other words share one draw, each part of a step has one of its own; memory has no
    target of its kind and stays as it is. Targets were met or missed with nominal inputs, so that their errors hold
    some of what the inputs' intervals say already: the sum is wider than it need be rather than narrower.
    """
    metrics = propagation.metrics
    parts = [name for name in metrics if name.startswith("step_") and name not in PER_STEP]
    again = max(1, ERRORS // len(propagation.values))
    shares = points(again * len(propagation.values), 1 + len(parts), propagation.seed + 1)
    whole = found[WHOLE].factor(shares[:, 0])
    values = np.tile(propagation.values, (again, 1))
    for at, name in enumerate(metrics):
        if name in PER_STEP:
            values[:, at] *= whole ** PER_STEP[name]
        elif name in parts:
            values[:, at] *= found[PART].factor(shares[:, 1 + parts.index(name)])
    wide = {sort: found[sort].high_ratio - 1 for sort in (WHOLE, PART) if found[sort].facts}
    told = ", ".join(f"{sort} {ratio:.0%} from {found[sort].facts} facts" for sort, ratio in wide.items())
    note = f"the simulator's own error is added, up to ({HIGH_SHARE - LOW_SHARE:.0%} of cases): {told}"
    drawn = np.tile(propagation.factors, (again, 1))
    return replace(propagation, factors=drawn, values=values, notes=(*propagation.notes, note))
